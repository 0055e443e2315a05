/** What the status of a Pod says about one of its containers. */
import type { JsonMap } from '../util/json.ts';
import { listIn, mapIn, textIn } from './objects.ts';

export type PodState =
  /** Not started; `reason` is the kubelet's or the scheduler's, and `message` can be empty. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running' }
  /** It ended by itself: its log says the rest. */
  | { readonly kind: 'ended'; readonly exitCode: number }
  /** It was ended, or never can start. */
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/** The command line's own exit codes: no failures, failures, could not start. */
const OWN_CODES = [0, 1, 2];
/** Waiting does not help. */
const FINAL = ['InvalidImageName', 'ErrImageNeverPull'];
const UNKNOWN = 'Unknown';

/** @param name of the container; the others' states matter only while it waits for them */
export function stateOf(pod: JsonMap, name: string): PodState {
  const status = mapIn(pod, 'status');
  const own = listIn(status, 'containerStatuses').find((one) => textIn(one, 'name') === name);
  const state = own === undefined ? {} : mapIn(own, 'state');
  const terminated = mapIn(state, 'terminated');
  const { exitCode } = terminated;
  if (typeof exitCode === 'number') {
    const reason = textIn(terminated, 'reason') ?? UNKNOWN;
    if (OWN_CODES.includes(exitCode) && (reason === 'Completed' || reason === 'Error'))
      return { kind: 'ended', exitCode };
    const podReason = textIn(status, 'reason');
    if (podReason !== undefined) return failed(podReason, textIn(status, 'message'));
    const disrupted = conditionOf(status, 'DisruptionTarget');
    if (disrupted !== undefined && reason !== 'OOMKilled') return disrupted;
    return failed(reason, textIn(terminated, 'message') ?? `exit code ${exitCode}`);
  }
  if (textIn(status, 'phase') === 'Failed')
    return failed(textIn(status, 'reason') ?? UNKNOWN, textIn(status, 'message'));
  if (state.running !== undefined) return { kind: 'running' };
  const waiting = waitingIn(status, state);
  return FINAL.includes(waiting.reason) ? failed(waiting.reason, waiting.message) : { kind: 'waiting', ...waiting };
}

const failed = (reason: string, message = ''): PodState & { readonly kind: 'failed' } => ({
  kind: 'failed',
  reason,
  message,
});

function conditionOf(status: JsonMap, type: string): (PodState & { readonly kind: 'failed' }) | undefined {
  const condition = listIn(status, 'conditions').find((one) => textIn(one, 'type') === type && one.status === 'True');
  return condition && failed(textIn(condition, 'reason') ?? type, textIn(condition, 'message'));
}

interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** Why it has not started: no node, a sidecar before it, or itself. */
function waitingIn(status: JsonMap, state: JsonMap): Waiting {
  const scheduled = listIn(status, 'conditions').find((one) => textIn(one, 'type') === 'PodScheduled');
  if (scheduled?.status === 'False')
    return { reason: textIn(scheduled, 'reason') ?? 'Unschedulable', message: textIn(scheduled, 'message') ?? '' };
  const sidecar = listIn(status, 'initContainerStatuses').flatMap(troubleOf)[0];
  if (sidecar !== undefined) return sidecar;
  const waiting = mapIn(state, 'waiting');
  return { reason: textIn(waiting, 'reason') ?? 'Pending', message: textIn(waiting, 'message') ?? '' };
}

/** The kubelet's words for a container that was created or is in line. */
const NORMAL = ['PodInitializing', 'ContainerCreating'];

function troubleOf(container: JsonMap): Waiting[] {
  const name = textIn(container, 'name') ?? '';
  const waiting = mapIn(mapIn(container, 'state'), 'waiting');
  const reason = textIn(waiting, 'reason');
  if (reason === undefined || NORMAL.includes(reason)) return [];
  return [{ reason, message: `sidecar ${name}: ${textIn(waiting, 'message') ?? reason}` }];
}

/** Whether a Pod that waits for this needs somebody's help, so that people should know at once. */
export const isTrouble = ({ reason }: { readonly reason: string }): boolean =>
  ![...NORMAL, 'Pending', 'SchedulerError'].includes(reason);

/** Whether nothing of the Pod runs any more. */
export const isOver = (pod: JsonMap): boolean =>
  /^(?:Succeeded|Failed)$/.test(textIn(mapIn(pod, 'status'), 'phase') ?? '');

/** The warnings about a Pod, newest last; each message once. */
export function warningsIn(events: readonly JsonMap[], pod: string): string[] {
  const own = events.filter(
    (event) => textIn(event, 'type') === 'Warning' && textIn(mapIn(event, 'involvedObject'), 'name') === pod,
  );
  const at = (event: JsonMap) => textIn(event, 'lastTimestamp') ?? textIn(event, 'eventTime') ?? '';
  const messages = own
    .toSorted((a, b) => (at(a) < at(b) ? -1 : 1))
    .flatMap((event) => {
      const message = textIn(event, 'message');
      return message === undefined ? [] : [`${textIn(event, 'reason') ?? 'Warning'}: ${message}`];
    });
  return [...new Set(messages)];
}
