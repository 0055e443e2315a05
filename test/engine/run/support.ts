/** What a run found, and how to end one. */
import type { CheckResult } from '../../../src/engine/finding.ts';
import { foldByCause } from '../../../src/engine/fold.ts';
import type { RunResult } from '../../../src/engine/run.ts';
import { InterruptedError } from '../../../src/engine/timeouts.ts';

export const findings = (checks: readonly CheckResult[]) => foldByCause(checks).flatMap((check) => check.findings);

/** Ids with their status, in the order of the report. */
export const statuses = (result: RunResult) => findings(result.checks).map(({ id, status }) => `${id} ${status}`);

export const find = (result: RunResult, id: string) => {
  const found = findings(result.checks).find((finding) => finding.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
};

export const forever = () => new Promise<never>(() => {});

export const interruptIn = (ms: number, reason: Error = new InterruptedError()) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), ms);
  return controller.signal;
};
