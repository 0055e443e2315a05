/** Spacelift's own message queue, in its database. */
import type { PlannedOperation, Run } from '../../../src/engine/check.ts';
import type { Provider } from '../provider.ts';

export const postgres: Provider = {
  expects: () => ['postgres'],
  plan: async (run) => plan(run),
  run: async (context) => (await import('./run.ts')).run(context),
  programs: [],
};

function plan({ options }: Run): PlannedOperation[] {
  if (options.readOnly) return [];
  return [
    {
      rules: ['postgres'],
      does: 'creates a table as a queue, enqueues two messages, dequeues them with FOR UPDATE SKIP LOCKED, and deletes one',
      at: ['the database'],
      writes: 'a table in schema public, in one transaction that is rolled back',
    },
  ];
}
