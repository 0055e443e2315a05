import { defineConfig } from 'vitest/config';

/** They change whom the whole process trusts, and share a server as long as their modules live. */
const APART = ['test/services/{gcs,azure}.test.ts', 'test/services/{gcs,azure}/*.test.ts'];

export default defineConfig({
  test: {
    // What hangs has to end some time. No test is about how long it takes: the machine may be busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // A larger young generation: servers, clients and reports make much that is soon thrown away.
    execArgv: ['--max-semi-space-size=64'],
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        // Modules are loaded once per worker: a test file puts back what it changes of the process.
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: APART, isolate: false },
      },
      { extends: true, test: { name: 'apart', include: APART } },
    ],
  },
});
