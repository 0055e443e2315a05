/** One line on standard error that says what is still being waited for, and for how long. */

import type { Observer } from '../engine/run.ts';
import { cut } from '../report/wrap.ts';

export interface Progress {
  readonly observer: Observer;
  /** Clears the line. */
  stop(): void;
}

/** Runs that are over sooner never show the line. */
const PATIENCE_MS = 200;
const REFRESH_MS = 200;
/** The spinner, a space, and the last column, which some terminals wrap at. */
const MARGIN = 3;

/**
 * Shows names of checks and times alone, so there is nothing to redact.
 * @param ellipsis stands for what the line has no room for
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
  const begin = setTimeout(() => spinner.start(line()), PATIENCE_MS);
  const refresh = setInterval(() => {
    spinner.text = line();
  }, REFRESH_MS);
  return {
    observer: {
      started: ({ id }) => void waiting.set(id, performance.now()),
      finished: ({ id }) => void waiting.delete(id),
    },
    stop: () => {
      clearTimeout(begin);
      clearInterval(refresh);
      spinner.stop();
    },
  };
}
