/** Who the AWS credentials are. Gates nothing: a service that refuses them is folded into what is found here. */
import { type Context, defineCheck, type Outcome, pass, type Run, type Skip, Stop, skip } from '../../src/check.ts';
import { DOCS, USES_AWS, type VariableName, type When } from '../../src/config/contract.ts';
import { Problem } from '../../src/problem.ts';
import { type Asked, askCaller, strangerTrouble } from '../aws/caller.ts';
import { CredentialProblem, credentialTrouble } from '../aws/errors.ts';

/** What this tool tries with the credentials; the licence and telemetry are Spacelift's own to use. */
const TRIED: readonly string[] = ['OBJECT_STORAGE_TYPE', 'ENCRYPTION_TYPE', 'MESSAGE_QUEUE_TYPE', 'MQTT_BROKER_TYPE'];
/** Uses no bucket and no broker. */
const TRIED_BY_SCHEDULER: readonly string[] = ['ENCRYPTION_TYPE', 'MESSAGE_QUEUE_TYPE'];

export const identity = defineCheck({
  id: 'identity',
  title: 'AWS identity',
  rules: {
    credentials: {
      title: 'the AWS credentials are valid',
      checks:
        'Finds credentials as the AWS SDKs do (config, environment, profile, role of the pod, the task or the instance) and asks STS who they are (GetCallerIdentity). None found, unknown, expired and a clock that is wrong are told apart. When STS can’t be reached it is a skip: nothing in Spacelift needs it.',
      matters: 'Every request to S3, KMS, SQS and IoT Core is signed with them.',
      permission: 'none: sts:GetCallerIdentity needs no permission',
      mend: 'Give Spacelift a role (pod identity, task role, instance profile), or keys that exist and last; keep the clock synchronised.',
      example: {
        found: 'the AWS credentials have expired',
        fix: 'get new ones (aws sso login), or give Spacelift a role, whose credentials are renewed',
      },
      docs: DOCS.general,
    },
    account: {
      title: 'the credentials are of the configured account',
      checks: 'Compares the account and the partition that STS names with AWS_ACCOUNT_ID and AWS_PARTITION.',
      matters:
        'Spacelift builds queue URLs and ARNs from the two; with another account, it looks for its resources elsewhere.',
      permission: 'none: sts:GetCallerIdentity needs no permission',
      mend: 'Use credentials of the account that the installation is in, or correct AWS_ACCOUNT_ID and AWS_PARTITION.',
      example: {
        found: 'the credentials belong to account 210987654321, and AWS_ACCOUNT_ID is 123456789012',
        fix: 'use credentials of 123456789012, or set AWS_ACCOUNT_ID=210987654321 if that is where the installation is',
      },
      docs: DOCS.general,
    },
  },

  expects: (run) => (run.deployment.service !== 'worker' && uses(run, USES_AWS) ? ['credentials', 'account'] : []),

  plan: ({ want }) => [
    {
      rules: ['credentials', 'account'],
      does: 'asks STS who the credentials are (GetCallerIdentity, which needs no permission)',
      at: [`STS in ${want('AWS_REGION') ?? 'AWS_REGION'}`],
    },
  ],

  async run(context) {
    await context.must('credentials', () => credentials(context));
    await context.judge('account', () => account(context));
  },
});

async function credentials(run: Context<'credentials' | 'account'>): Promise<Outcome> {
  const asked = await run.share(askCaller);
  if (!('caller' in asked)) return unknown(run, asked);
  const { account: of, arn } = asked.caller;
  return pass(`${nameIn(arn)} of account ${of}`, { evidence: { account: of, arn } });
}

async function account(run: Run): Promise<Outcome> {
  const asked = await run.share(askCaller);
  if (!('caller' in asked)) throw new Stop(unknown(run, asked));
  const { caller } = asked;
  return (
    strangerTrouble(run, caller) ??
    pass(`account ${caller.account}, partition ${caller.partition}`, {
      evidence: { account: caller.account, partition: caller.partition },
    })
  );
}

/** Only what STS or the SDK says of the credentials is a failure; STS itself may be out of reach. */
function unknown(
  run: Run,
  { error, target }: Exclude<Asked, { caller: unknown }>,
): ReturnType<typeof credentialTrouble> | Skip {
  if (error instanceof CredentialProblem) {
    const { kind, facts } = error;
    // Without a code nobody has refused them: there are none here, where none are used.
    if (facts.code !== undefined || uses(run, tried(run))) return credentialTrouble(kind, facts);
    return skip(
      `AWS is used by Spacelift alone, and ${kind === 'expired' ? 'the credentials here have expired' : 'no credentials are found here'}`,
      {
        detail: 'Only the licence or telemetry is on AWS, and neither is tried.',
        fix: 'run it with the role that Spacelift has',
      },
    );
  }
  const at = target === undefined ? 'STS' : `STS at ${target.host}:${target.port}`;
  const observed = error instanceof Problem ? error.kind : error instanceof Error ? error.message : 'unknown';
  return skip(`${at} ${error instanceof Problem ? 'can’t be reached' : 'does not tell who the credentials are'}`, {
    detail: 'Nothing in Spacelift needs STS: what the credentials are worth shows at the services.',
    fix: 'to have it verified, give the network a way to STS: a VPC endpoint for com.amazonaws.<region>.sts',
    evidence: { observed },
  });
}

const tried = ({ deployment: { service } }: Run): readonly When[] =>
  USES_AWS.filter(({ variable }) => (service === 'scheduler' ? TRIED_BY_SCHEDULER : TRIED).includes(variable));

/** Whether a choice that is in force, and known here, is one of these. */
function uses({ deployment }: Run, conditions: readonly When[]): boolean {
  return conditions.some(({ variable, is }) => {
    const found = deployment.lookup(variable as VariableName);
    return (found.state === 'set' || found.state === 'default') && is.includes(found.value);
  });
}

/** `role/spacelift-server`, also of a session. */
function nameIn(arn: string): string {
  const name = arn.split(':').slice(5).join(':');
  return name.replace(/^assumed-role\/([^/]+)\/.*$/, 'role/$1');
}
