/** `spacelift-preflight`: runs the checks and prints the report. */

import { preflight } from '../app/preflight.ts';
import { refuseInapplicableSelection } from '../app/selection.ts';
import { targetsIn } from '../app/targets.ts';
import { exitCode } from '../report/exit.ts';
import { FORMATS } from '../report/index.ts';
import type { Report } from '../report/types.ts';
import { notice } from './errors.ts';
import { NO_LINE } from './first-line.ts';
import { interruptible } from './interrupt.ts';
import { progressOn } from './live-progress.ts';
import { liveReport } from './live-report.ts';
import type { RunArguments } from './options.ts';
import { prepareOutput } from './output.ts';
import {
  authoritiesIn,
  checkIds,
  credentialOptions,
  exitRules,
  readDeployment,
  reasonsIn,
  refuseUncompared,
} from './prepare.ts';

export { end } from './end.ts';

/**
 * @param firstLine is shown until there is something else to print
 * @throws InputError if the run can't start
 */
export async function run(host: NodeJS.Process, args: RunArguments, firstLine = NO_LINE): Promise<void> {
  checkIds(args);
  const options = {
    only: args.only ?? [],
    skip: args.skip ?? [],
    phase: args.phase,
    from: args.from,
    readOnly: args.readOnly === true,
    timeoutMs: args.timeout * 1000,
    waitMs: args.wait === undefined ? undefined : args.wait * 1000,
    concurrency: args.concurrency ?? Number.POSITIVE_INFINITY,
    authorities: await authoritiesIn(args, host.env),
    ...credentialOptions(args),
    ...targetsIn(args, '--'),
    accept: Object.fromEntries(reasonsIn(args.accept)),
    decisions: args.decisions,
  };
  const rules = exitRules(args);
  refuseUncompared(args);
  const baseline = args.baseline === undefined ? undefined : await readBaseline(args.baseline, options.timeoutMs);
  const output = prepareOutput(host, args, FORMATS);
  const config = await readDeployment(host, args, options);
  refuseInapplicableSelection(config, options, '--');

  const progress = await progressOn(host, args, firstLine);
  for (const note of config.notes) notice(host, note);
  const live = liveReport(host, args);
  const { settled: printed, ...heard } = progress.observer;
  const interrupt = interruptible(host, (signal) => {
    progress.stop();
    if (args.quiet !== true)
      notice(host, `${signal} received: cleaning up and writing the report; repeat to exit immediately`);
  });
  const report = await preflight(config, {
    ...options,
    baseline,
    signal: interrupt.signal,
    observer: {
      ...heard,
      ...(live && {
        expected: live.expected,
        settled: (check) => {
          printed?.(check);
          live.settled(check);
        },
      }),
    },
  });
  progress.stop();

  const { code, because } = exitCode(report, rules);
  host.exitCode = interrupt.exitCode ?? code;
  await output(report, because, live?.rest);
  interrupt.release();
}

/** @throws InputError if the file contains no report */
async function readBaseline(path: string, timeoutMs: number): Promise<Report> {
  const { readReportBaseline } = await import('../app/baseline.ts');
  return readReportBaseline(path, timeoutMs);
}
