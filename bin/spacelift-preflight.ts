#!/usr/bin/env node
// Old versions of Node must be able to read this file as it is built, so that it can tell them: no syntax after ES2020.
import { VERSION } from '../src/util/version.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [argument, ...others] = process.argv.slice(2);

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`spacelift-preflight needs Node 22.15 or later; this is ${process.version}\n`);
  process.exitCode = 2;
} else if ((argument === '--version' || argument === '-V') && others.length === 0) {
  // Nothing needs to be loaded for it. What can't be written is told by who writes it.
  process.stdout.on('error', () => {});
  process.stdout.write(`${VERSION}\n`);
} else {
  // Warnings of libraries are not the user's.
  process.removeAllListeners('warning');
  Promise.all([import('node:v8'), import('../src/cli/index.ts')]).then(([{ setFlagsFromString }, { main }]) => {
    // The young generation stays small: grown, it alone takes 60 MB of the 200 that a run may have.
    setFlagsFromString('--semi-space-growth-factor=1');
    return main(process);
  });
}
