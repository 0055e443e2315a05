/** The rules about how people log in. */
import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

export const RULES = {
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
  'saml/certificate': {
    title: 'the SAML certificate is valid',
    procedure:
      'Reads SAML_CERT as base64 of a PEM certificate. Fails if it has expired or is not valid yet, and warns if it expires within 14 days or a fifth of its lifetime, whichever is less, or if the private key is in the same file.',
    rationale:
      'Spacelift presents this certificate to the identity provider, which verifies Spacelift’s requests with it. Without it, single sign-on with SAML fails.',
    fix: 'Set SAML_CERT to base64 of the PEM certificate, and register a renewed certificate with the identity provider.',
    example: {
      found: 'SAML_CERT is a PEM file that is not base64-encoded',
      fix: 'set SAML_CERT to the output of: base64 -w0 < saml.crt',
    },
    docs: DOCS.general,
  },
  'saml/key': {
    title: 'the SAML key belongs to the certificate',
    procedure:
      'Reads SAML_KEY as base64 of a PEM private key without a passphrase, and compares its public half with the certificate in SAML_CERT.',
    rationale: 'Spacelift signs its requests with this key. The identity provider rejects signatures of any other key.',
    fix: 'Set SAML_KEY to base64 of the private key from which the certificate in SAML_CERT was created.',
    example: {
      found: 'SAML_KEY does not belong to the certificate in SAML_CERT',
      fix: 'set SAML_CERT and SAML_KEY from files that were created together',
    },
    docs: DOCS.general,
  },
} as const satisfies Record<string, Rule>;

export type LoginRule = keyof typeof RULES;

export const loginFinding = findingIds<LoginRule>('login');
