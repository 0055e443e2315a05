/** `spacelift-preflight`: runs the checks and prints the report. */

import { preflight } from '../app/preflight.ts';
import { refuseInapplicableSelection } from '../app/selection.ts';
import { targetsIn } from '../app/targets.ts';
import { InputError } from '../config/entry.ts';
import { exitCode } from '../report/exit.ts';
import { FORMATS, renderAs } from '../report/index.ts';
import type { Report } from '../report/report.ts';
import { PLAIN, type Verbosity } from '../report/style.ts';
import { fail, notice } from './errors.ts';
import { interruptible } from './interrupt.ts';
import type { RunArguments } from './options.ts';
import { authoritiesIn, checkIds, credentialOptions, readDeployment } from './prepare.ts';
import { print } from './print.ts';
import { progressOn } from './progress.ts';
import { prepare, type Write } from './report-file.ts';
import { stepSummary } from './step-summary.ts';
import { styleOf } from './terminal.ts';

export { end } from './end.ts';

/** @throws InputError if the run can't start */
export async function run(host: NodeJS.Process, args: RunArguments): Promise<void> {
  const options = {
    only: args.only ?? [],
    skip: args.skip ?? [],
    phase: args.phase,
    from: args.from,
    readOnly: args.readOnly === true,
    timeoutMs: args.timeout * 1000,
    concurrency: args.concurrency ?? Number.POSITIVE_INFINITY,
    authorities: authoritiesIn(args.caFile ?? []),
    ...credentialOptions(args),
    ...targetsIn(args, '--'),
    accept: Object.fromEntries((args.accept ?? []).map(({ id, reason }) => [id, reason])),
  };
  const rules = { strict: args.strict === true, require: args.require ?? [] };
  checkIds(args);
  const files = reportFiles(args);
  const summarize = stepSummary([args.format, ...files.map(({ format }) => format)], host.env);
  const config = await readDeployment(host, args, options);
  refuseInapplicableSelection(config, options, '--');
  for (const note of config.notes) notice(host, note);

  const progress = await progressOn(host, args);
  const interrupt = interruptible(host, (signal) => {
    progress.stop();
    if (args.quiet !== true)
      notice(host, `${signal} received: cleaning up and writing the report; repeat to exit immediately`);
  });
  const report = await preflight(config, { ...options, signal: interrupt.signal, observer: progress.observer });
  progress.stop();

  const { code, because } = exitCode(report, rules);
  host.exitCode = interrupt.exitCode ?? code;
  await printReport(host, args, report);
  for (const { format, write } of files) await writeOrSay(host, write, await renderAs(report, format));
  if (summarize !== undefined) await writeOrSay(host, summarize, await renderAs(report, 'markdown'));
  for (const reason of because) notice(host, `exit code 1: ${reason}`);
  interrupt.release();
}

function reportFiles(args: RunArguments): { format: RunArguments['format']; write: Write }[] {
  const targets = args.report ?? [];
  const twice = targets.find(({ path }, index) => targets.slice(0, index).some((other) => other.path === path));
  if (twice !== undefined)
    throw new InputError(`--report uses ${twice.path} twice; write each format to a separate file`);
  return targets.map(({ format, path }) => ({ format, write: prepare(path) }));
}

async function printReport(host: NodeJS.Process, args: RunArguments, report: Report): Promise<void> {
  const { load, styled, how } = FORMATS[args.format];
  const render = await load();
  const verbosity: Verbosity = args.quiet === true ? 'quiet' : args.verbose === true ? 'verbose' : 'normal';
  const style = styled ? await styleOf(host.stdout, host.env, { color: args.color, verbosity }) : PLAIN;
  await print(host, await render(report, style), how);
}

async function writeOrSay(host: NodeJS.Process, write: Write, text: string): Promise<void> {
  try {
    write(text);
  } catch (error) {
    const code = host.exitCode;
    await fail(host, error instanceof InputError ? error.message : 'cannot write the report');
    if (code !== 0) host.exitCode = code;
  }
}
