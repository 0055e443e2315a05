/** What a run finds: one judged rule. */

import type { Cause } from '../outcome/cause.ts';
import type { Fix, FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Evidence, Status } from '../outcome/status.ts';

export interface Finding {
  /** `<check>/<rule>` or `<check>/<subject>/<rule>`. */
  readonly id: string;
  /** The key in the tables of rules: `object-storage/<bucket>/access`. */
  readonly rule: string;
  /** The bucket or queue that it is about, where the rule is about each of several. */
  readonly subject?: string;
  readonly status: Status;
  readonly title: string;
  readonly detail?: string;
  readonly expected?: string;
  /** As it is printed. */
  readonly fix?: string;
  readonly fixKind?: FixKind;
  readonly fixLanguage?: FixLanguage;
  readonly docs?: string;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
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

/** A finding on its way to the report, before those of one cause are folded. */
export interface RawFinding extends Omit<Finding, 'fix' | 'fixKind' | 'fixLanguage' | 'dependsOn' | 'affected'> {
  readonly fix?: Fix;
  readonly cause?: Cause;
  /** Not judged itself: something that it depends on was. */
  readonly blocked?: boolean;
}

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  /** What was found, in a few words; the first pass says it where the check itself does not. */
  readonly summary?: string;
  /** What the check has several of: "bucket", "queue". */
  readonly subject?: { readonly noun: string; readonly names: readonly string[] };
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly findings: readonly RawFinding[];
}
