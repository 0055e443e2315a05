#!/usr/bin/env node
// Old versions of Node must be able to read this file, so that it can tell them: no syntax after ES2020, no static import.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`spacelift-preflight needs Node 22.15 or later; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  // Warnings of libraries are not the user's.
  process.removeAllListeners('warning');
  import('../src/cli/index.ts').then(({ main }) => main(process));
}
