/** Checks a deployment and returns the report. */

import { hostname } from 'node:os';
import type { KnownPhase } from '../../checks/phase.ts';
import type { Deployment } from '../config/deployment.ts';
import type { ReportPhase, RunOptions } from '../config/options.ts';
import { redactor } from '../config/redact.ts';
import type { Decisions } from '../config/schema.ts';
import type { Check, NetworkContext, PlannedOperation, Run } from '../engine/check.ts';
import { partsOf } from '../engine/finding-id.ts';
import { type RunResult, runChecks } from '../engine/run.ts';
import { BY_REQUEST } from '../engine/select.ts';
import { InterruptedError } from '../engine/timeouts.ts';
import { networkContext } from '../net/ca-store.ts';
import { idleRun, operationsOf } from '../plan/plan.ts';
import type { Acceptances } from '../report/accepted.ts';
import { checksOf } from '../report/checks.ts';
import { makeReport, type Report, type ReportOperation } from '../report/report.ts';
import { CHECKS } from './checks.ts';
import { observing, type RunObserver } from './observing.ts';
import { phaseIn } from './phase.ts';
import type { WaitObserver } from './wait.ts';

export interface CheckOptions extends RunOptions {
  readonly accept: Acceptances;
  readonly decisions?: Decisions | undefined;
  /** How long to try again what failed, ms; a plan is checked once. */
  readonly waitMs?: number | undefined;
}

/** @param interrupt ends the run early; the report contains the results so far */
export async function checkDeployment(
  deployment: Deployment,
  options: CheckOptions,
  interrupt: AbortSignal,
  { settled, ...others }: RunObserver = {},
): Promise<Report> {
  const redacted = () => redactor(deployment.secrets);
  // A further attempt can change everything.
  const observer = observing(
    options.waitMs === undefined ? { ...others, ...(settled && { settled }) } : others,
    (folded) => checksOf(folded, { accept: options.accept, redact: redacted() }),
  );
  const network = networkContext(deployment, options.authorities);
  const { plan } = deployment;
  const isPlan = plan !== undefined && options.phase === 'auto';
  const { result, phase: known }: { result: RunResult; phase: Known } = isPlan
    ? {
        result: await runChecks(
          await plannedChecks(),
          deployment,
          { ...options, phase: plan.isFirst ? 'pre-install' : 'post-install' },
          network,
          interrupt,
          observer,
        ),
        phase: PLAN,
      }
    : await runAll(deployment, options, network, interrupt, observer);
  return makeReport(
    { ...result, interrupted: result.interrupted || interrupt.reason instanceof InterruptedError },
    {
      host: hostname(),
      phase: known.phase,
      phaseReason: known.reason,
      service: deployment.service,
      accept: options.accept,
      decisions: options.decisions,
      redact: redacted(),
      ...(!isPlan && { operations: await triedIn(result, options) }),
    },
  );
}

type Known = Pick<KnownPhase, 'reason'> & { readonly phase: ReportPhase };

const PLAN: Known = { phase: 'plan', reason: 'the config is a Terraform plan, and no phase was requested' };

async function runAll(
  deployment: Deployment,
  { waitMs, ...options }: CheckOptions,
  network: NetworkContext,
  interrupt: AbortSignal,
  observer: WaitObserver,
): Promise<{ result: RunResult; phase: KnownPhase }> {
  if (waitMs !== undefined) {
    const { runUntilWell } = await import('./wait.ts');
    return runUntilWell(CHECKS, deployment, options, waitMs, network, interrupt, observer);
  }
  const result = await runChecks(CHECKS, deployment, options, network, interrupt, observer);
  return { result, phase: await phaseIn(result.run) };
}

/** What the checks tried, for the findings that were selected. */
async function triedIn(
  { run: { deployment }, checks }: RunResult,
  options: RunOptions,
): Promise<ReadonlyMap<string, readonly ReportOperation[]>> {
  const idle = idleRun(deployment, options);
  const tried = checks.map(async ({ id, findings }) => {
    const check = CHECKS.find((candidate) => candidate.id === id);
    const chosen = new Set(findings.filter(({ title }) => title !== BY_REQUEST).map((one) => partsOf(one.id).base));
    const operations = check === undefined ? [] : await plannedBy(check, idle);
    const those = operations.map(({ rules, does, at }) => ({
      rules: rules.map((rule) => `${id}/${rule}`).filter((rule) => chosen.has(rule)),
      does,
      at,
    }));
    return [id, those.filter(({ rules }) => rules.length > 0)] as const;
  });
  return new Map(await Promise.all(tried));
}

/** The checks of a Terraform plan, which is loaded only for one. */
async function plannedChecks(): Promise<readonly Check[]> {
  const { plannedCheck } = await import('../engine/planned.ts');
  return Promise.all(CHECKS.map(plannedCheck));
}

/** A check that can't describe itself still has its findings. */
async function plannedBy(check: Check, run: Run): Promise<readonly PlannedOperation[]> {
  try {
    return (await operationsOf(check, run)).operations;
  } catch {
    return [];
  }
}
