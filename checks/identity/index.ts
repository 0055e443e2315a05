/** The identity behind the AWS credentials. Blocks nothing: a service that rejects them is folded into the finding here. */
import { DOCS } from '../../src/config/contract.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { run } from './run.ts';
import { asksAws, standsIn } from './who.ts';

export const identity = defineCheck({
  id: 'identity',
  title: 'Identity',
  rules: {
    credentials: {
      title: 'the AWS credentials are valid',
      procedure:
        'Finds credentials like the AWS SDK for Go does, which Spacelift uses (config, environment, profile, or the role of the pod, task or instance), and calls STS GetCallerIdentity. Distinguishes between missing, unknown and expired credentials, a wrong clock, and a token file, program, login or server that provides none. Skipped if STS can’t be reached, because Spacelift does not need STS.',
      rationale: 'Spacelift signs every request to S3, KMS, SQS and IoT Core with these credentials.',
      permission: 'none: sts:GetCallerIdentity requires no permission',
      fix: 'Give Spacelift a role (pod identity, task role, instance profile) or valid long-lived keys, and keep the clock synchronized.',
      example: {
        found: 'the AWS credentials have expired',
        fix: 'get new credentials (aws sso login), or give Spacelift a role, whose credentials are renewed automatically',
      },
      docs: DOCS.general,
    },
    account: {
      title: 'the credentials belong to the configured account',
      procedure: 'Compares the account and partition that STS returns with AWS_ACCOUNT_ID and AWS_PARTITION.',
      rationale:
        'Spacelift builds queue URLs and ARNs from these variables. If they name a different account, it looks for its resources there.',
      permission: 'none: sts:GetCallerIdentity requires no permission',
      fix: 'Use credentials of the installation’s account, or correct AWS_ACCOUNT_ID and AWS_PARTITION.',
      example: {
        found: 'the credentials belong to account 210987654321, but AWS_ACCOUNT_ID is 123456789012',
        fix: 'use credentials of account 123456789012, or set AWS_ACCOUNT_ID=210987654321 if that is the installation’s account',
      },
      docs: DOCS.general,
    },
    'tested-as': {
      title: 'cloud services are tested with the deployment’s credentials',
      procedure:
        'States which credentials are used for AWS, Google Cloud and Azure: those in the config or, if the config has none that work here (a role, a file in Spacelift’s container), those of this process. The credentials of this process use its own proxy and certificate authorities (CAs), and are never sent to a host that only the config names.',
      rationale: 'The permissions of a different identity say little about the permissions that Spacelift has.',
      fix: 'Run this tool in Spacelift’s container or pod, or pass the credentials file with --credentials-file.',
      example: {
        found: 'tested as role/ci in account 123456789012, not as the deployment',
        fix: 'run this tool in Spacelift’s container or pod',
      },
      docs: DOCS.general,
    },
  },

  expects: (run) => [
    ...(asksAws(run) ? ['credentials', 'account'] : []),
    ...(standsIn(run).length > 0 ? ['tested-as'] : []),
  ],

  plan: (run) => [
    ...(asksAws(run)
      ? [
          {
            rules: ['credentials', 'account', ...(standsIn(run).length > 0 ? ['tested-as'] : [])],
            does: 'asks STS for the identity of the credentials (GetCallerIdentity, which requires no permission)',
            at: [`STS in ${run.get('AWS_REGION') ?? 'AWS_REGION'}`],
          },
        ]
      : [{ rules: ['tested-as'], does: 'determines which credentials are used', at: [] }]),
  ],

  run,
});
