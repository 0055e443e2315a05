/** The identity of the credentials. Requested once, and never required: private networks may not reach STS. */
import type { Run } from '../../engine/check.ts';
import { oncePerRun } from '../../engine/once-per-run.ts';
import type { Target } from '../../net/messages.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, setting } from '../../outcome/fix.ts';
import { CheckStopped, fail, type Issue } from '../../outcome/outcome.ts';
import { AwsError, ask, isErrorResponse } from './call.ts';
import { awsSettings } from './client.ts';
import { targetOf } from './messages.ts';

/** If STS can't be reached, packets are often dropped, and nothing must be delayed for long. */
const DEADLINE_MS = 5_000;

export interface Caller {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
}

/** The caller, or the error of STS or of the connection to it. */
export type Asked = { readonly caller: Caller } | { readonly error: unknown; readonly target: Target | undefined };

/** Rejects only when the run ends, or with CheckStopped if the region or the keys are not known here. */
export const callerIdentity = oncePerRun(async (run): Promise<Asked> => {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const settings = awsSettings(run, 'STS', isErrorResponse);
  const client = new STSClient(settings.config);
  try {
    const { Account: account, Arn: arn } = await ask(
      run,
      client,
      (how) => client.send(new GetCallerIdentityCommand({}), how),
      { ms: DEADLINE_MS },
    );
    const partition = arn?.split(':')[1];
    if (account === undefined || arn === undefined || partition === undefined) throw new AwsError('not-aws');
    return { caller: { account, arn, partition } };
  } catch (error) {
    if (run.signal.aborted || error instanceof CheckStopped) throw error;
    return { error, target: targetOf('STS', settings, client) };
  }
});

/** The failure if the credentials belong to an account or partition other than the configured one. */
export function accountIssue(run: Run, { account, arn, partition }: Caller): Issue | undefined {
  const configured = run.require('AWS_ACCOUNT_ID');
  const evidence = { account, arn, AWS_ACCOUNT_ID: configured };
  if (account !== configured) {
    return fail(`the credentials belong to account ${account}, but AWS_ACCOUNT_ID is ${configured}`, {
      expected: 'credentials in the account of the installation',
      fix: advice`use credentials in account ${configured}, or set AWS_ACCOUNT_ID=${account} if the installation is in that account`,
      evidence,
      cause: cause.awsAccount(),
    });
  }
  const expected = run.require('AWS_PARTITION');
  if (partition === expected) return undefined;
  const byDefault = run.deployment.lookup('AWS_PARTITION').state === 'default' ? ' by default' : '';
  return fail(`the credentials belong to partition ${partition}, but AWS_PARTITION is ${expected}${byDefault}`, {
    expected: 'the partition of the account',
    fix: setting('AWS_PARTITION', partition),
    evidence: { ...evidence, partition, AWS_PARTITION: expected },
    cause: cause.awsPartition(),
  });
}

/**
 * For a missing resource or a denial: the failure that the credentials belong to another account, which explains it.
 * `undefined` if they do not, or if it is unknown.
 */
export async function explainedByAccount(run: Run): Promise<Issue | undefined> {
  const asked = await callerIdentity(run).catch((error: unknown) => {
    // If STS must not be contacted, that does not explain another service's error.
    if (error instanceof CheckStopped) return undefined;
    throw error;
  });
  if (asked === undefined || !('caller' in asked) || run.deployment.lookup('AWS_ACCOUNT_ID').state !== 'set')
    return undefined;
  const issue = accountIssue(run, asked.caller);
  return cause.awsAccount().is(issue?.cause) ? issue : undefined;
}
