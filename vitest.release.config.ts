import { defineConfig } from './test/vitest.ts';

/** What takes too long for every change (`npm run release:check`): the printed commands, parsed by the largest clients. */
export default defineConfig({
  test: {
    include: ['test/release/**/*.release.ts'],
    globalSetup: 'test/release/install.ts',
    testTimeout: 900_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
