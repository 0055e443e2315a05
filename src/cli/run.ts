/** `spacelift-preflight`: runs the checks, and reports. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../check.ts';
import { type Deployment, makeDeployment } from '../config/deployment.ts';
import { InputError } from '../config/entry.ts';
import { readSources } from '../config/sources/index.ts';
import type { RunOptions } from '../options.ts';
import { preflight } from '../preflight.ts';
import { codeOf } from '../problem.ts';
import { FORMATS } from '../report/index.ts';
import { exitCode, type Report } from '../report/report.ts';
import { PLAIN, type Verbosity } from '../report/style.ts';
import { unmatched } from '../select.ts';
import { certificatesIn } from '../trust.ts';
import { fail, notice } from './errors.ts';
import { interruptible } from './interrupt.ts';
import type { RunArguments } from './options.ts';
import type { Progress } from './progress.ts';
import { prepare, type Write } from './report-file.ts';
import { suggest } from './suggest.ts';
import { isLive, styleOf } from './terminal.ts';

/** What may still hold the process after the report is out. */
const PATIENCE_MS = 250;

/** @throws InputError when the run can't start */
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
    accept: new Map((args.accept ?? []).map(({ id, reason }) => [id, reason])),
  };
  const rules = { strict: args.strict === true, require: args.require ?? [] };
  checkIds(args);
  const files = reportFiles(args);
  const deployment = await readDeployment(host, args, options);

  const progress = await progressOn(host, args);
  const interrupt = interruptible(host, (signal) => {
    progress.stop();
    if (args.quiet !== true) notice(host, `${signal}: cleaning up and reporting; again to end at once`);
  });
  const report = await preflight(deployment, options, { interrupt: interrupt.signal, observer: progress.observer });
  progress.stop();

  const { code, because } = exitCode(report, rules);
  host.exitCode = interrupt.exitCode ?? code;
  await print(host, args, report);
  for (const { format, write } of files) {
    const render = await FORMATS[format].load();
    writeOrSay(host, write, await render(report, PLAIN));
  }
  for (const reason of because) notice(host, `exit code 1: ${reason}`);
  interrupt.release();
  setTimeout(() => host.exit(), PATIENCE_MS).unref();
}

/** Patterns and ids are about the table of rules, not about what this deployment needs. */
function checkIds(args: RunArguments): void {
  const ids = CHECKS.flatMap(idsOf);
  const groups = CHECKS.flatMap(({ id, subjects = [] }) => [
    `${id}/*`,
    ...subjects.map((subject) => `${id}/${subject}/*`),
  ]);
  for (const option of ['only', 'skip', 'require'] as const) {
    const missed = unmatched(args[option] ?? [], ids);
    if (missed === undefined) continue;
    const { pattern } = missed;
    throw new InputError(`--${option} ${pattern} matches no rule${suggest(pattern, [...groups, ...ids])}`);
  }
  const stranger = args.accept?.find(({ id }) => !ids.includes(id));
  if (stranger === undefined) return;
  throw new InputError(`--accept ${stranger.id}: no such rule${suggest(stranger.id, ids)}`);
}

function reportFiles(args: RunArguments): { format: RunArguments['format']; write: Write }[] {
  const targets = args.report ?? [];
  const twice = targets.find(({ path }, index) => targets.slice(0, index).some((other) => other.path === path));
  if (twice !== undefined)
    throw new InputError(`--report names ${twice.path} twice; give each format a file of its own`);
  return targets.map(({ format, path }) => ({ format, write: prepare(path) }));
}

function authoritiesIn(paths: readonly string[]): string | undefined {
  const certificates = paths.flatMap((path) => {
    let pem: string;
    try {
      pem = readFileSync(path, 'utf8');
    } catch {
      throw new InputError(`cannot read --ca-file ${path}; expected a file of certificates, PEM`);
    }
    const found = certificatesIn(pem);
    if (found.length === 0 || !found.every(isCertificate)) {
      throw new InputError(`--ca-file ${path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
    }
    return found;
  });
  return certificates.length === 0 ? undefined : certificates.join('\n');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

async function readDeployment(host: NodeJS.Process, args: RunArguments, options: RunOptions): Promise<Deployment> {
  const files = args.file ?? [];
  if (files.includes('-') && host.stdin.isTTY) {
    throw new InputError('-f - reads standard input, which is a terminal; pipe a config into it, or name a file');
  }
  const sources = await readSources(files, { stdin: host.stdin, env: host.env });
  const more = { service: args.service, environment: host.env };
  const deployment = makeDeployment(sources, more);
  if (args.resolveSecrets !== true) return deployment;
  const { readSecrets } = await import('../../checks/aws/secrets.ts');
  return makeDeployment(await readSecrets(sources, deployment, options), more);
}

async function progressOn(host: NodeJS.Process, args: RunArguments): Promise<Progress> {
  if (args.quiet === true || !isLive(host.stderr, host.env)) return { observer: {}, stop: () => {} };
  const { showProgress } = await import('./progress.ts');
  return showProgress(host.stderr);
}

/** Waits until the reader has it all. */
async function print(host: NodeJS.Process, args: RunArguments, report: Report): Promise<void> {
  const { load, styled } = FORMATS[args.format];
  const render = await load();
  const verbosity: Verbosity = args.quiet === true ? 'quiet' : args.verbose === true ? 'verbose' : 'normal';
  const style = styled ? await styleOf(host.stdout, host.env, { color: args.color, verbosity }) : PLAIN;
  const text = await render(report, style);
  const error = await new Promise<unknown>((resolve) => host.stdout.write(text, resolve));
  const code = codeOf(error);
  // A reader that has seen enough (`| head`) is no error.
  if (code !== undefined && code !== 'EPIPE') fail(host, `cannot write to standard output: ${code}`);
}

function writeOrSay(host: NodeJS.Process, write: Write, text: string): void {
  try {
    write(text);
  } catch (error) {
    const code = host.exitCode;
    fail(host, error instanceof InputError ? error.message : 'cannot write a report');
    if (code !== 0) host.exitCode = code;
  }
}
