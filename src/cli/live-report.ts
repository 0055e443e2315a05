/** The report on a terminal: each check is printed as soon as no other one can change its findings. */
import type { Observer } from '../app/preflight.ts';
import type { Report } from '../report/types.ts';
import { loadWidths } from '../report/wrap.ts';
import { logsToStandardError } from './debug/option.ts';
import type { RunArguments } from './options.ts';
import { styleFor } from './output.ts';
import { print } from './print.ts';

export interface LiveReport {
  readonly expected: NonNullable<Observer['expected']>;
  readonly settled: NonNullable<Observer['settled']>;
  /** Prints what is missing of the report, in the same style. */
  rest(report: Report): Promise<void>;
}

type Arguments = Pick<RunArguments, 'format' | 'quiet' | 'verbose' | 'color' | 'wait' | 'debug'>;

/** `undefined` if the report is printed at the end. */
export function liveReport(host: NodeJS.Process, args: Arguments): LiveReport | undefined {
  if (!isPrintedLive(host, args)) return undefined;
  let ids: readonly string[] = [];
  // Loads while the checks wait for their servers.
  let parts: ReturnType<typeof partsFor> | undefined;
  let printed = Promise.resolve();
  const printNext = (textOf: (all: Awaited<ReturnType<typeof partsFor>>) => string): Promise<void> => {
    printed = printed.then(async () => {
      parts ??= partsFor(host, args, ids);
      const text = textOf(await parts);
      if (text !== '') await print(host, text, 'text');
    });
    return printed;
  };
  return {
    expected: (checks) => {
      ids = checks.map(({ id }) => id);
    },
    settled: (check) => void printNext((all) => all.next(check)),
    rest: (report) => printNext((all) => all.rest(report)),
  };
}

/** The lines of a log on the same terminal, and further attempts, would break it up. */
function isPrintedLive({ stdout }: NodeJS.Process, { format, quiet, wait, debug }: Arguments): boolean {
  return (
    stdout.isTTY === true && format === 'pretty' && quiet !== true && wait === undefined && !logsToStandardError(debug)
  );
}

async function partsFor(host: NodeJS.Process, args: Arguments, ids: readonly string[]) {
  const [{ prettyParts }, style] = await Promise.all([
    import('../report/pretty.ts'),
    styleFor(host, args),
    loadWidths(),
  ]);
  return prettyParts(ids, style);
}
