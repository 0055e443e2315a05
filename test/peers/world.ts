/** An on-premises deployment on loopback, one of whose parts a peer replaces. */
import { CHECKS } from '../../checks/index.ts';
import { startDemo } from '../../demo/deployment.ts';
import { expectNoLeak } from '../support/leaks.ts';
import { type Options, preflight, type Result, type Variables } from '../support/preflight.ts';

export interface World {
  readonly variables: Variables;
  /** Runs every check, with these variables in place of the deployment's own. No secret may show. */
  check(changed: Variables, options?: Options): Promise<Result>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const demo = await startDemo();
  return {
    variables: demo.variables,
    check: async (changed, options = {}) => {
      const variables = { ...demo.variables, ...changed };
      const result = await preflight(CHECKS, variables, options);
      expectNoLeak(variables, result.run, result.deployment);
      return result;
    },
    stop: () => demo.stop(),
  };
}

/** What failed and what warned: for a healthy deployment, nothing. */
export const judged = (result: Result): { fail: string[]; warn: string[] } => ({
  fail: result.ids('fail'),
  warn: result.ids('warn'),
});
export const HEALTHY = { fail: [], warn: [] };
