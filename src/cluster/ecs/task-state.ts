/** What became of a run's task, from the response of DescribeTasks. */
import { type JsonMap, listIn, textIn } from '../../util/json.ts';

/** The words of ECS. */
export interface StopWords {
  /** The code at the start of the reason, such as `CannotPullContainerError`; else `stopCode`. */
  readonly code: string;
  readonly message: string;
}

export type TaskState =
  | ({ readonly kind: 'waiting' } & StopWords)
  | { readonly kind: 'running' }
  /** On its way to `ended` or `failed`. */
  | ({ readonly kind: 'stopping' } & StopWords)
  /** Our container ended by itself; sidecars do not matter. */
  | { readonly kind: 'ended'; readonly exitCode: number }
  | ({ readonly kind: 'failed' } & StopWords);

/** @param container the name of ours */
export function stateOf(task: JsonMap, container: string): TaskState {
  const own = listIn(task, 'containers').find(({ name }) => name === container) ?? {};
  const isOver = task.lastStatus === 'STOPPED';
  const { exitCode } = own;
  const words = wordsIn(task, own);
  if (typeof exitCode === 'number' && (own.lastStatus === 'STOPPED' || isOver))
    return words.code === OUT_OF_MEMORY ? { kind: 'failed', ...words } : { kind: 'ended', exitCode };
  // The reason is complete only then.
  if (isOver) return { kind: 'failed', ...words };
  if (task.desiredStatus === 'STOPPED') return { kind: 'stopping', ...words };
  if (own.lastStatus === 'RUNNING') return { kind: 'running' };
  return { kind: 'waiting', code: textIn(task, 'lastStatus') ?? 'PROVISIONING', message: textIn(own, 'reason') ?? '' };
}

const OUT_OF_MEMORY = 'OutOfMemoryError';

/** The container's own reason says more than the task's, which can be that an essential container exited. */
function wordsIn(task: JsonMap, own: JsonMap): StopWords {
  const [reason, stopped] = [textIn(own, 'reason') ?? '', textIn(task, 'stoppedReason') ?? ''];
  const stopCode = textIn(task, 'stopCode') ?? '';
  const message = [reason, stopped].filter((text, index, all) => text !== '' && all.indexOf(text) === index).join('\n');
  return { code: codeIn(reason) ?? codeIn(stopped) ?? stopCode, message };
}

/** "CannotPullContainerError: pull image manifest has been retried…", "TaskFailedToStart: RESOURCE:MEMORY" */
export function codeIn(reason: string): string | undefined {
  const [, code, rest = ''] = /^(?:Error response from daemon: )?([A-Z][A-Za-z0-9]{3,60}): ?(.*)$/s.exec(reason) ?? [];
  if (code === 'TaskFailedToStart') return /^[A-Z:*]+$/.test(rest) ? rest : (codeIn(rest) ?? code);
  return code;
}
