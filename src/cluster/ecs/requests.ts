/** Requests to AWS for a run on ECS, with the caller's credentials, and their errors. */
import { AwsError, ask, isErrorResponse } from '../../clouds/aws/call.ts';
import { type AwsSettings, awsSettings } from '../../clouds/aws/client.ts';
import { CredentialError } from '../../clouds/aws/errors.ts';
import { targetOf } from '../../clouds/aws/messages.ts';
import type { Run } from '../../engine/check.ts';
import type { Target } from '../../net/messages.ts';
import { NetworkError } from '../../net/network-error.ts';
import { CheckStopped } from '../../outcome/outcome.ts';
import type { JsonMap } from '../../util/json.ts';
import type { StopWords } from './task-state.ts';

type Reason = AwsError | CredentialError | NetworkError | CheckStopped;

/** A request that failed. */
export class EcsError extends Error {
  override readonly name = 'EcsError';
  /** `ecs:RunTask` */
  readonly action: string;
  readonly reason: Reason;
  readonly target: Target;
  constructor(action: string, reason: Reason, target: Target) {
    super(action);
    this.action = action;
    this.reason = reason;
    this.target = target;
  }
}

/** A service of AWS refused the request itself; its words. Neither a missing permission nor a wrong login. */
export function refusalIn(error: EcsError): StopWords | undefined {
  const { reason } = error;
  if (!(reason instanceof AwsError) || reason.kind !== 'refused') return undefined;
  return { code: reason.code ?? '', message: reason.said };
}

/** Whether the request may have had an effect, although it failed. */
export const isUnsure = ({ reason }: EcsError): boolean =>
  reason instanceof NetworkError || (reason instanceof AwsError && reason.kind === 'server-error');

type Config = AwsSettings['config'];
type Client = Parameters<typeof ask>[1] & Parameters<typeof targetOf>[2];
type How = { abortSignal: AbortSignal };

export interface Opened<C> {
  readonly at: Target;
  /** @throws EcsError */
  send<T>(action: string, request: (client: C, how: How) => Promise<T>): Promise<T>;
}

export async function opened<C extends Client>(
  run: Run,
  service: 'ECS' | 'CLOUDWATCH_LOGS',
  what: string,
  make: (config: Config) => C,
): Promise<Opened<C>> {
  const settings = awsSettings(run, service, isErrorResponse);
  const client = make(settings.config);
  const at = targetOf(what, settings, client);
  return {
    at,
    send: async (action, request) => {
      try {
        return await ask(run, client, (how) => request(client, how), { mayBeEmpty: true });
      } catch (error) {
        throw isReason(error) ? new EcsError(action, error, at) : error;
      }
    },
  };
}

const isReason = (error: unknown): error is Reason =>
  error instanceof AwsError ||
  error instanceof CredentialError ||
  error instanceof NetworkError ||
  error instanceof CheckStopped;

/** @throws EcsError, because AWS always sends it */
export function present(value: string | undefined, action: string, at: Target): string {
  if (value === undefined) throw new EcsError(action, new AwsError('not-aws'), at);
  return value;
}

/** As it was in the response: times become texts. */
export const jsonOf = (response: object): JsonMap => JSON.parse(JSON.stringify(response));
