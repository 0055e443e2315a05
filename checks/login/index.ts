/** How people log in: with the admin login, and with single sign-on. */
import type { Deployment } from '../../src/config/deployment.ts';
import { type Check, type Context, defineCheck } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { databaseFinding } from '../database/rules.ts';
import { phaseOf } from '../phase.ts';
import { type LoginRule, RULES } from './rules.ts';

const ADMIN = ['ADMIN_USERNAME', 'ADMIN_PASSWORD'] as const;

const SAML = { 'saml/certificate': 'SAML_CERT', 'saml/key': 'SAML_KEY' } as const;

export const login: Check = defineCheck({
  id: 'login',
  title: 'Login',
  rules: RULES,
  variable: 'ADMIN_USERNAME',
  programs: ['openssl'],

  expects: ({ deployment }) => {
    if (deployment.service !== undefined && deployment.service !== 'server') return [];
    return ['admin', ...samlRules(deployment)];
  },

  plan: ({ deployment }) => {
    const saml = samlRules(deployment);
    const reading = { rules: saml, does: 'reads the SAML certificate and its key, only on this machine', at: [] };
    return [
      { rules: ['admin'], does: 'determines whether an admin login is needed', at: [] },
      ...(saml.length > 0 ? [reading] : []),
    ];
  },

  async run(context) {
    const saml = samlRules(context.deployment);
    await Promise.all([
      context.check('admin', () => checkAdmin(context)),
      saml.length > 0 ? (await import('./saml.ts')).checkSaml(context, saml) : undefined,
    ]);
  },
});

const samlRules = ({ lookup }: Deployment): LoginRule[] =>
  (Object.keys(SAML) as (keyof typeof SAML)[]).filter((rule) => lookup(SAML[rule]).state !== 'unset');

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
