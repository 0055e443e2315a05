/** Reads an archive of an OCI layout, and fails if anything in it is not what its digest says. */
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';

export interface Layer {
  readonly diffId: string;
  /** A tar archive. */
  readonly content: Buffer;
  /** In bytes, as it is pulled. */
  readonly compressed: number;
}

export interface PlatformImage {
  readonly platform: { readonly architecture: string; readonly os: string };
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}

interface ImageConfig {
  readonly config: { readonly Labels: Readonly<Record<string, string>>; readonly [key: string]: unknown };
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly [key: string]: unknown;
}

const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** The files of a tar archive by their paths. */
export function filesIn(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; archive[at] !== 0 && at < archive.length; ) {
    const field = (from: number, to: number) => archive.toString('latin1', at + from, at + to).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 136), 8);
    if (field(156, 157) === '0') files.set(field(0, 100), archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** @throws if a blob is missing, or is not what its digest says */
export function unpackArchive(archive: Buffer): { digest: string; platforms: PlatformImage[] } {
  const files = filesIn(archive);
  const blob = ({ digest, size }: { digest: string; size: number }): Buffer => {
    const content = files.get(`blobs/${digest.replace(':', '/')}`);
    if (content === undefined || content.length !== size || digestOf(content) !== digest)
      throw new Error(`not ${digest}`);
    return content;
  };
  const json = (content: Buffer | undefined) => JSON.parse(content?.toString() ?? '');
  const [index] = json(files.get('index.json')).manifests;
  const platforms = json(blob(index)).manifests.map(
    (descriptor: Parameters<typeof blob>[0] & Pick<PlatformImage, 'platform'>) => {
      const manifest = json(blob(descriptor));
      const layers = manifest.layers.map((layer: Parameters<typeof blob>[0]): Layer => {
        const content = zstdDecompressSync(blob(layer));
        return { diffId: digestOf(content), content, compressed: layer.size };
      });
      return { platform: descriptor.platform, config: json(blob(manifest.config)), layers };
    },
  );
  return { digest: index.digest, platforms };
}

export const layersOf = ({ rootfs }: ImageConfig): readonly string[] => rootfs.diff_ids;
