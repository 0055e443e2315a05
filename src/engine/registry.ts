/** The providers of one choice: the one place where a backend is registered. */
import type { ChoiceName, ChoiceOf } from '../config/contract.ts';
import type { Run } from './check.ts';

export interface Registry<Provider> {
  /** The provider in force. @throws CheckStopped if the choice is invalid, or not known here */
  providerOf(run: Pick<Run, 'choice'>): Provider;
  /** Like `providerOf`, but `undefined` where that stops. */
  knownProvider(run: Pick<Run, 'deployment'>): Provider | undefined;
}

/** @param providers one for each value of the choice: a value without one does not compile */
export const registry = <Name extends ChoiceName, Provider>(
  choice: Name,
  providers: Readonly<Record<ChoiceOf<Name>, Provider>>,
): Registry<Provider> => ({
  providerOf: (run) => providers[run.choice(choice)],
  knownProvider: ({ deployment }) => {
    const chosen = deployment.chosen(choice);
    return chosen && providers[chosen];
  },
});
