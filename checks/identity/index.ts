/** The identity behind the AWS credentials. Blocks nothing: a service that rejects them is folded into the finding here. */

import { type Asked, accountIssue, callerIdentity } from '../../src/clouds/aws/caller.ts';
import { roleOf } from '../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../src/clouds/aws/errors.ts';
import { AWS_CREDENTIALS, type SigningCredentials } from '../../src/clouds/signing.ts';
import { DOCS, USES_AWS } from '../../src/config/contract.ts';
import { GATEWAY } from '../../src/config/options.ts';
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
        'Finds credentials like the AWS SDK for Go does, which Spacelift uses (config, environment, profile, or the role of the pod, task or instance), and calls STS GetCallerIdentity. Distinguishes between missing, unknown and expired credentials, a wrong clock, and a token file, program, login or server that provides none. Skipped if STS can’t be reached, because Spacelift does not need STS.',
      rationale: 'Spacelift signs every request to S3, KMS, SQS and IoT Core with these credentials.',
      permission: 'none: sts:GetCallerIdentity requires no permission',
      fix: 'Give Spacelift a role (pod identity, task role, instance profile) or valid long-lived keys, and keep the clock synchronized.',
      example: {
        found: 'the AWS credentials have expired',
        fix: 'get new credentials (aws sso login), or give Spacelift a role, whose credentials are renewed automatically',
      },
      docs: DOCS.general,
    },
    account: {
      title: 'the credentials belong to the configured account',
      procedure: 'Compares the account and partition that STS returns with AWS_ACCOUNT_ID and AWS_PARTITION.',
      rationale:
        'Spacelift builds queue URLs and ARNs from these variables. If they name a different account, it looks for its resources there.',
      permission: 'none: sts:GetCallerIdentity requires no permission',
      fix: 'Use credentials of the installation’s account, or correct AWS_ACCOUNT_ID and AWS_PARTITION.',
      example: {
        found: 'the credentials belong to account 210987654321, but AWS_ACCOUNT_ID is 123456789012',
        fix: 'use credentials of account 123456789012, or set AWS_ACCOUNT_ID=210987654321 if that is the installation’s account',
      },
      docs: DOCS.general,
    },
    'tested-as': {
      title: 'cloud services are tested with the deployment’s credentials',
      procedure:
        'States which credentials are used for AWS, Google Cloud and Azure: those in the config or, if the config has none that work here (a role, a file in Spacelift’s container), those of this process. The credentials of this process use its own proxy and certificate authorities (CAs), and are never sent to a host that only the config names.',
      rationale: 'The permissions of a different identity say little about the permissions that Spacelift has.',
      fix: 'Run this tool in Spacelift’s container or pod, or pass the credentials file with --credentials-file.',
      example: {
        found: 'tested as role/ci in account 123456789012, not as the deployment',
        fix: 'run this tool in Spacelift’s container or pod',
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
            does: 'asks STS for the identity of the credentials (GetCallerIdentity, which requires no permission)',
            at: [`STS in ${run.get('AWS_REGION') ?? 'AWS_REGION'}`],
          },
        ]
      : [{ rules: ['tested-as'], does: 'determines which credentials are used', at: [] }]),
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

/** The backends that this tool tests with credentials. Only Spacelift itself uses the license and telemetry. */
function tried(run: Run): SigningCredentials[] {
  const { service } = run.deployment;
  if (service === GATEWAY) return [];
  // The scheduler uses no bucket and no broker.
  const further = service === 'scheduler' ? [] : [knownBroker(run), knownStore(run)];
  return [knownEncryption(run), knownQueue(run), ...further].flatMap((provider) => provider?.signingCredentials ?? []);
}

/** The clouds that are tested with this process's credentials on behalf of a config. */
function standsIn(run: Run): string[] {
  const { service, party } = run.deployment;
  if (service === 'worker' || party === 'process') return [];
  const clouds = tried(run).flatMap(({ cloud, standIn }) => (cloud !== undefined && standIn(run) ? [cloud] : []));
  return [...new Set(clouds)];
}

/** Whether these credentials belong to the role that the config names. */
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
      ? `this process on ${clouds.join(' and ')}`
      : `${nameIn(caller.arn)} in account ${caller.account}`;
  return pass(
    caller !== undefined && isDeployments(run, caller.arn)
      ? `tested as ${who}, the deployment’s role`
      : `tested as ${who}, not as the deployment`,
    {
      detail: `The config has no credentials that can be used here, so this process’s credentials are used (its environment, profile or role, or --credentials-file).${
        changesNetworkContext(run.deployment)
          ? ' Requests with them use this process’s proxy and certificate authorities (CAs), not those in the config; add CAs with --ca-file.'
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
  return pass(`${nameIn(arn)} in account ${of}${whose}`, { evidence: { account: of, arn } });
}

async function account(run: Run): Promise<Outcome> {
  const asked = await callerIdentity(run);
  if (!('caller' in asked)) throw new CheckStopped(unknown(run, asked));
  const { caller } = asked;
  return (
    accountIssue(run, caller) ??
    pass(`account ${caller.account}, partition ${caller.partition}`, {
      evidence: { account: caller.account, partition: caller.partition },
    })
  );
}

/** Only an error about the credentials is a failure; STS itself may be unreachable. */
function unknown(
  run: Run,
  { error, target }: Exclude<Asked, { caller: unknown }>,
): ReturnType<typeof credentialIssue> | Skip {
  if (error instanceof CredentialError) {
    const { kind, facts } = error;
    // Without an error code, no service has rejected them: there are none here, and none are needed.
    if (facts.code !== undefined || tried(run).includes(AWS_CREDENTIALS)) return credentialIssue(kind, facts);
    return skip(
      `only Spacelift itself uses AWS, and ${kind === 'expired' ? 'the credentials here have expired' : 'no credentials were found here'}`,
      {
        detail: 'Only the license or telemetry uses AWS, and neither is tested.',
        fix: advice`run this tool with Spacelift’s role`,
      },
    );
  }
  const at = target === undefined ? 'STS' : `STS at ${target.host}:${target.port}`;
  const observed = error instanceof NetworkError ? error.kind : error instanceof Error ? error.message : 'unknown';
  return skip(
    `${at} ${error instanceof NetworkError ? 'can’t be reached' : 'did not return the identity of the credentials'}`,
    {
      detail: 'Spacelift does not need STS; the other checks show whether the credentials work.',
      fix: advice`to verify the identity, make STS reachable from this network: a VPC endpoint for com.amazonaws.REGION.sts`,
      evidence: { observed },
    },
  );
}

/** `role/spacelift-server`, for a session of the role too. */
function nameIn(arn: string): string {
  const name = arn.split(':').slice(5).join(':');
  return name.replace(/^assumed-role\/([^/]+)\/.*$/, 'role/$1');
}
