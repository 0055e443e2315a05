/** Provides a check with the run and the functions to check its own rules. */
import { setImmediate } from 'node:timers/promises';
import { type Cause, cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, skip } from '../outcome/outcome.ts';
import type { Evidence } from '../outcome/status.ts';
import { lookup } from '../util/lookup.ts';
import { type Check, type Context, type MaybeOutcome, nounOf, type Run, withSubject } from './check.ts';
import type { CheckResult, RawFinding } from './finding.ts';
import { idWithVariable, partsOf } from './finding-id.ts';
import { BY_REQUEST } from './select.ts';
import { CrashedError, InterruptedError, RunTimeoutError, unlessAborted } from './timeouts.ts';

/** The title of findings that an interruption came before. */
const INTERRUPTED = 'interrupted before it was checked';
const IN_PROGRESS = skip('interrupted while it was being checked', { inProgress: true });

/** Whether the run ended before the result of the rule was known. */
export const isUnfinished = ({
  title,
  inProgress,
  cause: behind,
}: Pick<RawFinding, 'title' | 'inProgress' | 'cause'>): boolean =>
  title === INTERRUPTED || inProgress === true || behind?.isTimeout === true;

/** Collects one check's findings while it runs, and ensures that every expected finding exists at the end. */
export class CheckRecorder {
  readonly #check: Check;
  readonly #expected: readonly string[];
  readonly #findings: RawFinding[] = [];
  readonly #selected: (id: string) => boolean;
  readonly #notify: (finding: RawFinding) => void;
  readonly #waiting = new Map<string, ((finding: RawFinding) => void)[]>();
  #began = 0;
  #startMs = 0;
  #durationMs = 0;
  #summary: string | undefined;
  #closed = false;

  constructor(
    check: Check,
    expected: readonly string[],
    selected: (id: string) => boolean,
    notify: (f: RawFinding) => void,
  ) {
    this.#check = check;
    this.#expected = expected.map((id) => `${check.id}/${id}`);
    this.#selected = selected;
    this.#notify = notify;
  }

  /**
   * Runs the check to its end. Never throws: an error from the check becomes the outcome of all unchecked rules.
   * @param began when the run started, in `performance.now()` time
   */
  async run(run: Run, findingOf: Finder, began: number): Promise<void> {
    const started = performance.now();
    this.#began = began;
    this.#startMs = started - began;
    if (this.#expected.some(this.#selected)) {
      await this.#part(run, findingOf, undefined, (context) => this.#check.run(context));
      this.#summary = this.#summarize(run);
    }
    this.#settle(this.#expected, skip('not checked'), started);
    this.#closed = true;
    this.#durationMs = performance.now() - started;
  }

  /** Resolves to the finding with this ID once it exists; `undefined` if this run will not have it. */
  find(id: string): Promise<RawFinding | undefined> {
    if (!this.#expected.includes(id) || !this.#selected(id)) return Promise.resolve(undefined);
    const found = this.#findings.find((finding) => finding.id === id);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]));
  }

  result(): CheckResult {
    const order = new Map(this.#expected.map((id, index) => [id, index]));
    const position = (finding: RawFinding) => order.get(partsOf(finding.id).base) ?? this.#expected.length;
    const noun = nounOf(this.#check);
    return {
      id: this.#check.id,
      title: this.#check.title,
      ...(this.#summary !== undefined && { summary: this.#summary }),
      ...(noun !== undefined && { subject: { noun, names: this.#check.subjects ?? [] } }),
      startMs: this.#startMs,
      durationMs: this.#durationMs,
      findings: this.#findings.toSorted((a, b) => position(a) - position(b)),
    };
  }

  /** Runs the check, or its part for one subject; a stop ends the unchecked rules of that part. */
  async #part(run: Run, findingOf: Finder, subject: string | undefined, part: Part): Promise<void> {
    const started = performance.now();
    const where: Where = {
      id: `${this.#check.id}${subject === undefined ? '' : `/${subject}`}`,
      notStarted: run.signal.aborted,
    };
    try {
      run.signal.throwIfAborted();
      await unlessAborted(run.signal, part(this.#context(run, findingOf, subject, where)));
    } catch (error) {
      // When the run ends, active rules record first, so that the report shows where the check was.
      if (run.signal.aborted) await setImmediate();
      const outcome = outcomeOf(error, where);
      const prefix = subject === undefined ? '' : `${this.#check.id}/${subject}/`;
      this.#settle(
        this.#expected.filter((id) => id.startsWith(prefix)),
        outcome,
        started,
      );
    }
  }

  #context(run: Run, findingOf: Finder, subject: string | undefined, where: Where): Context<string> {
    const idOf = (rule: string) => `${this.#check.id}/${withSubject(rule, subject)}`;
    const checkRule = async (rule: string, how: () => MaybeOutcome, variable?: string): Promise<Outcome> => {
      const id = idWithVariable(idOf(rule), variable);
      const started = performance.now();
      if (!this.#selected(id)) {
        if (this.#selected(idOf(rule))) this.#leaveOut(id, started);
        return skip('not selected');
      }
      // A check continues after the run has ended, but must not start any more rules.
      run.signal.throwIfAborted();
      let outcome: Outcome;
      let blocked = false;
      try {
        outcome = await unlessAborted(run.signal, Promise.resolve().then(how));
      } catch (error) {
        blocked = error instanceof CheckStopped;
        outcome = error instanceof InterruptedError ? IN_PROGRESS : outcomeOf(error, { id });
      }
      return this.#record(id, outcome, started, blocked);
    };
    return {
      ...run,
      check: checkRule,
      gate: async (rule, how) => {
        const outcome = await checkRule(rule, how);
        if (outcome.status === 'fail') throw new CheckStopped(outcome);
        if (outcome.status === 'skip' && this.#selected(idOf(rule))) throw new CheckStopped(outcome);
      },
      forSubject: (name, part) => this.#part(run, findingOf, name, part),
      dependsOn: async (id) => {
        where.waitsFor = id;
        const finding = await unlessAborted(run.signal, findingOf(id));
        delete where.waitsFor;
        if (finding?.status === 'fail') throw new CheckStopped({ ...finding, status: 'fail' });
      },
      selected: (rule) => this.#selected(idOf(rule)),
    };
  }

  #summarize(run: Run): string | undefined {
    try {
      return this.#check.summary?.(run);
    } catch {
      return undefined;
    }
  }

  #record(id: string, outcome: Outcome, started: number, blocked: boolean): Outcome {
    const times = { startMs: started - this.#began, durationMs: performance.now() - started };
    // A failure without a cause is its own cause, so that dependent findings can point to it.
    const caused = outcome.status === 'fail' ? { ...outcome, cause: outcome.cause ?? cause.finding(id) } : outcome;
    const about = aboutOf(this.#check, id);
    const variable = variableOf(this.#check, about, caused.evidence);
    const finding: RawFinding = {
      evidence: {},
      ...caused,
      ...about,
      ...(variable !== undefined && { variable }),
      ...times,
      ...(blocked && { blocked }),
    };
    const rule = this.#check.rules[about.rule.slice(this.#check.id.length + 1)];
    const docs = caused.status === 'warn' || caused.status === 'fail' ? (caused.docs ?? rule?.docs) : undefined;
    this.#add(docs === undefined ? finding : { ...finding, docs });
    return caused;
  }

  /** Records the outcome for every ID that has no finding yet. */
  #settle(ids: readonly string[], outcome: Outcome, started: number): void {
    const have = new Set(this.#findings.map((finding) => partsOf(finding.id).base));
    for (const id of ids) {
      if (have.has(id)) continue;
      if (this.#selected(id)) this.#record(id, outcome, started, true);
      else this.#leaveOut(id, started);
    }
  }

  /** Records that a finding was not selected. */
  #leaveOut(id: string, started: number): void {
    const startMs = started - this.#began;
    const about = aboutOf(this.#check, id);
    this.#add({ ...about, status: 'skip', title: BY_REQUEST, startMs, durationMs: 0, evidence: {} });
  }

  #add(finding: RawFinding): void {
    if (this.#closed) return;
    this.#findings.push(finding);
    this.#notify(finding);
    for (const resolve of this.#waiting.get(finding.id) ?? []) resolve(finding);
    this.#waiting.delete(finding.id);
  }
}

/** Where a check was when it ended early. */
interface Where {
  readonly id: string;
  readonly notStarted?: boolean;
  /** The finding that it was waiting for. */
  waitsFor?: string;
}

type Part = (context: Context<string>) => Promise<void>;
type Finder = (id: string) => Promise<RawFinding | undefined>;

/**
 * `object-storage/states/access`: the rule `object-storage/<bucket>/access` for the subject `states`;
 * `configuration/value[SERVER_DOMAIN]`: the rule `configuration/value` for the subject `SERVER_DOMAIN`.
 */
function aboutOf(check: Check, id: string): Pick<RawFinding, 'id' | 'rule' | 'subject'> {
  const { base, variable } = partsOf(id);
  if (variable !== undefined) return { ...aboutOf(check, base), id, subject: variable };
  const rule = id.slice(check.id.length + 1);
  const [subject, tail] = [rule.slice(0, rule.indexOf('/')), rule.slice(rule.indexOf('/'))];
  const ofEach = Object.keys(check.rules).find((key) => key.startsWith('<') && key.endsWith(`>${tail}`));
  if (rule in check.rules || ofEach === undefined) return { id, rule: id };
  return { id, rule: `${check.id}/${ofEach}`, subject };
}

const VARIABLE = /^[A-Z_][A-Z0-9_]*$/;

/** The one in brackets, the one that the evidence names, that of the subject, or that of the check. */
function variableOf(
  { variable, subjectVariables = {} }: Check,
  { subject = '' }: Pick<RawFinding, 'subject'>,
  evidence: Evidence = {},
): string | undefined {
  if (VARIABLE.test(subject)) return subject;
  const named = evidence.variable ?? (Array.isArray(evidence.variables) ? evidence.variables[0] : undefined);
  return typeof named === 'string' ? named : (lookup(subjectVariables, subject) ?? variable);
}

/** `object-storage/states/access` → `object-storage`. */
const checkOf = (id: string): string => id.split('/')[0] ?? id;

function outcomeOf(error: unknown, where: Where): Exclude<Outcome, { status: 'pass' }> {
  if (error instanceof CheckStopped) return isInProgress(error.outcome) ? skip(INTERRUPTED) : error.outcome;
  if (error instanceof InterruptedError) return skip(INTERRUPTED);
  if (error instanceof RunTimeoutError) {
    return fail(`${where.notStarted ? 'was not reached' : 'did not finish'} within ${error.seconds} s`, {
      expected: `a result within ${error.option} ${error.seconds}`,
      fix: advice`find out why the dependency is slow, or increase ${error.option}`,
      cause: cause.runTimeout(checkOf(where.waitsFor ?? where.id)),
    });
  }
  if (error instanceof CrashedError) {
    return unexpected(error.error, {
      detail: 'An error outside any check ended the run',
      cause: cause.crash(checkOf(where.id)),
    });
  }
  return unexpected(error, {
    detail: 'This check crashed; the other checks are not affected',
    cause: cause.bug(where.id),
  });
}

/** Of the rule that was being checked, not of those that wait for it. */
const isInProgress = (outcome: Outcome): boolean => outcome.status === 'skip' && outcome.inProgress === true;

/** Only the name, code and location: a library's message may contain anything. */
function unexpected(error: unknown, { detail, cause: behind }: { detail: string; cause: Cause }): Issue {
  const { name, code, stack } = (error ?? {}) as { name?: unknown; code?: unknown; stack?: unknown };
  const at = typeof stack === 'string' ? /\n\s+at .*?([\w.-]+:\d+):\d+/.exec(stack)?.[1] : undefined;
  return fail(`unexpected error: ${[name, code].filter((part) => typeof part === 'string').join(' ') || 'unknown'}`, {
    detail: `${detail}${at === undefined ? '' : ` (${at})`}.`,
    fix: advice`report this finding as a bug in spacelift-preflight`,
    cause: behind,
  });
}
