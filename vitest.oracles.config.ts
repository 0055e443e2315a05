import { defineConfig } from './test/vitest.ts';

/**
 * What Spacelift's own libraries make of an input, against what this tool says of it (`npm run test:oracles`): apart from
 * `npm test`, which needs nothing but npm.
 */
export default defineConfig({
  test: {
    include: ['test/oracles/**/*.oracle.ts'],
    globalSetup: 'test/oracles/install.ts',
    testTimeout: 900_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
