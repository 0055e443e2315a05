/** Keeps libraries from loading all of Node's fetch (5 MB, and as much processor time as an empty program): no request uses it. */
import type { Plugin } from 'rolldown';

/** As soon as a program names one of these, Node loads fetch. Nothing sends them. */
const SENT = /\b(?:typeof FormData !== "undefined" && )?[\w.]+ instanceof (?:FormData|ReadableStream)\b/g;
const ASKS = /[\\/](?:gaxios[\\/]build[\\/]cjs|ts-http-runtime[\\/]dist[\\/]esm)[\\/].*\.js$/;
/** Google's headers. Those of node-fetch, which Google's client also knows, are like fetch's. */
const HEADERS = /[\\/](?:gaxios[\\/]build[\\/]cjs|google-auth-library[\\/]build)[\\/].*\.js$/;
const IMPORT = "const { default: Headers } = require('node-fetch/src/headers.js');\n";

/** @throws Error at the end of a build that loads these libraries, if they no longer have what is replaced */
export function fetchless(): Plugin {
  const found = new Map<RegExp, boolean>();
  const note = (what: RegExp, isThere: boolean) => {
    found.set(what, isThere || found.get(what) === true);
  };
  return {
    name: 'fetchless',
    transform(code, id) {
      let text = code;
      if (ASKS.test(id)) {
        text = text.replace(SENT, 'false');
        note(ASKS, text !== code);
      }
      if (HEADERS.test(id)) {
        const names = /\b(?:new|instanceof) Headers\b/.test(text);
        note(HEADERS, names);
        if (names) text = text.replace(/^"use strict";\n/m, `$&${IMPORT}`);
        if (names && !text.includes(IMPORT)) throw new Error(`${id}: not a CommonJS module`);
      }
      return text === code ? null : { code: text };
    },
    buildEnd() {
      for (const [what, isThere] of found) if (!isThere) throw new Error(`nothing to replace in ${what}`);
    },
  };
}
