/** The texts for problems with an SQS queue, with the command that fixes each. */

import type { AwsError } from '../../../src/clouds/aws/call.ts';
import { denialIn, deniedMessages } from '../../../src/clouds/aws/denial.ts';
import { keyArn, keyArnIn, keyCause, keyState } from '../../../src/clouds/aws/kms-key.ts';
import { regionCause } from '../../../src/clouds/aws/messages.ts';
import { QUEUES } from '../../../src/config/contract.ts';
import type { Target } from '../../../src/net/messages.ts';
import { type NetworkError, providerFix } from '../../../src/net/network-error.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, type Shell, sh } from '../../../src/outcome/fix.ts';
import { fail, type Issue } from '../../../src/outcome/outcome.ts';
import { lookup } from '../../../src/util/lookup.ts';
import { ACTIONS, MAX_RECEIVE_COUNT, type QueueAction, type QueueRequirements } from '../requirements.ts';
import { queuesFinding } from '../rules.ts';
import type { QueueUnderTest } from './queue.ts';

/** The settings in Spacelift's message queue reference, as SQS attributes; a redrive policy only if its target is known. */
export function attributesFor(needs: QueueRequirements, deadLetterArn: string | undefined): Record<string, string> {
  return {
    ...(needs.fifo && { FifoQueue: 'true' }),
    VisibilityTimeout: String(needs.visibility),
    ...(needs.retention !== undefined && { MessageRetentionPeriod: String(needs.retention) }),
    ...(deadLetterArn !== undefined && { RedrivePolicy: redriveTo(deadLetterArn) }),
  };
}

export const redriveTo = (arn: string): string =>
  JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: String(MAX_RECEIVE_COUNT) });

export const setAttributes = ({ address, run }: QueueUnderTest, attributes: Record<string, string>): Fix =>
  command(
    sh`aws sqs set-queue-attributes --region ${run.require('AWS_REGION')} --queue-url ${address.url} --attributes ${JSON.stringify(attributes)}`,
  );

const createQueue = ({ run, address, needs, deadLetters }: QueueUnderTest): Shell => {
  const attributes = JSON.stringify(attributesFor(needs, deadLetters?.address.arn));
  return sh`aws sqs create-queue --region ${run.require('AWS_REGION')} --queue-name ${address.name} --attributes ${attributes}`;
};

const kindOf = (fifo: boolean): string => (fifo ? 'a FIFO queue' : 'a standard queue');

const endingOf = (fifo: boolean): string => (fifo ? 'whose name ends in .fifo' : 'whose name does not end in .fifo');

export function missing(underTest: QueueUnderTest): Issue {
  const { run, address, isForeign } = underTest;
  const { name, account, url, arn, variable } = address;
  return fail(`queue ${name} does not exist in ${run.require('AWS_REGION')}, account ${account}`, {
    ...(isForeign && {
      detail: `AWS_ACCOUNT_ID is ${run.require('AWS_ACCOUNT_ID')}, but the URL names another account.`,
    }),
    expected: `the queue that ${variable} names`,
    fix: mendMissing(underTest),
    evidence: { queue: name, url },
    cause: cause.queues('missing', arn),
  });
}

function mendMissing(underTest: QueueUnderTest): Fix {
  const { address, needs, isForeign } = underTest;
  const { variable, fifo } = address;
  if (isForeign) return advice`correct the account in ${variable}`;
  // A queue with a name of the wrong form would have the wrong type.
  if (fifo !== needs.fifo) return advice`set ${variable} to ${kindOf(needs.fifo)}, ${endingOf(needs.fifo)}`;
  return command(createQueue(underTest), { note: `correct ${variable}, or create the queue` });
}

export function otherRegion({ address }: QueueUnderTest, region: string): Issue {
  const { name, variable, url, region: found = '' } = address;
  return fail(`${name} is in ${found}, but AWS_REGION is ${region}`, {
    detail: `Spacelift uses SQS in ${region} for every queue, regardless of the host in its URL.`,
    expected: `a queue in ${region}`,
    fix: advice`set ${variable} to the queue in ${region}, or AWS_REGION and AWS_DEFAULT_REGION to ${found}`,
    evidence: { queue: name, url, region: found, AWS_REGION: region },
    cause: regionCause(region, found),
  });
}

export function foreign({ run, address }: QueueUnderTest, { code }: AwsError): Issue {
  const { name, account, variable, url } = address;
  const own = run.require('AWS_ACCOUNT_ID');
  return fail(`${name} belongs to account ${account}, not ${own} (AWS_ACCOUNT_ID), and denies access`, {
    expected: `a queue in account ${own}`,
    fix: advice`correct the account in ${variable}`,
    evidence: { queue: name, url, account, AWS_ACCOUNT_ID: own, ...(code !== undefined && { code }) },
    cause: cause
      .queues('account', account)
      .titled(`queues belong to account ${account}, not ${own} (AWS_ACCOUNT_ID), and deny access`),
  });
}

/** The failure that the queue has the wrong type; its variable may have been swapped with its twin's. */
export function wrongKind({ queue, address, needs, twin }: QueueUnderTest): Issue {
  const { name, variable, url, fifo } = address;
  const swapped = twin !== undefined && twin.address.fifo !== twin.needs.fifo;
  const variables = [variable, ...(swapped ? [twin.address.variable] : [])].toSorted();
  return fail(`${name} is ${kindOf(fifo)}, but ${variable} must name ${kindOf(needs.fifo)}`, {
    expected: `${kindOf(needs.fifo)}, ${endingOf(needs.fifo)}`,
    fix: swapped
      ? advice`swap the values of ${variables.join(' and ')}`
      : advice`set ${variable} to ${kindOf(needs.fifo)}; a queue’s type can’t be changed later`,
    evidence: { queue: name, url, variable },
    cause: swapped
      ? cause.queues('swapped', ...variables).titled(`${variables.join(' and ')} are swapped`)
      : cause.finding(queuesFinding(`${queue}/kind`)),
  });
}

/** @param operations all denied, with the same message */
export function deniedOn(underTest: QueueUnderTest, problem: AwsError, operations: readonly QueueAction[]): Issue {
  const { run, address } = underTest;
  const actions = operations.map((operation) => ACTIONS[operation]);
  const denial = denialIn(problem.said);
  const { service } = run.deployment;
  // If no policy allows the queues, the fix covers all of them at once.
  const lacksAllow = !denial.explicit && [undefined, 'identity-based policy'].includes(denial.policy);
  const resource = lacksAllow ? underTest.arnsFor(operations[0] ?? 'look') : [address.arn];
  const denied = `the credentials lack ${actions.join(', ')}`;
  return fail(`${denied} on ${address.name}`, {
    expected: `${actions.join(', ')}${service === undefined ? '' : `, which the ${service} needs`}`,
    ...deniedMessages({ actions, resource, resourcePolicy: 'queue policy', denial }),
    evidence: { queue: address.name, denied: actions },
    cause: cause.queues('denied', ...actions, denial.policy ?? 'unnamed', denial.explicit).titled(denied),
  });
}

/** The fix if no command makes the key usable: another key. */
const ANOTHER_KEY: Readonly<Record<string, Fix>> = {
  KmsNotFound: advice`encrypt the queue with another key: aws sqs set-queue-attributes (KmsMasterKeyId)`,
  KmsInvalidKeyUsage: advice`encrypt the queue with a key that has the usage ENCRYPT_DECRYPT`,
};

/** @param key its ARN, or the name that was seen for it; only advice if it is not known */
function mendKey(code: string, key: string | undefined): Fix {
  const { commands } = keyState(code);
  if (commands === undefined)
    return lookup(ANOTHER_KEY, code) ?? advice`check the key: ${sh`aws kms describe-key --key-id ${key ?? 'KEY'}`}`;
  if (key !== undefined) return command(commands(key));
  const [first, second] = commands('KEY');
  return second === undefined
    ? advice`replace KEY with the queue’s KmsMasterKeyId: ${first ?? ''}`
    : advice`replace KEY with the queue’s KmsMasterKeyId: ${first ?? ''}, then ${second}`;
}

/** Errors that come from the KMS key that encrypts the queue at rest, and not from SQS; the cause is shared with other checks. */
export function keyIssue({ run, address, seenKey }: QueueUnderTest, { code = '', said }: AwsError): Issue | undefined {
  if (!/^(Kms|KMS\.)/.test(code)) return undefined;
  const [, permission, named] =
    /is not authorized to perform: (kms:\w{1,64})(?: on resource: "?(arn:[\w-]+:kms:[\w:/-]+))?/.exec(said) ?? [];
  const { name } = address;
  const key = named ?? keyArnIn(said) ?? seenKey;
  const expected = 'kms:GenerateDataKey and kms:Decrypt on the key that encrypts the queue at rest';
  const evidence = { queue: name, code, ...(key !== undefined && { key }) };
  if (permission !== undefined) {
    return fail(`the credentials lack ${permission} on the key that encrypts ${name}`, {
      expected,
      ...deniedMessages({
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resource: key ?? '<ARN of the key>',
        resourcePolicy: 'key policy',
        denial: denialIn(said),
      }),
      detail: 'SQS itself allows the operation, but AWS KMS denies the use of the key.',
      evidence: { ...evidence, denied: permission },
      cause: (named === undefined ? cause.queues('kms', permission) : cause.kmsPermission(permission, named)).titled(
        `the credentials lack ${permission} on the key that encrypts the queues`,
      ),
    });
  }
  const { says, expected: usable } = keyState(code);
  return fail(`the key that encrypts ${name} ${says}`, {
    expected: usable,
    fix: mendKey(code, key),
    evidence,
    cause:
      key === undefined
        ? cause.queues('kms', code).titled(`the key that encrypts the queues ${says}`)
        : keyCause(keyArn(run, key), code),
  });
}

export function refusedOn({ address }: QueueUnderTest, { code, status }: AwsError): Issue {
  const said = code ?? `HTTP ${status}`;
  return fail(`SQS refused an operation on ${address.name}: ${said}`, {
    expected: 'a successful response',
    fix: advice`look up ${said} in the list of errors in the Amazon SQS API reference`,
    evidence: { queue: address.name, code: said },
    cause: cause.queues('refused', said).titled(`SQS refused an operation: ${said}`),
  });
}

/** The AWS-specific fix for a network error, where there is one. */
export function networkFix(problem: NetworkError, { setting }: Target, region: string): Fix | undefined {
  if (setting !== 'AWS_REGION') return undefined;
  const endpoint = sh`aws ec2 create-vpc-endpoint --vpc-id VPC_ID --vpc-endpoint-type Interface --service-name com.amazonaws.${region}.sqs`;
  const access = advice`give Spacelift’s network access to SQS: a NAT gateway or a VPC endpoint (${endpoint}), and a security group that allows TCP 443`;
  return providerFix(problem, {
    dns: advice`make sure that Spacelift’s network resolves SQS host names in ${region}, and that AWS_REGION is correct`,
    timeout: access,
    unreachable: access,
  });
}

export function redriveToWrongKind(underTest: QueueUnderTest, target: string): Issue {
  const { address, deadLetters, needs } = underTest;
  const name = target.split(':').at(-1) ?? target;
  return fail(
    `${address.name} is ${kindOf(needs.fifo)}, but its dead letters go to ${name}, which is ${kindOf(!needs.fifo)}`,
    {
      expected: `a dead-letter queue that is ${kindOf(needs.fifo)}`,
      fix: mendRedrive(underTest, deadLetters),
      evidence: { queue: address.name, deadLetterTargetArn: target },
      cause: cause
        .queues('redrive', target, needs.fifo)
        .titled(`dead letters go to ${name}, which is ${kindOf(!needs.fifo)}`),
    },
  );
}

export function redriveToNowhere(underTest: QueueUnderTest, target: string): Issue {
  const { address, deadLetters } = underTest;
  const name = target.split(':').at(-1) ?? target;
  return fail(`dead letters of ${address.name} go to ${name}, which does not exist`, {
    expected: `an existing queue: ${deadLetters?.address.name ?? 'the dead-letter queue'}`,
    fix: mendRedrive(underTest, deadLetters),
    evidence: { queue: address.name, deadLetterTargetArn: target },
    cause: cause.queues('redrive', target).titled(`dead letters go to ${name}, which does not exist`),
  });
}

const mendRedrive = (underTest: QueueUnderTest, deadLetters: QueueUnderTest | undefined): Fix =>
  deadLetters === undefined
    ? advice`set ${QUEUES[underTest.needs.deadLetters ?? 'dlq']}, and the queue’s RedrivePolicy to that queue`
    : setAttributes(underTest, { RedrivePolicy: redriveTo(deadLetters.address.arn) });
