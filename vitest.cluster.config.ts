import { defineConfig } from './test/vitest.ts';

/** The image, and runs in a cluster (`npm run test:cluster`): needs Linux, root, Go and Debian's packages. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.cluster.ts'],
    globalSetup: 'test/cluster/setup.ts',
    reporters: ['default', './test/failed.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 1,
    fileParallelism: false,
  },
});
