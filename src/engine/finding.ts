/** The result of a run for one rule. */

import type { Cause } from '../outcome/cause.ts';
import type { Fix, FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Evidence, Status } from '../outcome/status.ts';

export interface Finding {
  /** `<check>/<rule>` or `<check>/<subject>/<rule>`, with the variable in brackets for a rule with a finding per variable. */
  readonly id: string;
  /** The key in the table of rules: `object-storage/<bucket>/access`. */
  readonly rule: string;
  /** The bucket, queue or variable, if the rule applies to several. */
  readonly subject?: string;
  /** The variable that it is about, if there is one. */
  readonly variable?: string;
  readonly status: Status;
  readonly title: string;
  readonly detail?: string;
  readonly expected?: string;
  /** As it is printed. */
  readonly fix?: string;
  readonly fixKind?: FixKind;
  readonly fixLanguage?: FixLanguage;
  /** The command removes or replaces something that may be needed. */
  readonly fixDestructive?: true;
  readonly docs?: string;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly evidence: Evidence;
  /** The finding that explains why this rule was not checked. */
  readonly dependsOn?: string;
  /** All findings with the same cause, including this one, if there is more than one. */
  readonly affected?: readonly string[];
  /** For a skip: the variable whose value is not known here. */
  readonly unknownVariable?: string;
  /** For a skip: the host to which the caller's credentials were not sent. */
  readonly withheldFrom?: string;
  /** For a skip: it was being checked when the run was interrupted. */
  readonly inProgress?: true;
  /** For a failure: no connection was made, by DNS, a firewall, a route, or nothing that listens. */
  readonly unreachable?: true;
  /** Whether it is about a resource in a plan, which need not exist yet. */
  readonly planned?: true;
}

/** A finding before findings with the same cause are folded. */
export interface RawFinding
  extends Omit<
    Finding,
    'fix' | 'fixKind' | 'fixLanguage' | 'fixDestructive' | 'dependsOn' | 'affected' | 'unreachable'
  > {
  readonly fix?: Fix;
  readonly cause?: Cause;
  /** Not checked, because a dependency failed. */
  readonly blocked?: boolean;
}

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  /** A short summary; defaults to the title of the first pass. */
  readonly summary?: string;
  /** The noun and names of the check's subjects: "bucket", "queue". */
  readonly subject?: { readonly noun: string; readonly names: readonly string[] };
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly findings: readonly RawFinding[];
}
