/** The verdict of all findings, and the reasons why it can be inconclusive. */
import type { Perspective, ReportPhase } from '../config/options.ts';
import type { Report, ReportCheck, Verdict } from './types.ts';

/** The checks that need at least one pass before the verdict can be "ready". */
const DECISIVE: Readonly<Record<Perspective | 'all', readonly string[]>> = {
  all: ['database', 'object-storage'],
  server: ['database', 'object-storage'],
  drain: ['database', 'object-storage'],
  scheduler: ['database'],
  'vcs-gateway': ['database'],
  worker: ['object-storage'],
};

export function verdictOf(
  checks: readonly ReportCheck[],
  {
    service,
    phase,
    interrupted,
  }: { readonly service: Perspective | undefined; readonly phase: ReportPhase; readonly interrupted: boolean },
): Verdict {
  const findings = checks.flatMap((check) => check.findings);
  if (findings.some(({ status }) => status === 'fail')) return 'not-ready';
  const open =
    phase === 'plan' ||
    undecided({ checks, service: service ?? null }).length > 0 ||
    unknownIn({ checks }).length > 0 ||
    withheldFrom({ checks }).length > 0;
  if (interrupted || open) return 'inconclusive';
  return findings.some(({ status }) => status === 'warn') ? 'ready-with-warnings' : 'ready';
}

/** The decisive checks without a pass. */
export function undecided({ checks, service }: Pick<Report, 'checks' | 'service'>): readonly string[] {
  const passed = (id: string) =>
    checks.some((check) => check.id === id && check.findings.some(({ status }) => status === 'pass'));
  return DECISIVE[service ?? 'all'].filter((id) => !passed(id));
}

/** The variables with unknown values that a check needs; they keep the verdict from being "ready". */
export function unknownIn({ checks }: Pick<Report, 'checks'>): readonly string[] {
  return [
    ...new Set(checks.flatMap(({ findings }) => findings.flatMap(({ unknownVariable }) => unknownVariable ?? []))),
  ];
}

/** The hosts to which the caller's credentials were not sent; they keep the verdict from being "ready". */
export function withheldFrom({ checks }: Pick<Report, 'checks'>): readonly string[] {
  return [...new Set(checks.flatMap(({ findings }) => findings.flatMap(({ withheldFrom: host }) => host ?? [])))];
}
