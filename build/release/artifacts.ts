/** The files of a release: each function adds some. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { EXECUTABLE, ROOT } from '../bundle.ts';
import { withBundle } from '../executable.ts';
import { ARCHITECTURES } from '../image/contents.ts';
import { sha256 } from '../image/oci.ts';
import { bundledPackages, type Component, sbom } from '../image/sbom.ts';
import { run } from '../run.ts';
import { chartPackage } from './chart.ts';
import { archiveFor } from './executables.ts';
import { formula } from './formula.ts';
import { published, repositoryOf } from './manifest.ts';
import type { Listed } from './readme.ts';
import { start } from './start.ts';
import { folderOf, TARGETS } from './targets.ts';

const { name: NAME, version: VERSION, license: LICENSE, homepage: HOMEPAGE } = manifest;
const BASE = `${NAME}-${VERSION}`;

export class Release {
  readonly #folder: string;
  readonly listed: Listed[] = [];
  /** SHA-256 by file, in hexadecimal digits. */
  readonly sums = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param tried how, see `Listed` */
  async add(file: string, content: Buffer | string, what: string, tried: string): Promise<void> {
    this.listed.push({ file, bytes: Buffer.byteLength(content), what, tried });
    await this.write(file, content);
  }

  /** A file that is not in the list. */
  async write(file: string, content: Buffer | string): Promise<void> {
    this.sums.set(file, sha256(content));
    await writeFile(join(this.#folder, file), content);
  }
}

const STARTED = 'started';
const NOT_STARTED = 'not started when it was built';
const NOTHING_TO_START = '–';

/** Packs a copy of the package: what concerns the repository alone is not in its `package.json`. */
export async function addPackage(release: Release, work: string): Promise<void> {
  await run(process.execPath, ['build/package.ts'], ROOT);
  const folder = join(work, 'published');
  await mkdir(folder);
  for (const path of [...manifest.files, 'README.md', 'LICENSE']) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published(manifest), undefined, 2)}\n`);
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], folder);
  const file = `${BASE}.tgz`;
  await run('tar', ['-xzf', file], work);
  await start(process.execPath, [join(work, `package/dist/${EXECUTABLE}.js`)], VERSION);
  await release.add(file, await readFile(join(work, file)), 'the npm package', STARTED);
}

/** And the list of what is in them. @param created ISO 8601 */
export async function addExecutables(release: Release, created: string): Promise<void> {
  const components = await withBundle(async (bundled): Promise<Component[]> => {
    const nodes: Component[] = [];
    for (const target of TARGETS) {
      const { file, content, started, node } = await archiveFor(target, bundled, { name: NAME, version: VERSION });
      const what = `the executable for ${target.title}, with its licenses; ${target.signature}`;
      await release.add(file, content, what, started ? STARTED : NOT_STARTED);
      nodes.push(node);
    }
    return [...nodes, ...bundledPackages(bundled.chunks)];
  });
  const purl = `pkg:npm/${NAME}@${VERSION}`;
  const own = { type: 'application', name: NAME, version: VERSION, purl, 'bom-ref': purl } as const;
  const what = 'what is in the package and, with Node.js, in the executables (SBOM, CycloneDX)';
  await release.add(`${BASE}.cdx.json`, sbom(own, components, created), what, NOTHING_TO_START);
}

export async function addImage(release: Release, work: string): Promise<void> {
  await run(process.execPath, ['build/image.ts', '--out', work], ROOT);
  const from = (file: string) => readFile(join(work, file));
  const archive = await from(`${NAME}.oci.tar`);
  await release.add(`${BASE}.oci.tar`, archive, 'the container image, as an archive of an OCI layout', NOT_STARTED);
  await release.add(`${BASE}.oci.digest`, await from('digest'), 'the digest of the container image', NOTHING_TO_START);
  for (const architecture of Object.keys(ARCHITECTURES)) {
    const list = await from(`sbom-${architecture}.cdx.json`);
    const what = `what is in the image for ${architecture} (SBOM, CycloneDX)`;
    await release.add(`${BASE}-image-${architecture}.cdx.json`, list, what, NOTHING_TO_START);
  }
}

/** Its name is not Helm's, which is that of the npm package. */
export async function addChart(release: Release): Promise<void> {
  await release.add(`${NAME}-chart-${VERSION}.tgz`, await chartPackage(NAME), 'the Helm chart', NOTHING_TO_START);
}

/** After the executables. */
export async function addFormula(release: Release): Promise<void> {
  const downloads = `${repositoryOf(manifest)}/releases/download/v${VERSION}`;
  const archives = TARGETS.map(({ platform }) => {
    const file = `${folderOf(NAME, VERSION, platform)}.tar.gz`;
    return [platform, { url: `${downloads}/${file}`, sha256: release.sums.get(file) ?? '' }];
  });
  const content = formula({
    name: NAME,
    version: VERSION,
    license: LICENSE,
    homepage: HOMEPAGE,
    archives: Object.fromEntries(archives),
  });
  await release.add(`${NAME}.rb`, content, 'the formula for a Homebrew tap', NOTHING_TO_START);
}
