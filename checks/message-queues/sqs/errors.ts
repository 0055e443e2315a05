/** Interprets an SQS error for a queue: the rule that it belongs to, and whether it is a failure at all. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { explainedByAccount } from '../../../src/clouds/aws/caller.ts';
import { generalOutcome } from '../../../src/clouds/aws/messages.ts';
import { isMissing } from '../../../src/clouds/aws/sqs/client.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { ProxyError } from '../../../src/net/proxy-tunnel.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { ACTIONS, type QueueAction } from '../requirements.ts';
import { deniedOn, foreign, keyIssue, missing, networkFix, refusedOn } from './messages.ts';
import type { QueueUnderTest } from './queue.ts';

/** SQS checks the permission before it checks the receipt handle. */
export const isInventedHandle = (error: unknown): boolean =>
  error instanceof AwsError && error.code === 'ReceiptHandleIsInvalid';

export const isDenied = (error: unknown): error is AwsError => error instanceof AwsError && error.kind === 'denied';

/** An issue, and the rule that reports it. */
export interface QueueIssue {
  readonly outcome: Issue | Skip;
  readonly rule: 'exists' | 'access';
}

/**
 * @param operations the operations on the queue that all failed with this error
 * @throws any error that comes from neither AWS nor the network
 */
export async function queueIssue(
  underTest: QueueUnderTest,
  error: unknown,
  operations: readonly QueueAction[],
): Promise<QueueIssue> {
  const { run, sqs } = underTest;
  if (error instanceof CheckStopped) return { outcome: error.outcome, rule: 'exists' };
  const general = await generalOutcome(run, error, sqs.target);
  if (general !== undefined) {
    const atSqs = error instanceof NetworkError && !(error instanceof ProxyError) && general.status === 'fail';
    const fix = atSqs ? networkFix(error, sqs.target, run.require('AWS_REGION')) : undefined;
    const told = fix === undefined ? general : { ...general, fix };
    return { outcome: told.status === 'warn' ? unverified(told) : told, rule: 'exists' };
  }
  if (!(error instanceof AwsError)) throw error;
  if (isMissing(error)) return { outcome: (await ofAnotherAccount(underTest)) ?? missing(underTest), rule: 'exists' };
  if (!isDenied(error)) return { outcome: keyIssue(underTest, error) ?? refusedOn(underTest, error), rule: 'access' };
  const explained = await ofAnotherAccount(underTest);
  if (explained !== undefined) return { outcome: explained, rule: 'exists' };
  if (underTest.isForeign) return { outcome: foreign(underTest, error), rule: 'exists' };
  const only = underTest.requiredBy(operations[0] ?? 'look');
  if (only === 'must' || only === undefined) return { outcome: deniedOn(underTest, error, operations), rule: 'access' };
  return {
    outcome: skip(
      `the credentials are not allowed to ${operations.map((operation) => VERBS[operation]).join(' or ')} ${underTest.address.name}; only the ${only} needs to`,
      {
        detail: `${permissions(operations)} denied.`,
        fix: advice`run with the ${only}’s credentials and --service ${only}`,
        evidence: { queue: underTest.address.name, denied: operations.map((operation) => ACTIONS[operation]) },
      },
    ),
    rule: 'access',
  };
}

const VERBS: Readonly<Record<QueueAction, string>> = {
  send: 'send to',
  receive: 'receive from',
  delete: 'delete from',
  postpone: 'change the visibility of messages in',
  look: 'read the attributes of',
};

function permissions(operations: readonly QueueAction[]): string {
  const actions = operations.map((operation) => ACTIONS[operation]);
  return `${actions.join(', ')} ${actions.length === 1 ? 'is' : 'are'}`;
}

/** If the credentials belong to an account other than the configured one, that failure explains every other. */
const ofAnotherAccount = ({ run }: QueueUnderTest): Promise<Issue | undefined> => explainedByAccount(run);

/** An overloaded service says nothing about one queue. */
const unverified = ({ title, fix }: Issue): Skip => skip(title, fix === undefined ? {} : { fix });
