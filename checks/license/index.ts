/** The license: a token that is readable without its key, or an AWS license that Spacelift checks out itself. */

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
        'Reads LICENSE_TOKEN as a JSON Web Token (JWT) without verifying its signature, which only Spacelift can do. Fails if the token has expired or is not valid yet, and warns if it expires within 30 days. A token without expiry passes. Skipped for an AWS license (LICENSE_TYPE=aws), which Spacelift checks out of AWS License Manager itself.',
      rationale: 'Spacelift does not start with an unreadable or expired license.',
      fix: 'Ask Spacelift for a new license token, and set LICENSE_TOKEN to the complete token on one line.',
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
  aws: async () =>
    skip('Spacelift checks its license out of AWS License Manager itself', { evidence: { type: 'aws' } }),
  jwt: async ({ require, get }) => {
    const token = require('LICENSE_TOKEN');
    const { judgeToken } = await import('./token.ts');
    return judgeToken(token, { domain: get('SERVER_DOMAIN'), now: new Date() });
  },
};
