/** Asks STS for the identity behind the AWS credentials. */
import { type Asked, accountIssue, callerIdentity } from '../../src/clouds/aws/caller.ts';
import { roleOf } from '../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../src/clouds/aws/errors.ts';
import { AWS_CREDENTIALS } from '../../src/clouds/signing.ts';
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, type Skip, skip } from '../../src/outcome/outcome.ts';
import { standsIn, tried } from './who.ts';

/** Who signs the requests; `undefined` if STS does not tell. @throws CheckStopped if there are no usable credentials */
export async function signer(
  run: Run,
): Promise<{ readonly name: string; readonly account: string; readonly isDeployments: boolean } | undefined> {
  const asked = await callerIdentity(run);
  if ('error' in asked && asked.error instanceof CredentialError) throw new CheckStopped(unknown(run, asked));
  if (!('caller' in asked)) return undefined;
  const { arn, account: of } = asked.caller;
  return { name: nameIn(arn), account: of, isDeployments: isDeployments(run, arn) };
}

/** Whether these credentials belong to the role that the config names. */
const isDeployments = ({ deployment }: Run, arn: string): boolean =>
  roleOf(arn) === deployment.setting('AWS_ROLE_ARN')?.value;

export async function credentials(run: Run): Promise<Outcome> {
  const asked = await callerIdentity(run);
  if (!('caller' in asked)) return unknown(run, asked);
  const { account: of, arn } = asked.caller;
  const whose = standsIn(run).includes('AWS') && !isDeployments(run, arn) ? ', not the deployment’s' : '';
  return pass(`${nameIn(arn)} in account ${of}${whose}`, { evidence: { account: of, arn } });
}

export async function account(run: Run): Promise<Outcome> {
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
