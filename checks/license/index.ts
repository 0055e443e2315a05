/** The license: a token that is readable without its key, or an AWS license that Spacelift checks out itself. */

import { DOCS, type LicenseType } from '../../src/config/contract.ts';
import type { Deployment } from '../../src/config/deployment.ts';
import { defineCheck, type Run } from '../../src/engine/check.ts';
import { type Outcome, skip } from '../../src/outcome/outcome.ts';

export const license = defineCheck({
  id: 'license',
  title: 'License',
  variable: 'LICENSE_TYPE',
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
    'license-manager': {
      title: 'AWS License Manager is reachable',
      procedure:
        'With LICENSE_TYPE=aws, sends one unsigned request to License Manager in AWS_REGION, through HTTPS_PROXY if it applies. Any response from AWS passes, and AWS refuses the request. Never checks out a license, and sends no credentials.',
      rationale:
        'Spacelift checks its license out of License Manager, and does not start without it. In a VPC without internet access, License Manager needs a VPC endpoint.',
      permission: 'HTTPS to license-manager.REGION.amazonaws.com',
      fix: 'Allow HTTPS to License Manager, or create the VPC endpoint com.amazonaws.REGION.license-manager with private DNS names.',
      example: {
        found: 'license-manager.eu-west-1.amazonaws.com:443 timed out',
        fix: 'allow TCP 443 from Spacelift’s network to license-manager.eu-west-1.amazonaws.com, or create a VPC endpoint for License Manager',
      },
      docs: DOCS.privateVpc,
    },
  },

  expects: ({ deployment }) => {
    if (deployment.service === 'worker') return [];
    return ['token', ...(usesLicenseManager(deployment) ? ['license-manager'] : [])];
  },

  plan: ({ deployment, get }) =>
    usesLicenseManager(deployment)
      ? [
          {
            rules: ['license-manager'],
            does: 'sends an unsigned request, which AWS refuses: it checks out no license',
            at: [`License Manager in ${get('AWS_REGION') ?? 'AWS_REGION'}`],
          },
        ]
      : [],

  async run(context) {
    await Promise.all([
      context.check('token', () => JUDGES[context.choice('LICENSE_TYPE')](context)),
      ...(usesLicenseManager(context.deployment)
        ? [context.check('license-manager', () => licenseManager(context))]
        : []),
    ]);
  },
});

const usesLicenseManager = ({ service, chosen }: Deployment): boolean =>
  service !== 'worker' && chosen('LICENSE_TYPE') === 'aws';

async function licenseManager(run: Run): Promise<Outcome> {
  const { reach } = await import('../../src/clouds/aws/reach.ts');
  return (await reach(run, 'LICENSE_MANAGER')).outcome;
}

const JUDGES: Readonly<Record<LicenseType, (run: Run) => Promise<Outcome>>> = {
  aws: async () =>
    skip('Spacelift checks its license out of AWS License Manager itself', { evidence: { type: 'aws' } }),
  jwt: async ({ require, get }) => {
    const token = require('LICENSE_TOKEN');
    const { judgeToken } = await import('./token.ts');
    return judgeToken(token, { domain: get('SERVER_DOMAIN'), now: new Date() });
  },
};
