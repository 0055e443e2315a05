/** The report: what every format prints, and the exit code is made from. Its JSON is a public interface. */

import type { Perspective, Phase } from '../config/options.ts';
import type { Leftover } from '../engine/cleanup.ts';
import type { FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Evidence, Status } from '../outcome/status.ts';

/** Rises when a field goes away or changes its meaning; fields can be added without. */
export const SCHEMA_VERSION = 1;
export type Verdict = 'ready' | 'ready-with-warnings' | 'not-ready' | 'inconclusive';

export interface ReportFinding {
  /** `<check>/<rule>` or `<check>/<subject>/<rule>`. */
  readonly id: string;
  /** The key in the tables of rules: `object-storage/<bucket>/access`. */
  readonly rule?: string;
  /** The bucket or queue that it is about, where the rule is about each of several. */
  readonly subject?: string;
  readonly status: Status;
  /** One line. */
  readonly title: string;
  /** What was observed where that says more than the title, else empty. */
  readonly detail: string;
  readonly expected?: string;
  readonly fix?: string;
  /** A command and a setting can be pasted as they stand; advice is prose. */
  readonly fixKind?: FixKind;
  /** Of a command: for a POSIX shell, or for psql. */
  readonly fixLanguage?: FixLanguage;
  readonly docs?: string;
  /** Why the warning was accepted (`--accept`). */
  readonly accepted?: string;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** For people; what a program reads has a field of its own. */
  readonly evidence: Evidence;
  /** The finding that tells why this one was not judged. */
  readonly dependsOn?: string;
  /** What the cause of this one hits, itself included, when that is more than one. */
  readonly affected?: readonly string[];
  /** Of a skip: the variable whose value is not known here. */
  readonly unknownVariable?: string;
  /** Of a skip: where the caller's credentials were not sent. */
  readonly withheldFrom?: string;
}

export interface ReportCheck {
  readonly id: string;
  readonly title: string;
  /** The worst of its findings: fail, warn, pass, skip. */
  readonly status: Status;
  /** What was found, how much failed, or why it was skipped, in a few words. */
  readonly summary: string;
  /** From the start of the run. */
  readonly startMs: number;
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
