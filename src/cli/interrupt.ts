/** What can end a run before its time: SIGINT, SIGTERM, and an error that nobody caught. */
import { CrashedError, InterruptedError } from '../engine/timeouts.ts';

/** 128 and the signal's number, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;
const SIGNALS = Object.keys(EXIT_CODES) as readonly Signal[];

export interface Interrupt {
  /** Aborted with `Interrupted` or `Crashed`. */
  readonly signal: AbortSignal;
  /** The exit code of the signal that came. */
  readonly exitCode: number | undefined;
  /** Gives the signals back to the system. */
  release(): void;
}

/**
 * The first signal ends the run, so that it cleans up and reports; a second one ends the process at once.
 * @param said is called at the first signal
 */
export function interruptible(host: NodeJS.Process, said: (signal: Signal) => void): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (signal: Signal) => {
    if (exitCode !== undefined) host.exit(exitCode);
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
