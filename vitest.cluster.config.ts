import { defineConfig } from 'vitest/config';

/** The image, and a real cluster that runs it (`npm run test:cluster`): needs Linux, root, Go and Debian's packages. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.cluster.ts'],
    globalSetup: 'test/cluster/setup.ts',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // One cluster at a time: it has the machine's bridge and settings.
    maxWorkers: 1,
    fileParallelism: false,
  },
});
