/** Events that end a run early: SIGINT, SIGTERM, SIGHUP, and uncaught errors. */

import { CrashedError, InterruptedError } from '../engine/timeouts.ts';
import { endNow } from './end.ts';

/** 128 plus the signal number, by shell convention. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;
const SIGNALS = Object.keys(EXIT_CODES) as readonly Signal[];

export interface Interrupt {
  /** Aborted with `InterruptedError` or `CrashedError`. */
  readonly signal: AbortSignal;
  /** The exit code for the signal that was received. */
  readonly exitCode: number | undefined;
  /** Restores the default signal handling. */
  release(): void;
}

/**
 * The first signal stops the run, which then cleans up and reports; the second one ends the process immediately.
 * @param said called on the first signal
 */
export function interruptible(host: NodeJS.Process, said: (signal: Signal) => void): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (signal: Signal) => {
    if (exitCode !== undefined) endNow(host, exitCode);
    exitCode = EXIT_CODES[signal];
    said(signal);
    controller.abort(new InterruptedError());
  };
  const onError = (error: unknown) => controller.abort(new CrashedError(error));
  for (const signal of SIGNALS) host.on(signal, onSignal);
  host.on('uncaughtException', onError);
  host.on('unhandledRejection', onError);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release: () => {
      for (const signal of SIGNALS) host.off(signal, onSignal);
    },
  };
}
