/**
 * Loads the bundle's chunks, as a part of the executable. What has V8's code beside it, made by the same version of Node for the
 * same platform, need not be compiled (`write.ts`). V8 does not accept code that does not fit, and compiles.
 */

type Require = (id: string) => unknown;
type Chunk = (exports: unknown, require: Require, module: { exports: unknown }) => void;

/** As a function, since a CommonJS module is the body of one. */
export const wrapped = (chunk: string): string => `(function(exports,require,module){${chunk}\n})`;

/** The folder of the code that this Node can use, in the folder of the bundle. */
export const codeFolder = (): string => `code/${process.version}-${process.platform}-${process.arch}`;

/**
 * @param bundle the folder of the bundle, with a slash at the end
 * @returns what loads a chunk by its file's name, with those that it needs
 */
function makeLoader(bundle: string): Require {
  const { constants, Script } = process.getBuiltinModule('vm');
  const { existsSync, readdirSync, readFileSync } = process.getBuiltinModule('fs');
  const code = `${bundle}${codeFolder()}`;
  const withCode = new Set(existsSync(code) ? readdirSync(code) : []);
  const loaded = new Map<string, { readonly exports: unknown }>();

  const load = (name: string): unknown => {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const filename = `${bundle}chunks/${name}`;
    const script = new Script(wrapped(readFileSync(filename, 'utf8')), {
      filename,
      ...(withCode.has(name) && { cachedData: readFileSync(`${code}/${name}`) }),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const run: Chunk = script.runInThisContext();
    run(module.exports, require, module);
    return module.exports;
  };
  const require: Require = (id) => (id.startsWith('./') ? load(id.slice(2)) : process.getBuiltinModule(id));
  return load;
}

/** The command line of the bundle that this is a part of. */
export const main: typeof import('../../src/cli/index.ts').main = (...given) => {
  const { fileURLToPath } = process.getBuiltinModule('url');
  const load = makeLoader(fileURLToPath(new URL('../', import.meta.url)));
  const cli = load('cli.cjs') as typeof import('../../src/cli/index.ts');
  return cli.main(...given);
};
