/** Operations that several checks or rules share within a run. */
import type { Run } from './check.ts';

/**
 * Runs an operation once per run, on first use: every caller gets the same promise. The result belongs to the whole run and
 * does not depend on the part of a check that called it first.
 */
export const oncePerRun =
  <T>(ask: (run: Run) => Promise<T>): ((run: Pick<Run, 'asked'>) => Promise<T>) =>
  ({ asked: { run, answers } }) => {
    const answer = answers.get(ask) ?? ask(run);
    answers.set(ask, answer);
    return answer as Promise<T>;
  };
