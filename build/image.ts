/**
 * Builds the container image for amd64 and arm64, with no container engine: `dist-image/spacelift-preflight.oci.tar`.
 * The same commit, Debian packages, Node and platform give the same bytes.
 */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { ROOT } from './bundle.ts';
import { type Bundled, withBundle } from './executable.ts';
import { CONFIG, EXECUTABLE_PATH, labels } from './image/config.ts';
import { ARCHITECTURES, type Architecture, debianFor, needed, own } from './image/contents.ts';
import { archive, type Layer, sha256 } from './image/oci.ts';
import { bundledPackages, type Component, files, nodeComponent, sbom } from './image/sbom.ts';
import type { Entry } from './image/tar.ts';
import { notices } from './licenses.ts';
import { NODE, nodeFor } from './node.ts';
import { checkNode, endWith, optionsOf, source, UsageError } from './options.ts';

const OUT = join(ROOT, 'dist-image');
const { name: NAME, version: VERSION, description: DESCRIPTION, license: LICENSE } = manifest;

const USAGE = `Usage: npm run build:image -- [options]

  --architecture <name>   ${Object.keys(ARCHITECTURES).join(' or ')}; all if not given
  --fresh                 download Debian's packages again, for repaired ones
  --out <folder>          where to write the archive, its digest and its SBOMs; dist-image if not given
  --root <folder>         write the files of the image into a folder, for one architecture
  --help                  show this help`;

interface Options {
  readonly architectures: readonly Architecture[];
  readonly fresh: boolean;
  readonly out: string;
  readonly root: string | undefined;
}

function imageOptions(args: string[]): Options | 'help' {
  const values = optionsOf(args, {
    architecture: { type: 'string', multiple: true },
    fresh: { type: 'boolean' },
    out: { type: 'string' },
    root: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (values.help) return 'help';
  const all = Object.keys(ARCHITECTURES) as Architecture[];
  const unknown = values.architecture?.find((name) => !Object.hasOwn(ARCHITECTURES, name));
  if (unknown !== undefined) throw new UsageError(`--architecture ${unknown}: expected ${all.join(' or ')}`);
  const architectures = all.filter((name) => values.architecture?.includes(name) ?? true);
  if (values.root !== undefined && architectures.length > 1) {
    throw new UsageError(`--root needs one architecture: add --architecture ${all[0]}`);
  }
  return { architectures, fresh: values.fresh ?? false, out: values.out ?? OUT, root: values.root };
}

interface Built {
  readonly layers: readonly Layer[];
  readonly list: string;
}

async function build(architecture: Architecture, bundled: Bundled, fresh: boolean, created: string): Promise<Built> {
  const platform = ARCHITECTURES[architecture].platform;
  const [node, debian] = await Promise.all([nodeFor(platform), debianFor(architecture, fresh)]);
  const executable = await bundled.executable(platform, node.path);
  const packages = await needed(executable, architecture, debian);
  const documents = `usr/share/doc/${NAME}`;
  const project: Entry[] = [
    { path: EXECUTABLE_PATH, content: executable, executable: true },
    { path: `${documents}/LICENSE`, content: await readFile(join(ROOT, 'LICENSE')) },
    { path: `${documents}/NODE-LICENSE`, content: await readFile(node.license) },
    { path: `${documents}/THIRD-PARTY-LICENSES.txt`, content: Buffer.from(await notices(bundled.chunks)) },
  ];
  const components: Component[] = [
    {
      type: 'application',
      name: NAME,
      version: VERSION,
      licenses: [{ expression: LICENSE }],
      components: files([...project, ...own()]),
    },
    nodeComponent(node.purl, NODE, await readFile(node.path)),
    ...bundledPackages(bundled.chunks),
    ...packages.map(({ name, version, architecture: of, entries }): Component => {
      const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${of}`;
      return { type: 'library', name, version, purl, 'bom-ref': purl, components: files(entries) };
    }),
  ];
  const list = sbom({ type: 'container', name: NAME, version: VERSION }, components, created);
  return {
    layers: [
      { comment: 'libraries of Debian', entries: [...own(), ...packages.flatMap(({ entries }) => entries)] },
      { comment: NAME, entries: [...project, { path: `usr/share/sbom/${NAME}.cdx.json`, content: Buffer.from(list) }] },
    ],
    list,
  };
}

async function writeRoot(root: string, layers: readonly Layer[]): Promise<void> {
  for (const { path, content, link, executable } of layers.flatMap(({ entries }) => entries)) {
    const place = join(root, path);
    await mkdir(dirname(place), { recursive: true });
    if (link !== undefined) await symlink(link, place);
    else if (content !== undefined) await writeFile(place, content, { mode: executable ? 0o755 : 0o644 });
  }
}

async function main(): Promise<void> {
  const options = imageOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  checkNode();
  const { created, revision } = await source();
  const built = await withBundle(async (bundled) => {
    const all: (Built & { architecture: Architecture })[] = [];
    for (const architecture of options.architectures) {
      all.push({ architecture, ...(await build(architecture, bundled, options.fresh, created)) });
    }
    return all;
  });
  const [first] = built;
  if (options.root !== undefined && first !== undefined) return writeRoot(options.root, first.layers);
  const { content, digest, sizes } = archive(built, {
    name: `localhost/${NAME}:${VERSION}`,
    created,
    labels: labels(DESCRIPTION, LICENSE, VERSION, revision),
    config: CONFIG,
  });
  const { out } = options;
  await mkdir(out, { recursive: true });
  const file = `${NAME}.oci.tar`;
  await writeFile(join(out, file), content);
  await writeFile(join(out, `${file}.sha256`), `${sha256(content)}  ${file}\n`);
  await writeFile(join(out, 'digest'), `${digest}\n`);
  for (const { architecture, list } of built) await writeFile(join(out, `sbom-${architecture}.cdx.json`), list);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  for (const { architecture, unpacked, compressed } of sizes) {
    console.log(`${architecture}: ${megabytes(unpacked)}, ${megabytes(compressed)} compressed`);
  }
  console.log(digest);
}

await endWith(main);
