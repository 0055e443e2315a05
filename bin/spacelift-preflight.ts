#!/usr/bin/env node
// Old versions of Node must be able to run the built file in order to print the message: no syntax after ES2020.
import { showFirstLine } from '../src/cli/first-line.ts';
import { FLAGS } from '../src/cli/flags.ts';
import { VERSION } from '../src/util/version.ts';

/** Not before all is loaded: V8 accepts its cached code of Node's own modules only under the flags it was started with. */
const prepareForShortLife = () =>
  import('node:v8').then(({ setFlagsFromString }) => {
    for (const flag of FLAGS) setFlagsFromString(flag);
  });

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [argument, ...others] = process.argv.slice(2);

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`spacelift-preflight requires Node.js 22.15 or later; this is ${process.version}\n`);
  process.exitCode = 2;
} else if ((argument === '--version' || argument === '-V') && others.length === 0) {
  // Loads nothing else. A write error to a closed pipe is not an error here.
  process.stdout.on('error', () => {});
  process.stdout.write(`${VERSION}\n`);
} else {
  // Library warnings do not concern the user.
  process.removeAllListeners('warning');
  const firstLine = showFirstLine(process);
  import('../src/cli/index.ts').then(({ main }) => main(process, firstLine, prepareForShortLife));
}
