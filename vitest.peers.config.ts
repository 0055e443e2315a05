import { defineConfig } from './test/vitest.ts';

/** The servers that others wrote (`npm run test:peers`): apart from `npm test`, which needs nothing but npm. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.peer.ts'],
    globalSetup: 'test/peers/install.ts',
    reporters: ['default', './test/failed.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
