/** Checks a deployment and returns the report. */

import { phaseOf } from '../../checks/phase.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Phase, RunOptions } from '../config/options.ts';
import { redactor } from '../config/redact.ts';
import type { Run } from '../engine/check.ts';
import { plannedCheck } from '../engine/planned.ts';
import { type Observer, runChecks } from '../engine/run.ts';
import { InterruptedError } from '../engine/timeouts.ts';
import { networkContext } from '../net/ca-store.ts';
import { makeReport, type Report } from '../report/report.ts';
import { CHECKS } from './checks.ts';

export interface CheckOptions extends RunOptions {
  /** The reasons for accepted warnings, by finding ID. */
  readonly accept: ReadonlyMap<string, string>;
}

/** @param interrupt ends the run early; the report contains the results so far */
export async function checkDeployment(
  deployment: Deployment,
  options: CheckOptions,
  interrupt: AbortSignal,
  observer: Observer = {},
): Promise<Report> {
  const network = networkContext(deployment, options.authorities);
  const { plan } = deployment;
  const isPlan = plan !== undefined && options.phase === 'auto';
  const result = isPlan
    ? await runChecks(
        CHECKS.map(plannedCheck),
        deployment,
        { ...options, phase: plan.isFirst ? 'pre-install' : 'post-install' },
        network,
        interrupt,
        observer,
      )
    : await runChecks(CHECKS, deployment, options, network, interrupt, observer);
  return makeReport(
    { ...result, interrupted: result.interrupted || interrupt.reason instanceof InterruptedError },
    {
      phase: isPlan ? 'plan' : await phaseIn(result.run),
      service: deployment.service,
      accept: options.accept,
      redact: redactor(deployment.secrets),
    },
  );
}

/** The phase that the checks saw; `pre-install` if none could determine it. */
async function phaseIn(run: Run): Promise<Phase> {
  try {
    return await phaseOf(run);
  } catch {
    return run.options.phase === 'auto' ? 'pre-install' : run.options.phase;
  }
}
