/** SQS errors: their JSON shape's name, and the code that the older query protocol has for them. */
import { AwsError } from '../errors.ts';

const queryCodes: Record<string, string> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
  KmsAccessDenied: 'KMS.AccessDeniedException',
  KmsDisabled: 'KMS.DisabledException',
  KmsInvalidState: 'KMS.InvalidStateException',
  KmsInvalidKeyUsage: 'KMS.InvalidKeyUsageException',
  KmsNotFound: 'KMS.NotFoundException',
};

/** Not in SQS's model: errors of the framework below it. */
const unmodelled = new Set(['InvalidParameterValue', 'MissingParameter']);

export function sqsError(code: string, message: string, status = 400): AwsError {
  const namespace = unmodelled.has(code) ? 'com.amazon.coral.service' : 'com.amazonaws.sqs';
  return new AwsError(code, message, { status, queryCode: queryCodes[code] ?? code, namespace });
}
