/** How people log in: with the admin login, and with single sign-on. */
import { DOCS } from '../../src/config/contract.ts';
import { type Context, defineCheck } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { databaseFinding } from '../database/rules.ts';
import { phaseOf } from '../phase.ts';

const ADMIN = ['ADMIN_USERNAME', 'ADMIN_PASSWORD'] as const;

export const login = defineCheck({
  id: 'login',
  title: 'Login',
  rules: {
    admin: {
      title: 'somebody can log in to create the account',
      procedure:
        'Before installation, warns if neither ADMIN_USERNAME nor ADMIN_PASSWORD is set. Passes if the database contains Spacelift’s tables, or with --phase post-install: the admin login can then be disabled. Only the server needs it.',
      rationale:
        'The first person logs in with the admin login, creates the account, and configures single sign-on there. Without it, nobody can log in to a new installation.',
      fix: 'Set ADMIN_USERNAME and ADMIN_PASSWORD, and remove them after single sign-on works.',
      example: {
        found: 'there is no admin login, so nobody can create the account',
        fix: 'set ADMIN_USERNAME and ADMIN_PASSWORD; after single sign-on works, you can remove them',
      },
      docs: DOCS.firstSetup,
    },
  },

  expects: ({ deployment: { service } }) => (service === undefined || service === 'server' ? ['admin'] : []),

  plan: () => [{ rules: ['admin'], does: 'determines whether an admin login is needed', at: [] }],

  run: async (context) => void (await context.check('admin', () => checkAdmin(context))),
});

async function checkAdmin(context: Context<string>): Promise<Outcome> {
  const { deployment, options } = context;
  const half = deployment.configuration.find(({ rule }) => rule === 'admin-login')?.outcome;
  if (half?.status === 'fail') throw new CheckStopped(half);
  for (const name of ADMIN) {
    const found = deployment.lookup(name);
    if (found.state === 'unusable') throw new CheckStopped(found.outcome);
    if (found.state !== 'unset') return pass('the admin login is enabled');
  }
  if (deployment.incomplete) return skip('the admin login may be set in an environment file that is not known here');
  // A database that can't be read does not show whether there is an account.
  if (options.phase === 'auto') await context.dependsOn(databaseFinding('connect'));
  if ((await phaseOf(context)) === 'post-install') {
    return pass('the admin login is disabled, and Spacelift is installed', {
      detail: 'If single sign-on fails, nobody can log in until ADMIN_USERNAME and ADMIN_PASSWORD are set again.',
    });
  }
  return warn('there is no admin login, so nobody can create the account', {
    detail: 'Single sign-on is configured in the account, which the first person creates after logging in as admin.',
    expected: 'ADMIN_USERNAME and ADMIN_PASSWORD, until single sign-on works',
    fix: advice`set ADMIN_USERNAME and ADMIN_PASSWORD; after single sign-on works, you can remove them`,
    evidence: { variables: ADMIN },
  });
}
