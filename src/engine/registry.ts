/** The providers of one choice: the only place to register a backend. */
import type { ChoiceName, ChoiceOf } from '../config/contract.ts';
import type { Run } from './check.ts';

export interface Registry<Provider> {
  /** The effective provider. @throws CheckStopped if the choice is invalid or not known here */
  providerOf(run: Pick<Run, 'choice'>): Provider;
  /** Like `providerOf`, but returns `undefined` instead of stopping. */
  knownProvider(run: Pick<Run, 'deployment'>): Provider | undefined;
}

/** @param providers one per value of the choice: a missing provider does not compile */
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
