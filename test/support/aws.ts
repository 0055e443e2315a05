/** The AWS half of a config, and the test server behind its endpoints. */
import { type AwsServer, type AwsUser, administrator } from '../services/aws/index.ts';
import type { Variables } from './preflight.ts';

/** What the SDKs read of an environment whose AWS is the test server. */
export const reaching = (server: AwsServer): Record<string, string> => ({
  AWS_ENDPOINT_URL: server.url,
  // A role is never assumed at the address of all services.
  AWS_ENDPOINT_URL_STS: server.url,
});

/** Account, region and credentials, as a config holds them. */
export const place = (server: AwsServer, user: AwsUser = administrator): Variables => ({
  AWS_ACCOUNT_ID: server.account,
  AWS_REGION: server.region,
  AWS_DEFAULT_REGION: server.region,
  AWS_ACCESS_KEY_ID: user.accessKeyId,
  AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
  AWS_SESSION_TOKEN: user.sessionToken,
});

/** A role's session that may do only what the statements allow. */
export function session(role: string, ...statements: { Action: string[]; Resource: string | string[] }[]): AwsUser {
  return {
    accessKeyId: `ASIA${role.toUpperCase()}`,
    secretAccessKey: `the-secret-of-a-session-of-${role}`,
    sessionToken: `the-token-of-a-session-of-${role}`,
    arn: `arn:aws:sts::123456789012:assumed-role/spacelift-${role}/i-0123`,
    policy: { Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) },
  };
}

/** What the vendor's policies grant each of the three services on the two keys (`DescribeKey` is not among it). */
export const KMS_GRANTS = {
  encryption: ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey*'],
  signing: ['kms:GetPublicKey', 'kms:Sign', 'kms:Verify'],
};
