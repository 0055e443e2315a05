/** A status line on standard error with the checks that are still running, and for how long. */

import { cut, loadWidths } from '../report/wrap.ts';
import { NO_LINE } from './first-line.ts';

/** What is waited for: a check, or the Pod of a service. */
interface ProgressObserver {
  started?(what: { readonly id: string }): void;
  finished?(what: { readonly id: string }): void;
  /** A failure, by its ID. */
  failed?(id: string): void;
  /** Its failures are part of the report that is printed so far. */
  settled?(what: { readonly id: string }): void;
  /** With `--wait`: the findings that are tried again. */
  missing?(ids: readonly string[]): void;
}

export interface Progress {
  readonly observer: ProgressObserver;
  /** Writes something else, with the line out of the way. */
  aside(write: () => void): void;
  /** Clears the line. */
  stop(): void;
}

/** Shorter runs never show the line, unless the first line is there. */
const WAIT_MS = 200;
const REFRESH_MS = 200;
/** The spinner, a space, and the last column, where some terminals wrap. */
const MARGIN = 3;

/**
 * Shows only names of checks, IDs of findings and times, so there is nothing to redact.
 * @param ellipsis ends a line that is cut off
 * @param firstLine is replaced
 */
export async function showProgress(stream: NodeJS.WriteStream, ellipsis = '…', firstLine = NO_LINE): Promise<Progress> {
  const [{ default: ora }] = await Promise.all([import('ora'), loadWidths()]);
  const spinner = ora({ stream, discardStdin: false, isEnabled: true });
  const waiting = new Map<string, number>();
  const began = performance.now();
  const failed = new Set<string>();
  let isStarted = false;
  let missing: readonly string[] = [];
  const line = () => {
    if (missing.length > 0) {
      return cut(`waiting ${secondsSince(began)} s for ${missing.join(', ')}`, stream.columns - MARGIN, ellipsis);
    }
    const checks = [...waiting].map(([id, since]) => `${id} ${secondsSince(since)} s`);
    const idle = isStarted ? 'cleaning up' : 'starting';
    const text = checks.length === 0 ? idle : `waiting for ${checks.join(', ')}`;
    return cut(failuresBefore([...failed]) + text, stream.columns - MARGIN, ellipsis);
  };
  const begin = setTimeout(() => spinner.start(line()), WAIT_MS);
  const first = firstLine.handOver();
  // Draws over it.
  if (first !== undefined) spinner.start(first);
  const refresh = setInterval(() => {
    spinner.text = line();
  }, REFRESH_MS);
  const stop = () => {
    clearTimeout(begin);
    clearInterval(refresh);
    spinner.stop();
    stream.off('resize', onResize);
  };
  // Without a width, clearing the line would never end.
  const onResize = () => {
    if (!(stream.columns > 0)) stop();
  };
  stream.on('resize', onResize);
  return {
    observer: {
      started: ({ id }) => {
        isStarted = true;
        waiting.set(id, performance.now());
      },
      finished: ({ id }) => void waiting.delete(id),
      failed: (id) => void failed.add(id),
      settled: ({ id }) => {
        for (const one of failed) if (one.startsWith(`${id}/`)) failed.delete(one);
        spinner.text = line();
      },
      missing: (ids) => {
        missing = ids;
      },
    },
    aside: (write) => {
      spinner.clear();
      write();
    },
    stop,
  };
}

function failuresBefore(ids: readonly string[]): string {
  if (ids.length === 0) return '';
  return `${ids.length === 1 ? `${ids[0]} failed` : `${ids.length} failed so far`}; `;
}

const secondsSince = (time: number): number => Math.floor((performance.now() - time) / 1000);
