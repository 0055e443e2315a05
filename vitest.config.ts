import { availableParallelism } from 'node:os';
import { defineConfig } from './test/vitest.ts';

/** What needs nothing but its own process: no program that it starts, and no server but a few lines of its own. */
const UNIT = [
  'test/app/rules-page.test.ts',
  'test/bench/table.test.ts',
  'test/build/release.test.ts',
  'test/checks/*.properties.test.ts',
  'test/checks/license/*.test.ts',
  'test/cluster/*.test.ts',
  'test/config/**/!(logins-in-reports).test.ts',
  'test/docs/!(api|excerpt).test.ts',
  'test/engine/!(timeouts).test.ts',
  'test/engine/run/*.test.ts',
  'test/house/floors.test.ts',
  'test/language/*.test.ts',
  'test/net/*.test.ts',
  'test/plan/plan.test.ts',
  'test/report/!(pasted).test.ts',
  'test/support/search.test.ts',
];
/**
 * In a process of their own: some change whom it trusts, and share a server as long as their modules live; the soak counts
 * everything that is open in it, and what other tests left would be gone before the end. Microsoft's library keeps the tokens of
 * managed identities as long as its module lives, so those of another test's server would be sent. Whoever counts fake timers
 * counts those that other tests' code sets late.
 */
const APART = [
  'test/services/{gcs,azure}.test.ts',
  'test/services/{gcs,azure}/*.test.ts',
  'test/soak/*.test.ts',
  'test/engine/timeouts.test.ts',
  'test/faults/azure.test.ts',
  'test/checks/object-storage/azure-faults.test.ts',
];

export default defineConfig({
  test: {
    // What hangs has to end some time. No test is about how long it takes: the machine may be busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The totals of the tables of faults, after everything else.
    reporters: ['default', ['./test/faults/table.ts', { totalsOnly: true }], './test/failed.ts'],
    expect: { poll: { timeout: 60_000 } },
    // A larger young generation: servers, clients and reports make much that is soon thrown away.
    execArgv: ['--max-semi-space-size=64'],
    // Much of a test is waiting for servers and deadlines: two workers more than there are processors keep them busy.
    maxWorkers: availableParallelism() + 2,
    projects: [
      // Modules are loaded once per worker: a test file puts back what it changes of the process.
      { extends: true, test: { name: 'unit', include: UNIT, isolate: false } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...UNIT, ...APART],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: APART } },
    ],
  },
});
