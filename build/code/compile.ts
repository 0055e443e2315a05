/** A process of its own, for its flags (`write.ts`): `node … compile.ts <folder of the bundle> '{"<chunk>":[<offset>,…],…}'` */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { constants, Script } from 'node:vm';
import { FLAGS } from '../../src/cli/flags.ts';
import { codeFolder, wrapped } from './loader.ts';

/** Loaded before the flags are set: V8 accepts code only under the flags that it was made with. */
const BEFORE_FLAGS = /^(cli|(common|rolldown-runtime)-[\w-]+)\.cjs$/;

const [bundle = '', json = '{}'] = process.argv.slice(2);
const chunks = Object.entries<number[]>(JSON.parse(json));
const session = new Session();
session.connect();
const folder = join(bundle, codeFolder());
mkdirSync(folder, { recursive: true });
for (const size of ['initial-heap', 'min-semi-space', 'max-semi-space']) setFlagsFromString(`--${size}-size=0`);
for (const [name, places] of chunks) if (BEFORE_FLAGS.test(name)) write(name, places);
for (const flag of FLAGS) setFlagsFromString(flag);
for (const [name, places] of chunks) if (!BEFORE_FLAGS.test(name)) write(name, places);

/** @param places offsets in the wrapped chunk, one in each function to compile */
function write(name: string, places: readonly number[]): void {
  const text = wrapped(readFileSync(join(bundle, 'chunks', name), 'utf8'));
  const script = new Script(text, {
    // The path, which the code would contain, is told when it is loaded.
    filename: `/${name}`,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // Makes the function of the chunk, and does not call it.
  script.runInThisContext();
  compileAt(
    `/${name}`,
    text,
    places.toSorted((a, b) => a - b),
  );
  writeFileSync(join(folder, name), script.createCachedData());
}

/**
 * Compiles functions that nothing has called: V8 must, in order to tell where a breakpoint can be in one.
 * @throws Error if V8 does not know the script
 */
function compileAt(filename: string, text: string, offsets: readonly number[]): void {
  let scriptId: string | undefined;
  session.removeAllListeners('Debugger.scriptParsed');
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url.endsWith(filename)) scriptId = params.scriptId;
  });
  session.post('Debugger.enable');
  if (scriptId === undefined) throw new Error(`V8 does not know ${filename}`);
  const lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  for (const offset of offsets) {
    const lineNumber = lines.findLastIndex((start) => start <= offset);
    const start = { scriptId, lineNumber, columnNumber: offset - (lines[lineNumber] ?? 0) };
    const end = { ...start, columnNumber: start.columnNumber + 1 };
    session.post('Debugger.getPossibleBreakpoints', { start, end, restrictToFunction: true }, (error) => {
      if (error !== null) throw new Error(`${filename}: ${error.message}`);
    });
  }
  session.post('Debugger.disable');
}
