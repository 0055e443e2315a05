/** The lifetime of a command: until its timeout or an interruption. */
import { setMaxListeners } from 'node:events';
import { CrashedError, InterruptedError, RunEndedError, RunTimeoutError } from './timeouts.ts';

export interface RunSignal {
  /** Aborted with RunTimeoutError, InterruptedError or CrashedError; with RunEndedError when everything is done. */
  readonly signal: AbortSignal;
  /** The work is done: neither the timeout nor an interruption aborts it any more. */
  settle(): void;
  /** Nothing new may start. */
  close(): void;
}

/** @param timeoutMs in ms, for the whole command */
export function startRunSignal(timeoutMs: number, interrupt: AbortSignal): RunSignal {
  const end = new AbortController();
  // Every active operation listens; Node prints a leak warning for more than ten listeners.
  setMaxListeners(0, end.signal);
  const timer = setTimeout(() => end.abort(new RunTimeoutError(timeoutMs)), timeoutMs);
  const onInterrupt = () => {
    const { reason } = interrupt;
    end.abort(reason instanceof CrashedError || reason instanceof RunTimeoutError ? reason : new InterruptedError());
  };
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  if (interrupt.aborted) onInterrupt();
  return {
    signal: end.signal,
    settle: () => {
      clearTimeout(timer);
      interrupt.removeEventListener('abort', onInterrupt);
    },
    close: () => end.abort(new RunEndedError()),
  };
}
