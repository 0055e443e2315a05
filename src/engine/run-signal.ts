/** How long the work of one command may go on: until its timeout, or until it is interrupted. */
import { setMaxListeners } from 'node:events';
import { CrashedError, InterruptedError, RunEndedError, RunTimeoutError } from './timeouts.ts';

export interface RunSignal {
  /** Aborted with RunTimeout, Interrupted or Crashed; with Over once all is done. */
  readonly signal: AbortSignal;
  /** The work is done: neither the clock nor an interruption ends it any more. */
  settle(): void;
  /** Nothing new may begin. */
  close(): void;
}

/** @param timeoutMs in ms, for all of the work */
export function startRunSignal(timeoutMs: number, interrupt: AbortSignal): RunSignal {
  const end = new AbortController();
  // Every operation under way listens; Node takes more than ten for a leak, and says so on standard error.
  setMaxListeners(0, end.signal);
  const timer = setTimeout(() => end.abort(new RunTimeoutError(timeoutMs)), timeoutMs);
  const onInterrupt = () =>
    end.abort(interrupt.reason instanceof CrashedError ? interrupt.reason : new InterruptedError());
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
