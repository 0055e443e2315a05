/** The definition of a check: the types that every check module uses. */
import type { ChoiceName, ChoiceOf, ValueName, VariableName } from '../config/contract.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Environment, RunOptions } from '../config/options.ts';
import type { Fix } from '../outcome/fix.ts';
import type { Issue, Outcome, Skip } from '../outcome/outcome.ts';
import type { FindingId } from './finding-id.ts';
import type { Late } from './timeouts.ts';

export interface Example {
  /** The finding's title, with realistic names. */
  readonly found: string;
  /** Its fix; line breaks are preserved. */
  readonly fix: string;
}

/** One row in a check's table of rules, used by `explain`, the docs and the coverage test. */
export interface Rule {
  /** What is true when the rule passes, as a short phrase: "versioning is enabled". */
  readonly title: string;
  /** It has a failure or warning per variable, with the variable in brackets: `configuration/value[SERVER_DOMAIN]`. */
  readonly perVariable?: boolean;
  /** What the check does and how it evaluates the result: "Connects to …". */
  readonly procedure: string;
  /** What breaks in Spacelift if the rule fails. */
  readonly rationale: string;
  /** The permission that the check needs, in the provider's terms. */
  readonly permission?: string;
  /** The general fix; a finding's `fix` contains the actual names. */
  readonly fix: string;
  /** An example finding, as in a report. */
  readonly example: Example;
  /** The section in Spacelift's docs that the rule is based on. */
  readonly docs: string;
}

/** The certificate authorities (CAs) that TLS trusts, and the proxies that requests use. */
export interface NetworkSettings {
  /** The certificate authorities (CAs), PEM; read on first use. */
  readonly authorities: () => readonly string[];
  /** The proxy variables (HTTPS_PROXY …). */
  readonly proxies: Environment;
}

/** Network functions for the engine, which does not import any itself. */
export interface NetworkContext extends NetworkSettings {
  /** The same, only from the caller: for requests with the caller's credentials. */
  readonly own: NetworkSettings;
  /** The error of an operation that exceeded its deadline. */
  readonly timedOut: Late;
}

/** The state that all checks of a run share. */
export interface Run extends Omit<NetworkContext, 'timedOut'> {
  readonly deployment: Deployment;
  readonly options: RunOptions;
  /** Part of the name of everything that the run writes: `spacelift-preflight/<id>/…`. */
  readonly id: string;
  /** Aborted by the run's timeout, SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Masks these values in all output: values that a library has obtained, such as session tokens and keys. */
  conceal(...values: readonly (string | undefined)[]): void;
  /** The value of a variable; stops the check when it is missing, unusable, or not known here. */
  require(name: ValueName): string;
  /** The effective value of a choice; stops the check when it is unusable or not known here. */
  choice<Name extends ChoiceName>(name: Name): ChoiceOf<Name>;
  /** Like `require`, but `undefined` when the variable is unset and has no default. */
  get(name: ValueName): string | undefined;
  /** Results that are shared by the whole run: used only by `oncePerRun`. */
  readonly asked: { readonly run: Run; readonly answers: Map<unknown, Promise<unknown>> };
  /**
   * Registers how to remove something before it is written. Executed at the end of the run, whatever ends it, unless
   * `done` was called. `command` is for the user if the removal fails. With `mayStay`, what is left does no harm.
   */
  cleanup(
    what: string,
    command: Fix | undefined,
    remove: (signal: AbortSignal) => Promise<unknown>,
    how?: { readonly mayStay?: boolean },
  ): { done(): void };
  /** Registers how to close something at the very end of the run, after everything that the run wrote is removed. */
  onEnd(dispose: () => unknown): void;
  /** How long an operation with this deadline is waited for, in whole ms: longer in proportion with a longer timeout of the run. */
  waitFor(ms: number): number;
  /**
   * Runs one operation under a deadline; its signal is aborted by the deadline or by the run.
   * @param ms the deadline, before `waitFor`
   * @throws NetworkError of kind `timeout`, even when the operation ignores its signal
   */
  withTimeout<T>(ms: number, operation: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Like `withTimeout`, but ended by the end of the cleanup, not of the run: for connections that the cleanup needs too. */
  withTimeoutUntilClosed: Run['withTimeout'];
}

export type MaybeOutcome = Outcome | Promise<Outcome>;

/** The view of one check: the run and the functions to check its own rules. */
export interface Context<Key extends string> extends Run {
  /**
   * Checks one rule: runs `how`, times it, and records the outcome. An error becomes a failure, never a crash.
   * @param variable for a rule that has a finding per variable
   */
  check(rule: Key, how: () => MaybeOutcome, variable?: string): Promise<Outcome>;
  /** Like `check`, but a failure or a skip (other than by request) stops the check. */
  gate(rule: Key, how: () => MaybeOutcome): Promise<void>;
  /** The part of a check for one subject (a bucket, a queue); a stop ends only that part. */
  forSubject(subject: string, part: (context: Context<Key>) => Promise<void>): Promise<void>;
  /**
   * Waits for a finding of an earlier check, and stops with its cause if it failed.
   * @throws Error when that check has no such rule
   */
  dependsOn(id: FindingId): Promise<void>;
  /** Whether the rule was selected by `--only` and `--skip`. */
  selected(rule: Key): boolean;
}

/** A permission that an operation needs, in the terms of the system that grants it. */
export interface Grant {
  readonly system: 'postgresql' | 'aws' | 'minio' | 'gcp' | 'azure';
  /** `s3:PutObject`, a role, a privilege. */
  readonly action: string;
  /** The resource of the grant: ARN, bucket, scope. */
  readonly resource: string;
  /** AWS: a condition that narrows the statement. */
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Not needed by any Spacelift service: without it, less is verified or more data is left behind. */
  readonly further?: true;
}

/** An operation that a run would perform, for `plan`. */
export interface PlannedOperation {
  /** The finding IDs that it serves, without the check's prefix. */
  readonly rules: readonly string[];
  /** "reads the lifecycle rules". */
  readonly does: string;
  /** Hosts, buckets, queues; empty for operations on this machine only. */
  readonly at: readonly string[];
  /** What it writes and how that is removed; absent when it writes nothing. */
  readonly writes?: string;
  readonly grants?: readonly Grant[];
}

/** What a Terraform plan says about a rule. */
export interface PlannedFinding {
  /** The key in the table of rules. */
  readonly rule: string;
  readonly subject?: string;
  readonly outcome: Outcome;
}

/** The result of `cleanup` in one bucket or queue. */
export interface CleanupResult {
  /** Bucket, queue. */
  readonly place: string;
  /** "3 objects from run <id>". */
  readonly removed: readonly string[];
  /** What is kept by design. */
  readonly kept?: string;
  /** Why something could not be removed or listed. */
  readonly issue?: Issue | Skip;
}

/** One module per dependency under `checks/`. */
export interface Check<Key extends string = string> {
  readonly id: string;
  /** As a heading of the report. */
  readonly title: string;
  /** By rule key, in report order. In `<bucket>/access`, `<bucket>` is a placeholder for each subject. */
  readonly rules: Readonly<Record<Key, Rule>>;
  readonly subjects?: readonly string[];
  /** The variable that its findings are about, unless they name another one. */
  readonly variable?: VariableName;
  /** The variable of each subject, for the findings about it. */
  readonly subjectVariables?: Readonly<Record<string, VariableName>>;
  /** Backend-specific programs in its fixes (`aws`, `mc`): an example that starts with one is a command. */
  readonly programs?: readonly string[];
  /** The finding IDs (without the check's prefix) that this deployment must get; empty when the check does not apply. */
  expects(run: Run): readonly string[];
  run(context: Context<Key>): Promise<void>;
  /** A summary for the check's line in the report: "10 buckets on MinIO at minio:9000". */
  summary?(run: Run): string | undefined;
  /**
   * What `run` would do, based only on the config; a check without it contacts nothing. Contains an operation for every ID in
   * `expects`, except for rules that are skipped without a test.
   * @throws CheckStopped when a variable that it needs is missing or unusable
   */
  plan?(run: Run): readonly PlannedOperation[] | Promise<readonly PlannedOperation[]>;
  /** Loads what tells from the Terraform plans in the config about its rules, without contacting anything. */
  planned?(): Promise<(run: Run) => readonly PlannedFinding[]>;
  /**
   * Removes what a killed earlier run left behind, and nothing else. A check without it leaves nothing behind when its
   * process ends.
   * @throws CheckStopped when a variable that it needs is missing or unusable
   */
  removeLeftovers?(run: Run): Promise<readonly CleanupResult[]>;
}

/** Ties a check to its table of rules: a rule that is not in the table does not compile. */
export function defineCheck<const Rules extends Readonly<Record<string, Rule>>>(
  check: Omit<Check<keyof Rules & string>, 'rules'> & { readonly rules: Rules },
): Check {
  return check as unknown as Check;
}

const PLACEHOLDER = /<([a-z]+)>/;

/** The noun for the check's subjects, from the placeholder in its rules: `<bucket>` → "bucket". */
export function nounOf(check: Check): string | undefined {
  return PLACEHOLDER.exec(Object.keys(check.rules).join())?.[1];
}

/** A rule key with its subject filled in: `<bucket>/access`, `states` → `states/access`. */
export function withSubject(key: string, subject: string | undefined): string {
  return subject === undefined ? key : key.replace(PLACEHOLDER, subject);
}

/** Whether an ID is that of a rule with a finding per variable. */
export const perVariable =
  (checks: readonly Check[]) =>
  (id: string): boolean =>
    checks.some(
      (check) => check.rules[id.slice(check.id.length + 1)]?.perVariable === true && id.startsWith(`${check.id}/`),
    );

/** Every finding ID that a check can have, without variables, in report order: subjects first, then their rules. */
export function idsOf(check: Check): string[] {
  const keys = Object.keys(check.rules);
  const perSubject = keys.filter((key) => PLACEHOLDER.test(key));
  const subjects = (check.subjects ?? []).flatMap((subject) => perSubject.map((key) => withSubject(key, subject)));
  return [...subjects, ...keys.filter((key) => !PLACEHOLDER.test(key))].map((key) => `${check.id}/${key}`);
}
