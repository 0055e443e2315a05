/** One operation in its world: what every operation is given. */
import type { PolicyDocument } from '../policy.ts';
import { authorize } from './authorize.ts';
import { AwsError } from './errors.ts';
import type { AwsRequest } from './request.ts';
import type { AwsUser } from './types.ts';
import type { World } from './world.ts';

export interface Call {
  request: AwsRequest;
  world: World;
  user: AwsUser;
  region: string;
  /** `kms:Encrypt` */
  action: string;
  input: Readonly<Record<string, unknown>>;
  /** The client has gone or the server closes. */
  gone: AbortSignal;
}

export type Operation = (call: Call) => unknown;

interface Target {
  arn: string;
  account: string;
  policy?: PolicyDocument | undefined;
}

/** @throws {RefusedError} */
export function require(call: Call, target: Target, action = call.action): void {
  const { user } = call;
  authorize({ user, action, resource: target.arn, account: target.account, policy: target.policy });
}

/** A required text of the input.
 * @throws {AwsError} ValidationException */
export function text(call: Call, name: string): string {
  const value = call.input[name];
  if (typeof value === 'string' && value !== '') return value;
  const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

export function optional(call: Call, name: string): string | undefined {
  const value = call.input[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A required blob of the input.
 * @throws {AwsError} ValidationException */
export function blob(call: Call, name: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text(call, name), 'base64');
  if (bytes.length <= maxBytes) return bytes;
  const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${maxBytes}`,
  );
}

export function list(call: Call, name: string): string[] {
  const value = call.input[name];
  return Array.isArray(value) ? value.map(String) : [];
}
