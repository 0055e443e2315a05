/** What of the libraries is left out of the bundle. */
import type { Plugin } from 'rolldown';

/** Modules that a run never loads. */
const NEVER: Readonly<Record<string, string>> = {
  'web-streams-polyfill': 'for Node versions without web streams',
  'pg-native': 'optional, in native code',
  bufferutil: 'optional, in native code',
  'utf-8-validate': 'optional, in native code',
  'supports-color': 'optional, for the debug output of libraries',
};
/** What no operation of a run uses, and what stands in for it. */
const STAND_INS: Readonly<Record<string, string>> = {
  // Commander starts commands with it that are programs of their own.
  'commander/child_process': 'export default {};',
  // For MQTT through a SOCKS proxy, in browsers, and of MQTT 5.
  socks: 'module.exports = {};',
  'worker-timers': 'module.exports = {};',
  'lru-cache': 'module.exports = {};',
};
/** Copies of Node's built-in modules. */
export const BUILT_IN: Readonly<Record<string, string>> = { 'readable-stream': 'node:stream' };

/** Reads Node's Web Crypto API, which makes Node load it, for logins that this tool does by itself. */
const PG_CRYPTO = /[\\/]pg[\\/]lib[\\/]crypto[\\/]utils\.js$/;

/** Leaves out what no run needs. */
export const lean: Plugin = {
  name: 'lean',
  resolveId(id, importer) {
    if (id === 'node:child_process' && /[\\/]commander[\\/]/.test(importer ?? ''))
      return '\0stand-in:commander/child_process';
    const builtIn = BUILT_IN[id];
    if (builtIn !== undefined) return { id: builtIn, external: true };
    if (Object.hasOwn(STAND_INS, id)) return `\0stand-in:${id}`;
    const never = Object.keys(NEVER).find((name) => id === name || id.startsWith(`${name}/`));
    return never === undefined ? null : { id: `\0never:${never}` };
  },
  transform(code, id) {
    if (!PG_CRYPTO.test(id)) return null;
    return {
      code: code
        .replace(/^const (?:webCrypto|subtleCrypto) = .*$/gm, '')
        .replaceAll('webCrypto.', 'nodeCrypto.webcrypto.')
        .replaceAll('subtleCrypto.', 'nodeCrypto.webcrypto.subtle.'),
    };
  },
  load(id) {
    const [, replaced] = id.split('\0stand-in:');
    if (replaced !== undefined) return { code: STAND_INS[replaced] ?? '', moduleType: 'js' };
    const [, never] = id.split('\0never:');
    if (never === undefined) return null;
    return { code: `throw new Error('${never} is left out: ${NEVER[never]}');`, moduleType: 'js' };
  },
};
