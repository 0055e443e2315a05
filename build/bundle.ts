/** How the sources and what they depend on become files that need nothing besides. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Without what its name ends in: `.ts` here, `.js` as bundled. */
export const EXECUTABLE = 'bin/spacelift-preflight';
/** What the executable loads when it has seen a version of Node that will do; as imported by it, and as built. */
const MAIN = { source: '../src/cli/index.ts', built: '../chunks/cli.js' };
/** Keeps the executable to what old versions of Node can read. */
const apart: Plugin = {
  name: 'apart',
  resolveId: (id) => (id === MAIN.source ? { id: MAIN.built, external: 'relative' } : null),
};

/** What no supported version of Node comes to load. */
const NEVER: Readonly<Record<string, string>> = {
  'apache-arrow': 'lists of blobs in a format that is not asked for',
  'web-streams-polyfill': 'for a Node without web streams',
};
/** Tables that nothing is looked up in: content types by the name of a file. */
const EMPTY: readonly string[] = ['mime-db'];
/** Copies of what Node has. */
const BUILT_IN: Readonly<Record<string, string>> = { 'readable-stream': 'node:stream' };

const lean: Plugin = {
  name: 'lean',
  resolveId(id) {
    const builtIn = BUILT_IN[id];
    if (builtIn !== undefined) return { id: builtIn, external: true };
    if (EMPTY.includes(id)) return '\0empty';
    const never = Object.keys(NEVER).find((name) => id === name || id.startsWith(`${name}/`));
    return never === undefined ? null : { id: `\0never:${never}` };
  },
  load(id) {
    if (id === '\0empty') return { code: 'module.exports = {};', moduleType: 'js' };
    const [, never] = id.split('\0never:');
    if (never === undefined) return null;
    return { code: `throw new Error('${never} is left out: ${NEVER[never]}');`, moduleType: 'js' };
  },
};

/** What Node would load of its own as soon as a module that offers it is imported, and nothing here uses. */
const COSTLY: Readonly<Record<string, readonly string[]>> = {
  http: ['WebSocket', 'CloseEvent', 'MessageEvent'],
  tls: ['rootCertificates'],
};

const frugal: Plugin = {
  name: 'frugal',
  resolveId(id, _, { kind }) {
    const name = id.replace(/^node:/, '');
    return kind === 'import-statement' && Object.hasOwn(COSTLY, name) ? `\0frugal:${name}` : null;
  },
  load(id) {
    const [, name] = id.split('\0frugal:');
    if (name === undefined) return null;
    const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((one) => !COSTLY[name]?.includes(one));
    return {
      code: `const all = process.getBuiltinModule('${name}');
        export default all;
        export const { ${names.join(', ')} } = all;`,
      moduleType: 'js',
    };
  },
};

/** One copy of each version of a package: the first of those that the lock names. */
function once(): Plugin {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const first = new Map<string, string>();
  const copies = new Map<string, string>();
  for (const [place, { version }] of Object.entries(packages)) {
    const known = `${place.replace(/^.*node_modules\//, '')}@${version}`;
    const one = first.get(known) ?? place;
    first.set(known, one);
    if (one !== place) copies.set(place, one);
  }
  return {
    name: 'once',
    async resolveId(id, importer, options) {
      const found = await this.resolve(id, importer, { ...options, skipSelf: true });
      const place = packageOf(found?.id ?? '')
        ?.replace(/^.*?(?=node_modules[\\/])/, '')
        .replaceAll('\\', '/');
      const copied = copies.get(place ?? '');
      if (found === null || place === undefined || copied === undefined) return null;
      return { ...found, id: found.id.replaceAll('\\', '/').replace(place, copied) };
    },
  };
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/**
 * Bundles the executable into a folder, and what else is asked for: its source by its name.
 * @returns what the bundle is made of
 * @throws when something that it needs can't be bundled
 */
export async function bundle(folder: string, more: Readonly<Record<string, string>> = {}): Promise<OutputChunk[]> {
  const chunks = await write(folder, { 'chunks/cli': 'src/cli/index.ts', ...more });
  return [...chunks, ...(await write(folder, { [EXECUTABLE]: `${EXECUTABLE}.ts` }, apart))];
}

async function write(dir: string, input: Record<string, string>, ...more: Plugin[]): Promise<OutputChunk[]> {
  const build = await rolldown({
    cwd: ROOT,
    input,
    plugins: [...more, lean, frugal, once()],
    platform: 'node',
    // A package's ES modules, of which what is not used can be left out.
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'node22.15' },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const { output } = await build.write({
    dir,
    format: 'esm',
    minify: true,
    // SDKs tell errors and commands apart by the names of their classes.
    keepNames: true,
    entryFileNames: '[name].js',
    chunkFileNames: ({ facadeModuleId }) => `chunks/${nameOf(facadeModuleId) ?? '[name]'}-[hash].js`,
  });
  await build.close();
  return output.filter((part) => part.type === 'chunk');
}

/** A package's chunk has its name: `aws-sdk-client-s3`. */
function nameOf(module: string | null): string | undefined {
  return packageOf(module ?? '')
    ?.replace(/^.*[\\/]node_modules[\\/]/, '')
    .replace(/^@/, '')
    .replace(/[\\/]/, '-');
}

/** `…/node_modules/@scope/name/lib/x.js` → `…/node_modules/@scope/name` */
export function packageOf(module: string): string | undefined {
  return /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(module)?.[1];
}
