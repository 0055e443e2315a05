/** What `run` does on every platform: options that it passes on, progress, interruption, and the matrix. */

import type { CleanedUp } from '../app/cleaned-up.ts';
import { comparedTo } from '../app/compared.ts';
import { InputError } from '../config/input-error.ts';
import { type Redact, redactor } from '../config/redact.ts';
import { matrixExitCode } from '../report/matrix/exit.ts';
import { makeMatrix } from '../report/matrix/merge.ts';
import type { Matrix, ServiceRun } from '../report/matrix/types.ts';
import { traceSecrets } from '../util/trace.ts';
import { notice } from './errors.ts';
import { interruptible } from './interrupt.ts';
import { progressOn } from './live-progress.ts';
import type { Output } from './output.ts';
import type { Platform, PlatformArguments } from './platform-options.ts';
import { acceptancesIn, checkIds, exitRules, matrixBaseline, refuseUncompared } from './prepare.ts';
import { print } from './print.ts';

/** No option is parsed and ignored. @throws InputError */
export function refuseBeside(option: string, given: readonly string[], allowed: readonly string[]): void {
  const other = given.find((name) => name !== option && !allowed.includes(name));
  if (other !== undefined) throw new InputError(`${option} does not support ${other}`);
}

/** Options of every platform that decide what is created. */
export const IN_MANIFESTS = [
  '--config',
  '--no-config',
  '--config-profile',
  '--file',
  '--services',
  '--image',
  '--start-timeout',
  '--only',
  '--skip',
  '--release',
  '--phase',
  '--ca-file',
  '--read-only',
  '--timeout',
];

/** @throws InputError */
function imageIn({ image }: PlatformArguments, platform: Platform): string {
  if (image === undefined)
    throw new InputError(`run ${platform} requires --image: the image of spacelift-preflight in a registry of yours`);
  if (!/^[\w][\w./:@-]{0,511}$/.test(image))
    throw new InputError(
      '--image: expected the name of an image, such as registry.internal/spacelift-preflight@sha256:…',
    );
  return image;
}

/** For the command line in each container; with a `=`, a value can't become an option. */
function passedOn({ only = [], skip = [], release, phase, readOnly, timeout }: PlatformArguments): string[] {
  return [
    // The environment there is that of the services.
    '--no-variables',
    '--no-config',
    ...only.map((pattern) => `--only=${pattern}`),
    ...skip.map((pattern) => `--skip=${pattern}`),
    ...(release === undefined ? [] : [`--release=${release.text}`]),
    `--phase=${phase}`,
    `--timeout=${timeout}`,
    ...(readOnly === true ? ['--read-only'] : []),
  ];
}

/** The files of `-f`. @throws InputError if standard input is a terminal */
function filesIn(host: NodeJS.Process, { file: files = [] }: PlatformArguments, from: string): readonly string[] {
  if (files.includes('-') && host.stdin.isTTY)
    throw new InputError(`-f - reads standard input, but that is a terminal; pipe ${from} into it`);
  return files;
}

interface Prepared {
  /** Of `-f`; without any, the platform says what is there. */
  readonly files: readonly string[];
  /** What the Pods or tasks are made from, on every platform. */
  readonly settings: {
    readonly image: string;
    readonly args: readonly string[];
    readonly authorities: string | undefined;
    readonly startTimeoutMs: number;
    readonly timeoutMs: number;
    readonly keep: boolean;
  };
}

/**
 * Reads what the options say that every platform has.
 * @param from what to pipe into `-f -`
 * @throws InputError for what no run can start with
 */
export function prepareRun(
  host: NodeJS.Process,
  args: PlatformArguments,
  { platform, from, authorities }: { platform: Platform; from: string; authorities: string | undefined },
): Prepared {
  const settings = {
    image: imageIn(args, platform),
    args: passedOn(args),
    authorities,
    startTimeoutMs: args.startTimeout * 1000,
    timeoutMs: args.timeout * 1000,
    keep: args.keep === true,
  };
  checkIds(args);
  refuseUncompared(args, platform);
  return { settings, files: filesIn(host, args, from) };
}

/** For `--print`. */
export function sayMasked(host: NodeJS.Process, names: readonly string[]): void {
  for (const name of names) notice(host, `the value of ${name} is masked, because it contains a secret`);
}

interface Observer {
  started(service: string): void;
  finished(service: string): void;
  said(text: string): void;
}

interface Ran {
  readonly runs: readonly ServiceRun[];
  /** What is left, each on one line. */
  readonly left: readonly string[];
}

export interface Shown {
  readonly args: PlatformArguments;
  readonly redact: Redact;
  readonly output: Output<Matrix>;
  /** "Pods", "tasks" */
  readonly noun: string;
}

/** Runs, and writes the matrix and what is left. A signal ends the run early, and decides the exit code. */
export async function runAndShow(
  host: NodeJS.Process,
  { args, redact, output, noun }: Shown,
  run: (observer: Observer, signal: AbortSignal) => Promise<Ran>,
): Promise<void> {
  const baseline = await matrixBaseline(args);
  const progress = await progressOn(host, args);
  const interrupt = interruptible(host, (signal) => {
    progress.stop();
    if (args.quiet !== true)
      notice(host, `${signal} received: removing the ${noun} and printing what is known; repeat to exit immediately`);
  });
  const observer = {
    started: (id: string) => progress.observer.started?.({ id }),
    finished: (id: string) => progress.observer.finished?.({ id }),
    said: (text: string) => progress.aside(() => notice(host, redact(text))),
  };
  const { runs, left } = await run(observer, interrupt.signal).finally(() => progress.stop());
  const matrix = await comparedTo(
    makeMatrix(runs, {
      accept: acceptancesIn(args),
      decisions: args.decisions,
      areChosen: args.services !== undefined,
    }),
    baseline,
  );
  const { code, because } = matrixExitCode(matrix, exitRules(args));
  host.exitCode = interrupt.exitCode ?? code;
  await output(matrix, because);
  for (const line of left) notice(host, redact(line));
  interrupt.release();
}

export async function sayCleanedUp(host: NodeJS.Process, { removed, left }: CleanedUp): Promise<void> {
  const lines =
    removed.length === 0 && left.length === 0
      ? ['nothing is left from an earlier run']
      : [...removed.map((run) => `removed run ${run}`), ...left.map((line) => `kept: ${line}`)];
  await print(host, `${lines.join('\n')}\n`, 'text');
  host.exitCode = left.length === 0 ? 0 : 1;
}

/** For what is printed about these secrets, the debug log included. */
export function redactorOf(secrets: Parameters<typeof redactor>[0]): Redact {
  traceSecrets(secrets);
  return redactor(secrets);
}
