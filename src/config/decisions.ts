/** What a decisions file (`preflight.yaml`) decides: it is in the repository, so the report names everything that it does. */

/** Why a warning is accepted. */
export interface Accepted {
  readonly reason: string;
  /** Who accepted it. */
  readonly who?: string;
  /** The last day, YYYY-MM-DD. */
  readonly until?: string;
  /** Whether that day is over (UTC): the warning counts again. */
  readonly isExpired?: boolean;
  /** Where it is decided: "preflight.yaml:4". */
  readonly where?: string;
}

export interface Decisions {
  /** The path as given. */
  readonly file: string;
  readonly profile?: string;
  /** By finding ID. */
  readonly accepted: Readonly<Record<string, Accepted>>;
  readonly skipped: readonly SkippedRules[];
  /** Patterns of rules that must not be skipped. */
  readonly required: readonly string[];
  /** By name, as on the command line: those that neither it nor a variable sets. */
  readonly options: Readonly<Record<string, string>>;
}

export interface SkippedRules {
  /** A pattern of rule IDs. */
  readonly id: string;
  readonly reason: string;
  readonly where: string;
}
