/** Who the AWS credentials are. Gates nothing: a service that refuses them is folded into what is found here. */

import { type Asked, callerIdentity, strangerIssue } from '../../src/clouds/aws/caller.ts';
import { roleOf } from '../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../src/clouds/aws/errors.ts';
import { AWS_CREDENTIALS, type SigningCredentials } from '../../src/clouds/signing.ts';
import { DOCS, USES_AWS } from '../../src/config/contract.ts';
import { defineCheck, type Run } from '../../src/engine/check.ts';
import { changesNetworkContext } from '../../src/net/ca-store.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, type Skip, skip } from '../../src/outcome/outcome.ts';
import { knownEncryption } from '../encryption/index.ts';
import { knownQueue } from '../message-queues/index.ts';
import { knownBroker } from '../mqtt-broker/index.ts';
import { knownStore } from '../object-storage/index.ts';

export const identity = defineCheck({
  id: 'identity',
  title: 'Identity',
  rules: {
    credentials: {
      title: 'the AWS credentials are valid',
      procedure:
        'Finds credentials as the AWS SDKs do (config, environment, profile, role of the pod, the task or the instance) and asks STS who they are (GetCallerIdentity). None found, unknown, expired and a clock that is wrong are told apart. When STS can’t be reached it is a skip: nothing in Spacelift needs it.',
      rationale: 'Every request to S3, KMS, SQS and IoT Core is signed with them.',
      permission: 'none: sts:GetCallerIdentity needs no permission',
      fix: 'Give Spacelift a role (pod identity, task role, instance profile), or keys that exist and last; keep the clock synchronised.',
      example: {
        found: 'the AWS credentials have expired',
        fix: 'get new ones (aws sso login), or give Spacelift a role, whose credentials are renewed',
      },
      docs: DOCS.general,
    },
    account: {
      title: 'the credentials are of the configured account',
      procedure: 'Compares the account and the partition that STS names with AWS_ACCOUNT_ID and AWS_PARTITION.',
      rationale:
        'Spacelift builds queue URLs and ARNs from the two; with another account, it looks for its resources elsewhere.',
      permission: 'none: sts:GetCallerIdentity needs no permission',
      fix: 'Use credentials of the account that the installation is in, or correct AWS_ACCOUNT_ID and AWS_PARTITION.',
      example: {
        found: 'the credentials belong to account 210987654321, and AWS_ACCOUNT_ID is 123456789012',
        fix: 'use credentials of 123456789012, or set AWS_ACCOUNT_ID=210987654321 if that is where the installation is',
      },
      docs: DOCS.general,
    },
    'tested-as': {
      title: 'whose identity the clouds are tested with',
      procedure:
        'Looks whose credentials AWS, Google Cloud and Azure are asked with: the config’s own, or, where it has none of its own here (a role, a file in Spacelift’s container), those of this process. Those travel by this process’s proxy, trust its certificate authorities, and go to no host that only the config names.',
      rationale: 'What another identity may do says little of what Spacelift may do.',
      fix: 'Run it in Spacelift’s container or pod, or pass the credentials file with --credentials-file.',
      example: {
        found: 'tested as role/ci of account 123456789012, not as the deployment',
        fix: 'run it in Spacelift’s container or pod',
      },
      docs: DOCS.general,
    },
  },

  expects: (run) => [
    ...(asksAws(run) ? ['credentials', 'account'] : []),
    ...(standsIn(run).length > 0 ? ['tested-as'] : []),
  ],

  plan: (run) => [
    ...(asksAws(run)
      ? [
          {
            rules: ['credentials', 'account', ...(standsIn(run).length > 0 ? ['tested-as'] : [])],
            does: 'asks STS who the credentials are (GetCallerIdentity, which needs no permission)',
            at: [`STS in ${run.get('AWS_REGION') ?? 'AWS_REGION'}`],
          },
        ]
      : [{ rules: ['tested-as'], does: 'looks whose credentials are used', at: [] }]),
  ],

  async run(context) {
    const asAws = async () => {
      await context.gate('credentials', () => credentials(context));
      await context.check('account', () => account(context));
    };
    const results = await Promise.allSettled([
      asksAws(context) ? asAws() : undefined,
      standsIn(context).length > 0 ? context.check('tested-as', () => testedAs(context)) : undefined,
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  },
});

const asksAws = (run: Run): boolean =>
  run.deployment.service !== 'worker' &&
  USES_AWS.some(({ variable, is }) => is.includes(run.deployment.chosen(variable) ?? ''));

/** What this tool tries credentials with; the license and telemetry are Spacelift's own to use. */
function tried(run: Run): SigningCredentials[] {
  // A scheduler uses no bucket and no broker.
  const further = run.deployment.service === 'scheduler' ? [] : [knownBroker(run), knownStore(run)];
  return [knownEncryption(run), knownQueue(run), ...further].flatMap((provider) => provider?.signingCredentials ?? []);
}

/** The clouds that are asked with the credentials of this process, for a config that is not its own. */
function standsIn(run: Run): string[] {
  const { service, party } = run.deployment;
  if (service === 'worker' || party === 'process') return [];
  const clouds = tried(run).flatMap(({ cloud, standIn }) => (cloud !== undefined && standIn(run) ? [cloud] : []));
  return [...new Set(clouds)];
}

/** Whether these credentials are of the role that the config names. */
const isDeployments = ({ deployment }: Run, arn: string): boolean =>
  roleOf(arn) === deployment.setting('AWS_ROLE_ARN')?.value;

async function testedAs(run: Run): Promise<Outcome> {
  const clouds = standsIn(run);
  const asked = clouds.includes('AWS') ? await callerIdentity(run) : undefined;
  if (asked !== undefined && 'error' in asked && asked.error instanceof CredentialError) {
    throw new CheckStopped(unknown(run, asked));
  }
  const caller = asked !== undefined && 'caller' in asked ? asked.caller : undefined;
  const who =
    caller === undefined
      ? `this process at ${clouds.join(' and ')}`
      : `${nameIn(caller.arn)} of account ${caller.account}`;
  return pass(
    caller !== undefined && isDeployments(run, caller.arn)
      ? `tested as ${who}, the deployment’s role`
      : `tested as ${who}, not as the deployment`,
    {
      detail: `The config has no credentials of its own that could be used here, so those of this process are (its environment, profile or role, or what --credentials-file names).${
        changesNetworkContext(run.deployment)
          ? ' Requests with them use this process’s own proxy and certificate authorities, not those of the config; further authorities: --ca-file.'
          : ''
      }`,
      evidence: { clouds },
    },
  );
}

async function credentials(run: Run): Promise<Outcome> {
  const asked = await callerIdentity(run);
  if (!('caller' in asked)) return unknown(run, asked);
  const { account: of, arn } = asked.caller;
  const whose = standsIn(run).includes('AWS') && !isDeployments(run, arn) ? ', not the deployment’s' : '';
  return pass(`${nameIn(arn)} of account ${of}${whose}`, { evidence: { account: of, arn } });
}

async function account(run: Run): Promise<Outcome> {
  const asked = await callerIdentity(run);
  if (!('caller' in asked)) throw new CheckStopped(unknown(run, asked));
  const { caller } = asked;
  return (
    strangerIssue(run, caller) ??
    pass(`account ${caller.account}, partition ${caller.partition}`, {
      evidence: { account: caller.account, partition: caller.partition },
    })
  );
}

/** Only what STS or the SDK says of the credentials is a failure; STS itself may be out of reach. */
function unknown(
  run: Run,
  { error, target }: Exclude<Asked, { caller: unknown }>,
): ReturnType<typeof credentialIssue> | Skip {
  if (error instanceof CredentialError) {
    const { kind, facts } = error;
    // Without a code nobody has refused them: there are none here, where none are used.
    if (facts.code !== undefined || tried(run).includes(AWS_CREDENTIALS)) return credentialIssue(kind, facts);
    return skip(
      `AWS is used by Spacelift alone, and ${kind === 'expired' ? 'the credentials here have expired' : 'no credentials are found here'}`,
      {
        detail: 'Only the license or telemetry is on AWS, and neither is tried.',
        fix: advice`run it with the role that Spacelift has`,
      },
    );
  }
  const at = target === undefined ? 'STS' : `STS at ${target.host}:${target.port}`;
  const observed = error instanceof NetworkError ? error.kind : error instanceof Error ? error.message : 'unknown';
  return skip(`${at} ${error instanceof NetworkError ? 'can’t be reached' : 'does not tell who the credentials are'}`, {
    detail: 'Nothing in Spacelift needs STS: what the credentials are worth shows at the services.',
    fix: advice`to have it verified, give the network a way to STS: a VPC endpoint for com.amazonaws.REGION.sts`,
    evidence: { observed },
  });
}

/** `role/spacelift-server`, also of a session. */
function nameIn(arn: string): string {
  const name = arn.split(':').slice(5).join(':');
  return name.replace(/^assumed-role\/([^/]+)\/.*$/, 'role/$1');
}
