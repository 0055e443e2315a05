/** The license: a token that can be read without its key, or one that Spacelift checks out of AWS by itself. */

import { DOCS, type LicenseType } from '../../src/config/contract.ts';
import { defineCheck, type Run } from '../../src/engine/check.ts';
import { type Outcome, skip } from '../../src/outcome/outcome.ts';

export const license = defineCheck({
  id: 'license',
  title: 'License',
  rules: {
    token: {
      title: 'the license token is valid',
      procedure:
        'Reads LICENSE_TOKEN as a JSON web token, without its signature, which only Spacelift can verify: a token that has expired, or is not valid yet, fails; one that expires within 30 days warns; one without expiry passes. A license of AWS (LICENSE_TYPE=aws) is a skip: Spacelift checks it out of License Manager itself.',
      rationale: 'Spacelift does not start with a license that it can’t read, or that has expired.',
      fix: 'Ask Spacelift for a new license token, and set LICENSE_TOKEN to it, whole and in one line.',
      example: {
        found: 'the license expires in 12 days, on 2027-01-31',
        fix: 'ask Spacelift for a new license token, and set LICENSE_TOKEN to it',
      },
      docs: DOCS.general,
    },
  },

  expects: ({ deployment }) => (deployment.service === 'worker' ? [] : ['token']),

  async run(context) {
    await context.check('token', () => JUDGES[context.choice('LICENSE_TYPE')](context));
  },
});

const JUDGES: Readonly<Record<LicenseType, (run: Run) => Promise<Outcome>>> = {
  aws: async () => skip('Spacelift checks its license out of License Manager itself', { evidence: { type: 'aws' } }),
  jwt: async ({ require, get }) => {
    const token = require('LICENSE_TOKEN');
    const { judgeToken } = await import('./token.ts');
    return judgeToken(token, { domain: get('SERVER_DOMAIN'), now: new Date() });
  },
};
