/** What can be judged without any network; the judging itself is in `src/config`. */

import { DOCS } from '../../src/config/contract.ts';
import type { ConfigurationRule } from '../../src/config/finding.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';

export const configuration = defineCheck({
  id: 'configuration',
  title: 'Configuration',
  rules: {
    required: {
      title: 'every required variable is set',
      procedure:
        'Looks for each variable that the chosen backends and services need. An empty value equals an absent one.',
      rationale: 'Spacelift does not start without it.',
      fix: 'Set the variable. Values that ECS keeps behind `valueFrom` count as set.',
      example: {
        found: 'OBJECT_STORAGE_BUCKET_STATES is not set',
        fix: 'rename OBJECT_STORAGE_BUKET_STATES to OBJECT_STORAGE_BUCKET_STATES',
      },
      docs: DOCS.dependencies,
    },
    value: {
      title: 'every value is of its type',
      procedure:
        'Compares each value with its type: enumeration, boolean, URL, host:port, integer, host name, account id.',
      rationale: 'Spacelift refuses the value at start, or uses something that was not meant.',
      fix: 'Write the value in the form that the finding names.',
      example: {
        found: 'SERVER_DOMAIN is not a bare host name: "https://spacelift.corp.io"',
        fix: 'set SERVER_DOMAIN=spacelift.corp.io',
      },
      docs: DOCS.general,
    },
    type: {
      title: 'every Kubernetes and ECS value is a string',
      procedure: 'Looks for values that YAML or JSON reads as a number, a boolean or a structure.',
      rationale: 'The API rejects the manifest, or a leading zero of an account id is lost.',
      fix: 'Put the value in quotes.',
      example: {
        found: 'AWS_ACCOUNT_ID is a number, not a string, in shared.yaml (Secret spacelift-shared)',
        fix: 'put the value of AWS_ACCOUNT_ID in quotes: AWS_ACCOUNT_ID: "012345678901"',
      },
      docs: DOCS.general,
    },
    whitespace: {
      title: 'no value has stray white space or quotes',
      procedure: 'Looks for leading and trailing white space, and for quotes that became part of the value.',
      rationale: 'A key with a line break at its end is another key; the error it causes never says so.',
      fix: 'Encode Secrets with `printf %s … | base64`, not with `echo`.',
      example: {
        found: 'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY ends in a line break',
        fix: 'encode it again: printf %s "$SECRET" | base64',
      },
      docs: DOCS.general,
    },
    placeholder: {
      title: 'no placeholder is left over',
      procedure: 'Looks for CHANGEME, <…>, ${…}, {{…}} and example.com as the domain.',
      rationale: 'A template was not filled in completely.',
      fix: 'Fill in the value.',
      example: {
        found: 'LICENSE_TOKEN still holds a placeholder',
        fix: 'fill in LICENSE_TOKEN in shared.yaml (Secret spacelift-shared)',
      },
      docs: DOCS.general,
    },
    unknown: {
      title: 'no variable is misspelt',
      procedure: 'Compares names that Spacelift does not know, but that begin as its own do, with the names it knows.',
      rationale: 'Spacelift ignores the variable, and its default is in force instead.',
      fix: 'Rename the variable as suggested, or remove it.',
      example: {
        found: 'MESSAGE_QUEUE_TPYE is no variable of Spacelift’s',
        fix: 'rename it to MESSAGE_QUEUE_TYPE, or remove it',
      },
      docs: DOCS.general,
    },
    default: {
      title: 'no default contradicts the other values',
      procedure:
        'Looks at choices that are not set: whether the values that are set belong to the default, or to another choice.',
      rationale: 'Spacelift would use a backend that was not meant, and that is not configured.',
      fix: 'Set the choice explicitly.',
      example: {
        found: 'OBJECT_STORAGE_TYPE is not set, so aws is in force, but OBJECT_STORAGE_MINIO_ENDPOINT is set',
        fix: 'set OBJECT_STORAGE_TYPE=minio',
      },
      docs: DOCS.dependencies,
    },
    conflict: {
      title: 'the services agree',
      procedure: 'Compares the variables that several services have.',
      rationale: 'Server and drain would work on different data.',
      fix: 'Set the variable once, where all services read it.',
      example: {
        found: 'DATABASE_URL differs between server, drain',
        fix: 'set DATABASE_URL once, where all services read it: in the Secret spacelift-shared',
      },
      docs: DOCS.general,
    },
    region: {
      title: 'AWS_REGION and AWS_DEFAULT_REGION are equal',
      procedure: 'Compares the two.',
      rationale: 'Parts of Spacelift would look for their resources in another region.',
      fix: 'Set both to the region of the installation.',
      example: {
        found: 'AWS_REGION is eu-west-1, but AWS_DEFAULT_REGION is us-east-1',
        fix: 'set AWS_DEFAULT_REGION=eu-west-1',
      },
      docs: DOCS.general,
    },
    'admin-login': {
      title: 'the admin login is complete, or off',
      procedure: 'ADMIN_USERNAME and ADMIN_PASSWORD are both set or both empty.',
      rationale: 'With one alone nobody can log in to configure single sign-on.',
      fix: 'Set both, or neither.',
      example: {
        found: 'ADMIN_USERNAME is set without ADMIN_PASSWORD',
        fix: 'set ADMIN_PASSWORD, or remove ADMIN_USERNAME',
      },
      docs: DOCS.general,
    },
    'launcher-image': {
      title: 'the launcher image has one tag',
      procedure: 'LAUNCHER_IMAGE carries no tag when LAUNCHER_IMAGE_TAG is set.',
      rationale: 'Workers would pull image:tag:tag, which is no image.',
      fix: 'Leave the tag to LAUNCHER_IMAGE_TAG.',
      example: {
        found: 'LAUNCHER_IMAGE already carries a tag, and LAUNCHER_IMAGE_TAG adds another',
        fix: 'set LAUNCHER_IMAGE=registry.corp.io/spacelift/launcher',
      },
      docs: DOCS.general,
    },
    'short-lived': {
      title: 'no credential is about to expire',
      procedure: 'Looks for session tokens, ASIA… keys, and RDS IAM or Entra tokens as database passwords.',
      rationale: 'It works today and stops within hours.',
      fix: 'Use a role, or credentials that last.',
      example: {
        found: 'AWS_SESSION_TOKEN belongs to a temporary session, which ends within hours',
        fix: 'remove the AWS_… credentials and give the service a role (IRSA, EKS Pod Identity, an ECS task role)',
      },
      docs: DOCS.general,
    },
  } satisfies Record<ConfigurationRule, unknown>,

  expects: () => RULES,

  async run({ deployment, check }) {
    for (const { rule, outcome } of deployment.configuration) await check(rule, () => outcome);
    const judged = new Set(deployment.configuration.map(({ rule }) => rule));
    const services = deployment.service ?? 'all services';
    for (const rule of RULES.filter((candidate) => !judged.has(candidate))) {
      const title =
        rule === 'required'
          ? `${deployment.set.length} variables for ${services}, none missing`
          : configuration.rules[rule]?.title;
      await check(rule, () => pass(title ?? rule));
    }
  },
});

const RULES = Object.keys(configuration.rules) as ConfigurationRule[];
