/** What a check is: the types that every check module sees. */
import type { ChoiceName, ChoiceOf, ValueName } from '../config/contract.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Environment, RunOptions } from '../config/options.ts';
import type { Fix } from '../outcome/fix.ts';
import type { Issue, Outcome, Skip } from '../outcome/outcome.ts';
import type { FindingId } from './finding-id.ts';

export interface Example {
  /** The finding's title, with names as a real deployment has them. */
  readonly found: string;
  /** Its way out; lines are kept. */
  readonly fix: string;
}

/** One row of a check's table of rules. `explain`, the documentation and the tests' coverage read it. */
export interface Rule {
  /** What holds when the rule passes, as a short phrase: "versioning is on". */
  readonly title: string;
  /** What is done to find out, and how the result is judged. */
  readonly procedure: string;
  /** What goes wrong in Spacelift without it. */
  readonly rationale: string;
  /** The permission that looking takes, in the provider's own words. */
  readonly permission?: string;
  /** The general way out; a finding's own `fix` has the real names in it. */
  readonly fix: string;
  /** One finding as a report would have it. */
  readonly example: Example;
  /** The section of the vendor's documentation that the rule comes from. */
  readonly docs: string;
}

/** Whom TLS trusts, and by which proxies requests go. */
export interface Surroundings {
  /** The certificate authorities, PEM; read when first asked for. */
  readonly authorities: () => readonly string[];
  /** The variables that name the proxies (HTTPS_PROXY …). */
  readonly proxies: Environment;
}

/** What the network gives to the engine, which knows none itself. */
export interface NetworkContext extends Surroundings {
  /** The same of the caller alone: for requests that carry the caller's credentials. */
  readonly own: Surroundings;
  /** The error of an operation that its deadline has ended. */
  readonly timedOut: () => Error;
}

/** What every check of one run shares. */
export interface Run extends Omit<NetworkContext, 'timedOut'> {
  readonly deployment: Deployment;
  readonly options: RunOptions;
  /** Names what the run writes: `spacelift-preflight/<id>/…`. */
  readonly id: string;
  /** Aborted by the run's timeout, SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Has these values masked in all that is reported: what a library has obtained, such as tokens and keys of a session. */
  conceal(...values: readonly (string | undefined)[]): void;
  /** The value of a variable; stops the check when it is missing, unusable, or not known here. */
  require(name: ValueName): string;
  /** The value in force of a choice; stops the check when it is unusable, or not known here. */
  choice<Name extends ChoiceName>(name: Name): ChoiceOf<Name>;
  /** As `need`, but `undefined` when the variable is unset and has no default. */
  get(name: ValueName): string | undefined;
  /** Asks once per run: the same function gives every caller the same promise. */
  once<T>(ask: (run: Run) => Promise<T>): Promise<T>;
  /**
   * Registers, before something is written, how to remove it. Runs at the end of the run, whatever ends it, unless
   * `done` was called. `command` is what a person would run when removing fails.
   */
  cleanup(what: string, command: Fix | undefined, remove: (signal: AbortSignal) => Promise<unknown>): { done(): void };
  /**
   * Runs one operation under a deadline in ms; its signal is aborted by the deadline or by the run.
   * @throws NetworkError of kind `timeout`, even when the operation ignores its signal
   */
  withTimeout<T>(ms: number, operation: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export type MaybeOutcome = Outcome | Promise<Outcome>;

/** What one check sees: the run, and its own rules to judge. */
export interface Context<Key extends string> extends Run {
  /** Judges one rule: runs `how`, times it, and records the outcome. What it throws is a failure, never a crash. */
  check(rule: Key, how: () => MaybeOutcome): Promise<Outcome>;
  /** As `judge`, and a failure or a skip (other than by request) stops what follows. */
  gate(rule: Key, how: () => MaybeOutcome): Promise<void>;
  /** The part of a check about one subject (a bucket, a queue); a stop inside ends that part alone. */
  forSubject(subject: string, part: (context: Context<Key>) => Promise<void>): Promise<void>;
  /**
   * Waits for a finding of an earlier check, and stops with its cause when it failed.
   * @throws Error when that check has no such rule
   */
  dependsOn(id: FindingId): Promise<void>;
  /** Whether the rule was selected by `--only` and `--skip`. */
  selected(rule: Key): boolean;
}

/** A permission that an operation takes, in the words of the system that grants it. */
export interface Grant {
  readonly system: 'postgresql' | 'aws' | 'minio' | 'gcp' | 'azure';
  /** `s3:PutObject`, a role, a privilege. */
  readonly action: string;
  /** ARN, bucket, scope: what it is granted on. */
  readonly resource: string;
  /** AWS: narrows the statement. */
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** No service of Spacelift needs it: without it, less is verified, or more stays behind. */
  readonly further?: true;
}

/** Something that a run would do, told without doing it. */
export interface PlannedOperation {
  /** The finding ids that it serves, without the check's own. */
  readonly rules: readonly string[];
  /** "reads the lifecycle rules". */
  readonly does: string;
  /** Hosts, buckets, queues; none for what happens on this machine alone. */
  readonly at: readonly string[];
  /** What it writes, and how that goes away; absent when it writes nothing. */
  readonly writes?: string;
  readonly grants?: readonly Grant[];
}

/** What `cleanup` did in one place. */
export interface CleanupResult {
  /** Bucket, queue. */
  readonly place: string;
  /** "3 objects from run <id>". */
  readonly removed: readonly string[];
  /** What is there by design. */
  readonly kept?: string;
  /** Why something was not removed, or not looked for. */
  readonly issue?: Issue | Skip;
}

/** One module per dependency under `checks/`. */
export interface Check<Key extends string = string> {
  readonly id: string;
  /** As a heading of the report. */
  readonly title: string;
  /** By rule key, in report order. In `<bucket>/access`, `<bucket>` stands for each of the subjects. */
  readonly rules: Readonly<Record<Key, Rule>>;
  readonly subjects?: readonly string[];
  /** What its fixes run of the programs that belong to a backend (`aws`, `mc`): an example that begins with one is a command. */
  readonly programs?: readonly string[];
  /** The finding ids (without the check's own) that this deployment must get; none when the check does not apply. */
  expects(run: Run): readonly string[];
  run(context: Context<Key>): Promise<void>;
  /** What was found, for the check's one line in the report: "10 buckets on MinIO at minio:9000". */
  summary?(run: Run): string | undefined;
  /**
   * What `run` would do, from the config alone; a check without it contacts nothing. An operation for every id of `expects`,
   * but for those that are skipped unseen.
   * @throws CheckStopped when what it needs of the config is missing or unusable
   */
  plan?(run: Run): readonly PlannedOperation[] | Promise<readonly PlannedOperation[]>;
  /**
   * Removes what an earlier run left that was killed, and nothing else. A check without it leaves nothing that outlives its
   * process.
   * @throws CheckStopped when what it needs of the config is missing or unusable
   */
  removeLeftovers?(run: Run): Promise<readonly CleanupResult[]>;
}

/** Ties a check's function to its table: a rule that is not in the table does not compile. */
export function defineCheck<const Rules extends Readonly<Record<string, Rule>>>(
  check: Omit<Check<keyof Rules & string>, 'rules'> & { readonly rules: Rules },
): Check {
  return check as unknown as Check;
}

const PLACEHOLDER = /<([a-z]+)>/;

/** What the check has several of, from the placeholder of its rules: `<bucket>` → "bucket". */
export function nounOf(check: Check): string | undefined {
  return PLACEHOLDER.exec(Object.keys(check.rules).join())?.[1];
}

/** The key of a rule with its subject in place: `<bucket>/access`, `states` → `states/access`. */
export function withSubject(key: string, subject: string | undefined): string {
  return subject === undefined ? key : key.replace(PLACEHOLDER, subject);
}

/** Every finding id that a check can have, in report order: subjects first, then their rules. */
export function idsOf(check: Check): string[] {
  const keys = Object.keys(check.rules);
  const perSubject = keys.filter((key) => PLACEHOLDER.test(key));
  const subjects = (check.subjects ?? []).flatMap((subject) => perSubject.map((key) => withSubject(key, subject)));
  return [...subjects, ...keys.filter((key) => !PLACEHOLDER.test(key))].map((key) => `${check.id}/${key}`);
}
