/** The report: what every format prints, and the exit code is made from. Its JSON is a public interface. */
import type { Evidence, Status } from '../check.ts';
import type { Leftover } from '../cleanup.ts';
import type { Finding } from '../finding.ts';
import { fold } from '../fold.ts';
import type { Perspective, Phase } from '../options.ts';
import type { Redact } from '../redact.ts';
import type { RunResult } from '../run.ts';
import { matcher } from '../select.ts';
import { VERSION } from '../version.ts';
import { cleaner, LIMITS, oneLine } from './clean.ts';
import { summaryOf } from './summary.ts';

export const SCHEMA_VERSION = 1;
export type Verdict = 'ready' | 'ready-with-warnings' | 'not-ready' | 'inconclusive';

export interface ReportFinding {
  /** `<check>/<rule>` or `<check>/<subject>/<rule>`. */
  readonly id: string;
  readonly status: Status;
  /** One line. */
  readonly title: string;
  /** What was observed where that says more than the title, else empty. */
  readonly detail: string;
  readonly expected?: string;
  readonly fix?: string;
  readonly docs?: string;
  /** Why the warning was accepted (`--accept`). */
  readonly accepted?: string;
  readonly durationMs: number;
  readonly evidence: Evidence;
}

export interface ReportCheck {
  readonly id: string;
  readonly title: string;
  /** The worst of its findings: fail, warn, pass, skip. */
  readonly status: Status;
  /** What was found, how much failed, or why it was skipped, in a few words. */
  readonly summary: string;
  readonly durationMs: number;
  readonly findings: readonly ReportFinding[];
}

/** What no check of this tool can look at. */
export interface NotVerified {
  readonly title: string;
  readonly detail: string;
  readonly fix: string;
}

export interface Report {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly phase: Phase;
  /** `null` when all services were checked as one. */
  readonly service: Perspective | null;
  /** Ended by SIGINT or SIGTERM. */
  readonly interrupted: boolean;
  readonly verdict: Verdict;
  readonly summary: Readonly<Record<Status, number>>;
  readonly checks: readonly ReportCheck[];
  readonly notVerified: readonly NotVerified[];
  /** What the run wrote and did not remove. */
  readonly leftovers: readonly Leftover[];
}

export interface ReportOptions {
  readonly phase: Phase;
  readonly service: Perspective | undefined;
  /** Reasons by finding id. */
  readonly accept: ReadonlyMap<string, string>;
  readonly redact: Redact;
}

/** Required by the vendor's documentation, and named by no variable. */
const VERSION_CONTROL: NotVerified = {
  title: 'access to version control',
  detail: 'the config does not name it',
  fix: 'from where server and drain run: curl -sSI https://<your version-control system>',
};

/** What must have been seen working before the verdict can be "ready". */
const DECISIVE: Readonly<Record<Perspective | 'all', readonly string[]>> = {
  all: ['database', 'object-storage'],
  server: ['database', 'object-storage'],
  drain: ['database', 'object-storage'],
  scheduler: ['database'],
  worker: [],
};

export function makeReport(result: RunResult, { phase, service, accept, redact }: ReportOptions): Report {
  const clean = cleaner(redact);
  const folded = fold(result.checks);
  const ids = new Set(folded.flatMap((check) => check.findings.map((finding) => finding.id)));
  const evidenceOf = (evidence: Evidence): Evidence => {
    const value = (text: string) => (ids.has(text) ? text : clean(text));
    return Object.fromEntries(
      Object.entries(evidence).map(([key, held]) => {
        if (typeof held === 'string') return [key, value(held)];
        if (Array.isArray(held)) return [key, held.slice(0, LIMITS.items).map(value)];
        return [key, held];
      }),
    );
  };
  const findingOf = (finding: Finding): ReportFinding => {
    const reason = finding.status === 'warn' ? accept.get(finding.id) : undefined;
    return {
      id: finding.id,
      status: finding.status,
      title: oneLine(clean(finding.title)),
      detail: clean(finding.detail ?? ''),
      ...(finding.expected !== undefined && { expected: clean(finding.expected) }),
      ...(finding.fix !== undefined && { fix: clean(finding.fix, LIMITS.fix) }),
      ...(finding.docs !== undefined && { docs: clean(finding.docs) }),
      ...(reason !== undefined && { accepted: clean(reason) }),
      durationMs: Math.round(finding.durationMs),
      evidence: evidenceOf(finding.evidence),
    };
  };
  const checks = folded.map((check): ReportCheck => {
    const findings = check.findings.map(findingOf);
    return {
      id: check.id,
      title: check.title,
      status: worst(findings.map(({ status }) => status)),
      summary: oneLine(clean(summaryOf(check))),
      durationMs: Math.round(check.durationMs),
      findings,
    };
  });
  const statuses = checks.flatMap((check) => check.findings.map(({ status }) => status));
  const count = (status: Status) => statuses.filter((candidate) => candidate === status).length;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'spacelift-preflight', version: VERSION },
    startedAt: result.startedAt.toISOString(),
    durationMs: Math.round(result.durationMs),
    phase,
    service: service ?? null,
    interrupted: result.interrupted,
    verdict: verdictOf(checks, service, result.interrupted),
    summary: { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') },
    checks,
    notVerified: [VERSION_CONTROL],
    leftovers: result.leftovers.map(({ what, command }) => ({
      what: oneLine(clean(what)),
      command: clean(command, LIMITS.fix),
    })),
  };
}

const BY_WEIGHT: readonly Status[] = ['fail', 'warn', 'pass', 'skip'];

const worst = (statuses: readonly Status[]): Status => BY_WEIGHT.find((status) => statuses.includes(status)) ?? 'skip';

function verdictOf(checks: readonly ReportCheck[], service: Perspective | undefined, interrupted: boolean): Verdict {
  const findings = checks.flatMap((check) => check.findings);
  if (findings.some(({ status }) => status === 'fail')) return 'not-ready';
  const open = undecided({ checks, service: service ?? null }).length > 0 || unknownIn({ checks }).length > 0;
  if (interrupted || open) return 'inconclusive';
  return findings.some(({ status }) => status === 'warn') ? 'ready-with-warnings' : 'ready';
}

/** The checks without a pass that "ready" can't be said without. */
export function undecided({ checks, service }: Pick<Report, 'checks' | 'service'>): readonly string[] {
  const passed = (id: string) =>
    checks.some((check) => check.id === id && check.findings.some(({ status }) => status === 'pass'));
  return DECISIVE[service ?? 'all'].filter((id) => !passed(id));
}

/** The variables whose values are not known here, and that something depends on: "ready" can't be said without them. */
export function unknownIn({ checks }: Pick<Report, 'checks'>): readonly string[] {
  const skipped = checks
    .flatMap((check) => check.findings)
    .filter(({ status, evidence }) => status === 'skip' && evidence.known === false);
  return [...new Set(skipped.map(({ evidence }) => String(evidence.variable)))];
}

export interface ExitRules {
  /** Warnings that were not accepted count. */
  readonly strict: boolean;
  /** Patterns; a skip of what they match counts. */
  readonly require: readonly string[];
}

/** 0, or 1 with what made it so beyond the failures that the report itself shows. */
export function exitCode(report: Report, { strict, require }: ExitRules): { code: 0 | 1; because: readonly string[] } {
  const findings = report.checks.flatMap((check) => check.findings);
  const required = matcher(require);
  const warnings = strict ? findings.filter(({ status, accepted }) => status === 'warn' && accepted === undefined) : [];
  const skipped = findings.filter(({ id, status }) => status === 'skip' && required(id));
  const because = [
    ...(warnings.length > 0
      ? [`--strict, and ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}`]
      : []),
    ...skipped.map(({ id, title }) => `${id} is required, and was skipped: ${title}`),
  ];
  return { code: report.summary.fail > 0 || because.length > 0 ? 1 : 0, because };
}
