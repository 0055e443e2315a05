/** A status line on standard error with the checks that are still running, and for how long. */

import { cut } from '../report/wrap.ts';

/** What is waited for: a check, or the Pod of a service. */
interface ProgressObserver {
  started?(what: { readonly id: string }): void;
  finished?(what: { readonly id: string }): void;
}

export interface Progress {
  readonly observer: ProgressObserver;
  /** Writes something else, with the line out of the way. */
  aside(write: () => void): void;
  /** Clears the line. */
  stop(): void;
}

/** Shorter runs never show the line. */
const WAIT_MS = 200;
const REFRESH_MS = 200;
/** The spinner, a space, and the last column, where some terminals wrap. */
const MARGIN = 3;

/**
 * Shows only names of checks and times, so there is nothing to redact.
 * @param ellipsis ends a line that is cut off
 */
export async function showProgress(stream: NodeJS.WriteStream, ellipsis = '…'): Promise<Progress> {
  const { default: ora } = await import('ora');
  const spinner = ora({ stream, discardStdin: false, isEnabled: true });
  const waiting = new Map<string, number>();
  const line = () => {
    const now = performance.now();
    const checks = [...waiting].map(([id, since]) => `${id} ${Math.floor((now - since) / 1000)} s`);
    const text = checks.length === 0 ? 'cleaning up' : `waiting for ${checks.join(', ')}`;
    return cut(text, stream.columns - MARGIN, ellipsis);
  };
  const begin = setTimeout(() => spinner.start(line()), WAIT_MS);
  const refresh = setInterval(() => {
    spinner.text = line();
  }, REFRESH_MS);
  return {
    observer: {
      started: ({ id }) => void waiting.set(id, performance.now()),
      finished: ({ id }) => void waiting.delete(id),
    },
    aside: (write) => {
      spinner.clear();
      write();
    },
    stop: () => {
      clearTimeout(begin);
      clearInterval(refresh);
      spinner.stop();
    },
  };
}
