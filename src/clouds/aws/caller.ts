/** Who the credentials are. Asked once, and never in the way: private networks may have no STS. */
import type { Run } from '../../engine/check.ts';
import { oncePerRun } from '../../engine/once-per-run.ts';
import type { Target } from '../../net/messages.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, setting } from '../../outcome/fix.ts';
import { CheckStopped, fail, type Issue } from '../../outcome/outcome.ts';
import { AwsError, ask, isRefusal } from './call.ts';
import { awsSettings } from './client.ts';
import { targetOf } from './messages.ts';

/** Where STS can't be reached packets often vanish, and nothing may be held up for long. */
const DEADLINE_MS = 5_000;

export interface Caller {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
}

/** The caller, or the error that STS or the way to it ended in. */
export type Asked = { readonly caller: Caller } | { readonly error: unknown; readonly target: Target | undefined };

/** Rejects only when the run ends, or with the CheckStopped of a region or of keys that are not known here. */
export const callerIdentity = oncePerRun(async (run): Promise<Asked> => {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const settings = awsSettings(run, 'STS', isRefusal);
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

/** The failure that the credentials are of another account or partition than the config says, if they are. */
export function strangerIssue(run: Run, { account, arn, partition }: Caller): Issue | undefined {
  const configured = run.require('AWS_ACCOUNT_ID');
  const evidence = { account, arn, AWS_ACCOUNT_ID: configured };
  if (account !== configured) {
    return fail(`the credentials belong to account ${account}, and AWS_ACCOUNT_ID is ${configured}`, {
      expected: 'credentials of the account that the installation is in',
      fix: advice`use credentials of ${configured}, or set AWS_ACCOUNT_ID=${account} if that is where the installation is`,
      evidence,
      cause: cause.awsAccount(),
    });
  }
  const expected = run.require('AWS_PARTITION');
  if (partition === expected) return undefined;
  const byDefault = run.deployment.lookup('AWS_PARTITION').state === 'default' ? ' by default' : '';
  return fail(`the credentials belong to partition ${partition}, and AWS_PARTITION is ${expected}${byDefault}`, {
    expected: 'the partition that the account is in',
    fix: setting('AWS_PARTITION', partition),
    evidence: { ...evidence, partition, AWS_PARTITION: expected },
    cause: cause.awsPartition(),
  });
}

/**
 * For what a service does not find or denies: the failure that the credentials are of another account, which explains it.
 * `undefined` when they are not, or nobody can tell.
 */
export async function explainedByAccount(run: Run): Promise<Issue | undefined> {
  const asked = await callerIdentity(run).catch((error: unknown) => {
    // That STS may not be asked says nothing of what a service has refused.
    if (error instanceof CheckStopped) return undefined;
    throw error;
  });
  if (asked === undefined || !('caller' in asked) || run.deployment.lookup('AWS_ACCOUNT_ID').state !== 'set')
    return undefined;
  const issue = strangerIssue(run, asked.caller);
  return cause.awsAccount().is(issue?.cause) ? issue : undefined;
}
