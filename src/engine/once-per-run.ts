/** What several checks, or several rules, ask of one run. */
import type { Run } from './check.ts';

/**
 * A question that is asked once per run, when it first comes up: whoever asks gets the same promise. The answer is the
 * whole run's: it does not end with the part that has asked first.
 */
export const oncePerRun =
  <T>(ask: (run: Run) => Promise<T>): ((run: Pick<Run, 'asked'>) => Promise<T>) =>
  ({ asked: { run, answers } }) => {
    const answer = answers.get(ask) ?? ask(run);
    answers.set(ask, answer);
    return answer as Promise<T>;
  };
