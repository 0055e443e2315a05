/** The reports of several services, merged: what is the same is one entry that names its services. Its JSON is a public interface. */
import type { Perspective } from '../../config/options.ts';
import type { FixKind, FixLanguage } from '../../outcome/fix.ts';
import type { Status } from '../../outcome/status.ts';
import type { Comparison } from '../comparison/types.ts';
import type { Explained, Report, ReportFinding, Verdict } from '../types.ts';

export const MATRIX_KIND = 'matrix';
/** Increases when a field is removed or changes its meaning, but not when a field is added. */
export const MATRIX_VERSION = 1;

/** Something in which services can differ: service account, role, Secrets, node, network policies. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Why there is no report of a service: a failure of its own. */
export interface LostRun {
  /** One line. */
  readonly title: string;
  readonly detail: string;
  readonly fix: string;
  readonly fixKind?: FixKind;
  readonly fixLanguage?: FixLanguage;
}

interface RunOfService {
  readonly service: Perspective;
  readonly facts?: readonly Fact[];
}

/** What came of a service's run. */
export type ServiceRun = RunOfService & ({ readonly report: Report } | { readonly lost: LostRun });

/** A column of the matrix. */
export interface MatrixRun {
  /** The service, with its host where there are several reports of one service: `server@host`. */
  readonly name: string;
  readonly service: Perspective;
  readonly facts: readonly Fact[];
  /** With what the other runs say about its skips; absent for a lost run. */
  readonly verdict?: Verdict;
  /** As it was; absent for a lost run. */
  readonly report?: Report;
  readonly lost?: LostRun;
}

/** One check of one service. A service without a cell was not asked. */
export interface MatrixCell {
  readonly run: string;
  readonly status: Status;
  readonly summary: string;
  /** For a pass that the service itself skipped: the run that tried the same. */
  readonly toldBy?: string;
}

/** A skip that another service's pass answers, because it tried the same. */
export interface Told {
  readonly run: string;
  readonly by: string;
}

/** In what the services with a failure differ from those that pass. */
export interface Difference {
  readonly name: string;
  /** The values of the services with this entry. */
  readonly here: readonly string[];
  /** The values of the services that pass. */
  readonly there: readonly string[];
}

/** One result of a rule with all services that have it: status, title, detail and fix are the same. If other services pass, the title says so. */
export interface MatrixEntry extends Omit<Explained, 'id'>, Pick<ReportFinding, 'status' | 'dependsOn'> {
  /** The names of the runs. */
  readonly runs: readonly string[];
  /** For a pass: the runs that skipped it, although they tried the same. */
  readonly told?: readonly Told[];
  /** For a failure or warning, if other services pass. */
  readonly differences?: readonly Difference[];
  /** What the results of all services together point to. */
  readonly hint?: string;
}

/** All results of one rule. */
export interface MatrixFinding extends Pick<ReportFinding, 'id' | 'rule' | 'subject'> {
  /** The worst of its entries. */
  readonly status: Status;
  readonly entries: readonly MatrixEntry[];
}

/** A row of the matrix. */
export interface MatrixCheck {
  readonly id: string;
  readonly title: string;
  /** The worst of its cells. */
  readonly status: Status;
  readonly cells: readonly MatrixCell[];
  readonly findings: readonly MatrixFinding[];
}

export interface Matrix {
  readonly kind: typeof MATRIX_KIND;
  readonly schemaVersion: typeof MATRIX_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  /** Of the first run, ISO 8601; `null` if all runs were lost. */
  readonly startedAt: string | null;
  /** From the start of the first run to the end of the last one. */
  readonly durationMs: number;
  readonly verdict: Verdict;
  /** Rules by their worst status; each lost run is one more failure. */
  readonly summary: Readonly<Record<Status, number>>;
  readonly runs: readonly MatrixRun[];
  readonly checks: readonly MatrixCheck[];
  /** Observations that are no failures, for people. */
  readonly notes: readonly string[];
  /** With `--baseline`: what changed since then. */
  readonly comparison?: Comparison;
}
