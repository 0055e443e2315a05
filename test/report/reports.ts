/** Reports of checks that find what they are told. */
import { redactor } from '../../src/config/redact.ts';
import type { Check } from '../../src/engine/check.ts';
import { type Outcome, pass } from '../../src/outcome/outcome.ts';
import { makeReport, type Report, type ReportOptions } from '../../src/report/report.ts';
import { fakeCheck, never, runFakes } from '../fakes.ts';
import { expectValid } from '../support/valid.ts';

/** A check with one rule per outcome: `a`, `b`, … */
export const judged = (id: string, outcomes: readonly Outcome[], more: Partial<Check> = {}): Check =>
  fakeCheck(
    id,
    outcomes.map((_, index) => String.fromCharCode(97 + index)),
    async ({ check }) => {
      for (const [index, outcome] of outcomes.entries()) await check(String.fromCharCode(97 + index), () => outcome);
    },
    more,
  );

export async function reportOf(
  checks: readonly Check[],
  more: Partial<ReportOptions> = {},
  interrupt: AbortSignal = never(),
): Promise<Report> {
  const result = await runFakes(checks, {}, interrupt);
  const defaults = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
  return expectValid(makeReport(result, { ...defaults, ...more }), checks);
}

export const first = (report: Report) => {
  const finding = report.checks[0]?.findings[0];
  if (finding === undefined) throw new Error('an empty report');
  return finding;
};

export const works = [judged('database', [pass('fine')]), judged('object-storage', [pass('fine')])];
