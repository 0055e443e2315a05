/** What SQS asks of KMS, in the caller's name, for a queue that a customer's key encrypts (SQS developer guide, "Key
 * management"). */
import { authorize } from '../authorize.ts';
import type { Call } from '../call.ts';
import { AwsError, RefusedError } from '../errors.ts';
import type { KmsKey } from '../kms/keys.ts';
import { checkState } from '../kms/operations.ts';
import { sqsError } from './errors.ts';
import type { Queue } from './queue.ts';

const names: Record<string, string> = {
  DisabledException: 'KmsDisabled',
  KMSInvalidStateException: 'KmsInvalidState',
  NotFoundException: 'KmsNotFound',
};

/** @throws {AwsError} what KMS refuses, as SQS passes it on. */
export function requireKey(call: Call, queue: Queue, actions: readonly string[]): void {
  const id = queue.attributes.KmsMasterKeyId;
  // The key that AWS manages lets everyone in who may use the queue.
  if (id === undefined || id === '' || id === 'alias/aws/sqs') return;
  const { user, world, region } = call;
  for (const action of actions) {
    try {
      const key: KmsKey = world.keys.find(id, region, user, action);
      const { arn: resource, account, policy } = key;
      authorize({ user, action, resource, account, policy, onlyThroughResource: true });
      checkState(key);
    } catch (error) {
      throw passedOn(error);
    }
  }
}

function passedOn(error: unknown): unknown {
  const code =
    error instanceof RefusedError ? 'AccessDeniedException' : error instanceof AwsError ? error.code : undefined;
  if (code === undefined) return error;
  const message = `${(error as Error).message} (Service: AWSKMS; Status Code: 400; Error Code: ${code}; Request ID: 00000000-0000-0000-0000-000000000000; Proxy: null)`;
  return sqsError(names[code] ?? 'KmsAccessDenied', message);
}
