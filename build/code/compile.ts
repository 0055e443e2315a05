/** A process of its own, for its flags: `node --random-seed=1 compile.ts <folder of the bundle> <chunk>...` */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { compileFunction, constants } from 'node:vm';
import { FLAGS } from '../../src/cli/flags.ts';
import { codeFolder, PARAMETERS } from './loader.ts';

/** Loaded before the flags are set: V8 accepts code only under the flags that it was made with. */
const BEFORE_FLAGS = /^(cli|(common|rolldown-runtime)-[\w-]+)\.cjs$/;

const [bundle = '', ...names] = process.argv.slice(2);
const folder = join(bundle, codeFolder());
mkdirSync(folder, { recursive: true });
for (const name of names) if (BEFORE_FLAGS.test(name)) write(name);
for (const flag of FLAGS) setFlagsFromString(flag);
for (const name of names) if (!BEFORE_FLAGS.test(name)) write(name);

/** @throws Error if V8 makes no code */
function write(name: string): void {
  const source = readFileSync(join(bundle, 'chunks', name), 'utf8');
  // The path, which the code would contain, is told when it is loaded.
  const options = { filename: name, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER };
  // All functions, not only those that are called at once.
  setFlagsFromString('--no-lazy');
  compileFunction(source, PARAMETERS, options);
  setFlagsFromString('--lazy');
  // Finds what was just compiled, and makes its code under the flags of a run.
  const { cachedData } = compileFunction(source, PARAMETERS, { ...options, produceCachedData: true });
  if (cachedData === undefined) throw new Error(`V8 makes no code of ${name}`);
  writeFileSync(join(folder, name), cachedData);
}
