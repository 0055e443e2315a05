/** Keeps the bundle from reading exports of Node's own modules that it does not use and that make Node load more modules. */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import type { Plugin } from 'rolldown';
import { BUILT_IN } from './lean.ts';

/**
 * Importing or requiring one of Node's modules reads all of its exports, and makes Node load what each of these needs.
 * `process.getBuiltinModule` reads none.
 */
const COSTLY: Readonly<Record<string, readonly string[]>> = {
  crypto: ['webcrypto', 'subtle'],
  fs: ['promises', 'ReadStream', 'WriteStream', 'FileReadStream', 'FileWriteStream', 'Utf8Stream'],
  http: ['WebSocket', 'CloseEvent', 'MessageEvent'],
  net: ['BlockList', 'SocketAddress'],
  process: ['stdin', 'report', 'finalization'],
  tls: ['rootCertificates'],
  util: [
    'debounce',
    'diff',
    'parseArgs',
    'setTraceSigInt',
    'throttle',
    'transferableAbortController',
    'transferableAbortSignal',
  ],
};

/** Modules may have a variable of their own with the name `process`. */
const GET = 'globalThis.process.getBuiltinModule';
/** In CommonJS: `require('util')`. */
const REQUIRE = new RegExp(
  `\\brequire\\((['"])((?:node:)?(?:${[...builtinModules, ...Object.keys(BUILT_IN)].join('|')}))\\1\\)`,
  'g',
);

export const frugal: Plugin = {
  name: 'frugal',
  resolveId(id, importer, { kind }) {
    const name = id.replace(/^node:/, '');
    if (kind !== 'import-statement' || !Object.hasOwn(COSTLY, name) || usesCostly(importer, name)) return null;
    return `\0frugal:${name}`;
  },
  transform(code) {
    const text = code.replace(REQUIRE, (_, __, name) => `${GET}('${BUILT_IN[name] ?? name}')`);
    return text === code ? null : { code: text };
  },
  load(id) {
    const [, name] = id.split('\0frugal:');
    if (name === undefined) return null;
    const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((one) => !COSTLY[name]?.includes(one));
    return {
      code: `const all = ${GET}('${name}');
        export default all;
        export const { ${names.join(', ')} } = all;`,
      moduleType: 'js',
    };
  },
};

/** Whether a module imports one of the costly exports by name. */
function usesCostly(importer: string | undefined, name: string): boolean {
  if (importer === undefined || !existsSync(importer)) return false;
  const imports = readFileSync(importer, 'utf8').matchAll(
    /(?:im|ex)port\s*\{([^}]*)\}\s*from\s*['"](?:node:)?(\w+)['"]/g,
  );
  return [...imports].some(
    ([, names = '', from]) => from === name && names.split(',').some((one) => COSTLY[name]?.includes(imported(one))),
  );
}

/** `promises as fs` → `promises` */
const imported = (specifier: string): string => specifier.trim().split(/\s+/)[0] ?? '';
