#!/usr/bin/env node
// Old versions of Node must be able to run the built file in order to print the message: no syntax after ES2020.
import { VERSION } from '../src/util/version.ts';

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
  Promise.all([import('node:v8'), import('../src/cli/index.ts')]).then(([{ setFlagsFromString }, { main }]) => {
    // Keeps the young generation small; fully grown, it alone uses 60 of the 200 MB that a run may use.
    setFlagsFromString('--semi-space-growth-factor=1');
    return main(process);
  });
}
