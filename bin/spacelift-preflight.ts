#!/usr/bin/env node
// Old versions of Node must be able to run the built file in order to print the message: no syntax after ES2020.
import { showFirstLine } from '../src/cli/first-line.ts';
import { VERSION } from '../src/util/version.ts';

// For a process that ends before most of what V8 prepares for a long life pays.
const FLAGS = [
  // Keeps the young generation small; fully grown, it alone uses 60 of the 200 MB that a run may use.
  '--semi-space-growth-factor=1',
  // Marks only once the heap is full: a usual run ends before that, and would mark all of it on the side shortly before its end.
  '--no-incremental-marking',
  // Optimizes only what a large config repeats ten thousands of times, not what a usual run does: a tenth of the processor time.
  '--invocation-count-for-maglev=20000',
  '--invocation-count-for-maglev-osr=2000',
  '--invocation-count-for-turbofan=60000',
  '--invocation-count-for-osr=5000',
];

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
