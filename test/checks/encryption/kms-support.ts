/** The two KMS keys of an installation, and the check of them. */
import { encryption } from '../../../checks/encryption/index.ts';
import { identity } from '../../../checks/identity/index.ts';
import { type AwsOptions, administrator, type KeyOptions } from '../../services/aws/index.ts';
import { start } from '../../services/aws/testing.ts';
import { KMS_GRANTS, place, reaching, session } from '../../support/aws.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

export const ENCRYPTION = 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID';
export const SIGNING = 'ENCRYPTION_KMS_SIGNING_KEY_ID';
export const BOTH = ['encryption/kms/encryption-key', 'encryption/kms/signing-key'];
export const ALL = ['encryption/choice', ...BOTH, 'encryption/kms/distinct'];

/** A server with a symmetric key and an RSA_4096 key that signs, and a config that names them by ARN. */
export async function startKms(keys: { encryption?: KeyOptions; signing?: KeyOptions } = {}, options: AwsOptions = {}) {
  const server = await start(options);
  const encrypting = server.keys.create({ aliases: ['spacelift-encryption'], ...keys.encryption });
  const signing = server.keys.create({ spec: 'RSA_4096', aliases: ['spacelift-signing'], ...keys.signing });
  const drain = session(
    'drain',
    { Action: KMS_GRANTS.encryption, Resource: encrypting.arn },
    { Action: KMS_GRANTS.signing, Resource: signing.arn },
  );
  if (options.users === undefined) server.users = [administrator, drain];
  const variables: Variables = {
    ...place(server),
    LICENSE_TYPE: 'jwt',
    ENCRYPTION_TYPE: 'kms',
    [ENCRYPTION]: encrypting.arn,
    [SIGNING]: signing.arn,
  };
  const run = (changes: Variables = {}, { environment, ...more }: Options = {}) =>
    preflight(
      [identity, encryption],
      { ...variables, ...changes },
      {
        environment: { ...reaching(server), ...environment },
        ...more,
      },
    );
  return { server, encrypting, signing, drain, variables, run };
}
