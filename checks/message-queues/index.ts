/** The message queues: SQS, or Spacelift's own in PostgreSQL. */
import { type Context, defineCheck, type Rule, type Run, skip } from '../../src/check.ts';
import { DOCS } from '../../src/config/contract.ts';

const RULES = {
  sqs: {
    title: 'the SQS queues are as Spacelift needs them',
    checks: 'Nothing yet: this version does not look at SQS.',
    matters: 'Without its queues, Spacelift accepts work that is never done.',
    mend: 'Compare the eight queues with the documentation: FIFO or standard, visibility timeout, redrive policy, permissions.',
    docs: DOCS.queues,
  },
  postgres: {
    title: 'the database serves as a message queue',
    checks:
      'In one transaction that is rolled back: creates a table, enqueues two messages, dequeues the first with FOR UPDATE SKIP LOCKED, deletes it, and dequeues the second. Not done with --read-only.',
    matters: 'With MESSAGE_QUEUE_TYPE=postgres all asynchronous work of Spacelift goes through such a table.',
    permission: 'CREATE on the schema public',
    mend: 'See the step that failed and its SQLSTATE, and the server’s log for the reason.',
    docs: DOCS.queues,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type QueueContext = Context<keyof typeof RULES>;

/** What judges one type of queue: a file of its own. */
interface Provider {
  readonly rules: readonly (keyof typeof RULES)[];
  readonly run: (context: QueueContext) => Promise<void>;
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  postgres: { rules: ['postgres'], run: async (context) => (await import('./postgres.ts')).judgePostgres(context) },
};

/** SQS, as long as it has no file here. */
const UNCHECKED: Provider = {
  rules: ['sqs'],
  run: async ({ judge }) => {
    await judge('sqs', () =>
      skip('this version does not check SQS', { fix: `compare the queues with ${DOCS.queues}` }),
    );
  },
};

/** The type in force; `undefined` when it is itself found wrong, or not known here. */
function typeOf({ deployment }: Pick<Run, 'deployment'>): string | undefined {
  const found = deployment.lookup('MESSAGE_QUEUE_TYPE');
  return found.state === 'set' || found.state === 'default' ? found.value : undefined;
}

const providerOf = (type: string) => PROVIDERS[type] ?? UNCHECKED;

export const messageQueues = defineCheck({
  id: 'message-queues',
  title: 'Message queues',
  rules: RULES,

  expects: (run) => {
    const type = typeOf(run);
    return type === undefined || run.deployment.service === 'worker' ? [] : providerOf(type).rules;
  },

  run: (context) => providerOf(context.need('MESSAGE_QUEUE_TYPE')).run(context),
});
