/** The report, from which all formats and the exit code are derived. Its JSON is a public interface. */

import type { Accepted, Decisions } from '../config/decisions.ts';
import type { Location } from '../config/entry.ts';
import type { Perspective, Pinned, Place, ReportPhase, Service } from '../config/options.ts';
import type { ReleaseSource } from '../config/release.ts';
import type { Leftover } from '../engine/cleanup.ts';
import type { FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Evidence, Status, Verdict } from '../outcome/status.ts';
import type { Comparison } from './comparison/types.ts';

/** Increases when a field is removed or changes its meaning, but not when a field is added. */
export const SCHEMA_VERSION = 1;
/** Tells a report from the other JSON documents of this tool. */
export const REPORT_KIND = 'report';
export type { Verdict };

/** A difference between two releases. */
export interface ReportChange {
  /** The first release with it. */
  readonly since: string;
  readonly change: string;
  /** What to do about it, if anything. */
  readonly action?: string;
  readonly docs: string;
}

export interface ReportRelease {
  /** `null` if it is not known: the reference documentation applies. */
  readonly version: string | null;
  readonly source: ReleaseSource;
  /** How it is known, or why it is not, for people. */
  readonly reason: string;
  /** The release in the config, if `--release` names another one. */
  readonly from?: string;
  /** With `from`: what an upgrade changes, or what an older release lacks. */
  readonly changes?: readonly ReportChange[];
}

/** Who accepted a warning, until when, and where it says so. */
export type ReportDecision = Accepted;

export interface ReportFinding {
  /** `<check>/<rule>` or `<check>/<subject>/<rule>`; with the variable in brackets where there can be a finding per variable. */
  readonly id: string;
  /** The key of the rule, such as `object-storage/<bucket>/access`. */
  readonly rule?: string;
  /** The bucket, queue or variable, for rules that apply to each of several. */
  readonly subject?: string;
  /** The variable that it is about, if there is one; where it is set is in `variables`. */
  readonly variable?: string;
  readonly status: Status;
  /** One line. */
  readonly title: string;
  /** An observation that adds to the title, or empty. */
  readonly detail: string;
  readonly expected?: string;
  readonly fix?: string;
  /** Commands and settings can be pasted as they are; advice is prose. */
  readonly fixKind?: FixKind;
  /** The language of a command: POSIX shell or psql. */
  readonly fixLanguage?: FixLanguage;
  /** The command removes or replaces something that may be needed: review it first. */
  readonly fixDestructive?: boolean;
  readonly docs?: string;
  /** The reason for accepting the warning (`--accept`, or a decisions file); absent if the decision expired. */
  readonly accepted?: string;
  /** The decision about the warning in a decisions file. */
  readonly decision?: ReportDecision;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  /** For people; programs should use the other fields. */
  readonly evidence: Evidence;
  /** The finding that explains why this one was not checked. */
  readonly dependsOn?: string;
  /** All findings with the same cause, including this one, if there is more than one. */
  readonly affected?: readonly string[];
  /** For a skip: the variable whose value is unknown. */
  readonly unknownVariable?: string;
  /** For a skip: the host to which the caller's credentials were not sent. */
  readonly withheldFrom?: string;
  /** For a skip: it was being checked when the run was interrupted. */
  readonly inProgress?: boolean;
  /** For a failure: no connection was made, by DNS, a firewall, a route, or nothing that listens. */
  readonly unreachable?: boolean;
  /** Whether it is about a resource in a Terraform plan, which need not exist yet. */
  readonly planned?: boolean;
}

/** What a check tried, so that two reports are comparable. */
export interface ReportOperation {
  /** The IDs of the findings that depend on it. */
  readonly rules: readonly string[];
  /** "writes an object of 64 bytes, reads it back and deletes it" */
  readonly does: string;
  /** Hosts, buckets, queues; empty for operations on the machine itself. */
  readonly at: readonly string[];
}

export interface ReportCheck {
  readonly id: string;
  readonly title: string;
  /** The worst of its findings: fail, warn, pass, skip. */
  readonly status: Status;
  /** A short summary: the result, the number of failures, or the reason for a skip. */
  readonly summary: string;
  /** From the start of the run. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly findings: readonly ReportFinding[];
  /** Absent if the check only read the config, and in reports of earlier versions. */
  readonly operations?: readonly ReportOperation[];
}

/** Where a variable is set; its value is not part of the report. */
export interface ReportVariable {
  readonly name: string;
  readonly service: Service | 'all';
  /** For people. */
  readonly origin: string;
  /** For programs; absent for the environment. */
  readonly location?: Location;
  /** Whether this value is in effect for a service; otherwise, another one overrides it. */
  readonly used: boolean;
}

/** A dependency that neither the config nor an option names. */
export interface NotVerified {
  readonly title: string;
  readonly detail: string;
  readonly fix: string;
}

export interface Report {
  /** Absent in reports of earlier versions. */
  readonly kind?: typeof REPORT_KIND;
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** The name of the machine, container or pod on which it ran; absent in reports of earlier versions. */
  readonly host?: string;
  /** The config files as given, or "standard input"; none if the environment was the config. Absent in reports of earlier versions. */
  readonly configFiles?: readonly string[];
  /** The value of `SERVER_DOMAIN`; absent if it is not known, and in reports of earlier versions. */
  readonly domain?: string;
  /** Whether it ran inside Spacelift's network (`--from`). Absent in reports of earlier versions. */
  readonly from?: Place;
  /** Whether nothing was written (`--read-only`). Absent in reports of earlier versions. */
  readonly readOnly?: boolean;
  readonly phase: ReportPhase;
  /** How the phase is known, for people. Absent in reports of earlier versions. */
  readonly phaseReason?: string;
  /** `null` if all services were checked together. */
  readonly service: Perspective | null;
  /** The release of Self-Hosted that the rules are for. */
  readonly release?: ReportRelease;
  /** Whether SIGINT or SIGTERM ended the run. */
  readonly interrupted: boolean;
  readonly verdict: Verdict;
  readonly summary: Readonly<Record<Status, number>>;
  readonly checks: readonly ReportCheck[];
  /** The variables that Spacelift or a cloud SDK reads and that are set, at most 1,000; several values of one in order. */
  readonly variables: readonly ReportVariable[];
  readonly notVerified: readonly NotVerified[];
  /** Items that the run created and did not remove. */
  readonly leftovers: readonly Leftover[];
  /** What can't be changed after installation, for a later run with this baseline. Absent in reports of earlier versions. */
  readonly pinned?: Pinned;
  /** What a decisions file (`preflight.yaml`) decided. */
  readonly decisions?: Decisions;
  /** With `--baseline`: what changed since then. */
  readonly comparison?: Comparison;
}

/** A failure or warning with its explanation, in a report or a matrix. */
export type Explained = Pick<
  ReportFinding,
  | 'id'
  | 'title'
  | 'detail'
  | 'expected'
  | 'fix'
  | 'fixKind'
  | 'fixLanguage'
  | 'docs'
  | 'accepted'
  | 'decision'
  | 'affected'
>;
