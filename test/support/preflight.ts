/** Runs checks on variables, as the command line does, and folds what they find. The report of each is valid. */

import { expect } from 'vitest';
import { observing } from '../../src/app/observing.ts';
import { type Deployment, makeDeployment } from '../../src/config/deployment.ts';
import type { Entry, Source } from '../../src/config/entry.ts';
import { DEFAULTS, type Perspective, type RunOptions, type Service } from '../../src/config/options.ts';
import { redactor } from '../../src/config/redact.ts';
import type { Release } from '../../src/config/release.ts';
import type { Check } from '../../src/engine/check.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { foldByCause } from '../../src/engine/fold.ts';
import { type Observer, type RunResult, runChecks } from '../../src/engine/run.ts';
import { matcher } from '../../src/engine/select.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import type { Status } from '../../src/outcome/status.ts';
import { checksOf } from '../../src/report/checks.ts';
import { makeReport, type ReportCheck } from '../../src/report/report.ts';
import { expectValid } from './valid.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** A source as a file would give it. */
export function source(variables: Variables, service: Service | 'all' = 'all', more: Partial<Source> = {}): Source {
  const entries = Object.entries(variables).flatMap(([name, value]): Entry[] =>
    value === undefined ? [] : [{ name, kind: 'known', value, service, origin: `test (${service})` }],
  );
  return { entries, incomplete: false, process: false, ...more };
}

export interface Options extends Partial<RunOptions> {
  readonly service?: Perspective;
  /** The release that the caller names. */
  readonly release?: Release;
  readonly interrupt?: AbortSignal;
  readonly observer?: Observer;
  /** What the cloud SDKs see of the process environment; nothing unless told. */
  readonly environment?: Record<string, string | undefined>;
}

export interface Result {
  readonly findings: readonly Finding[];
  readonly run: RunResult;
  readonly deployment: Deployment;
  /** The ids with this status, in report order. */
  ids(status: Status): string[];
  /** The one finding with this id, whatever the variable unless it names one. @throws Error when there is none, or more */
  finding(id: string): Finding;
}

export async function preflight(
  checks: readonly Check[],
  variables: Variables | readonly Source[],
  { service, release, interrupt, observer, environment = {}, ...options }: Options = {},
): Promise<Result> {
  const sources = Array.isArray(variables) ? (variables as readonly Source[]) : [source(variables as Variables)];
  const deployment = makeDeployment(sources, { service, release, environment });
  const signal = interrupt ?? new AbortController().signal;
  const settled: ReportCheck[] = [];
  const print = (folded: Parameters<typeof checksOf>[0]) =>
    checksOf(folded, { accept: new Map(), redact: redactor(deployment.secrets) });
  const run = await runChecks(
    checks,
    deployment,
    { ...DEFAULTS, ...options },
    networkContext(deployment, options.authorities),
    signal,
    observing({ ...observer, settled: (check) => void settled.push(check) }, print),
  );
  const report = { phase: 'pre-install', service: deployment.service, accept: new Map() } as const;
  const whole = expectValid(makeReport(run, { ...report, redact: redactor(deployment.secrets) }), checks);
  expect(settled, 'what was printed during the run is what the report says').toEqual(whole.checks);
  const findings = foldByCause(run.checks).flatMap((check) => check.findings);
  expect(new Set(findings.map(({ id }) => id)).size, 'each finding has an ID of its own').toBe(findings.length);
  return {
    findings,
    run,
    deployment,
    ids: (status) => findings.filter((finding) => finding.status === status).map((finding) => finding.id),
    finding: (id) => {
      const isMeant = matcher([id]);
      const [found, another] = findings.filter((finding) => isMeant(finding.id));
      if (found === undefined || another !== undefined) {
        throw new Error(`expected one ${id} among ${findings.map((finding) => finding.id).join(', ')}`);
      }
      return found;
    },
  };
}
