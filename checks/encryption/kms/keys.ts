/** Uses the two keys in AWS KMS like Spacelift does. None of the operations writes anything. */
import { constants, createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import { AwsError, ask, isErrorResponse } from '../../../src/clouds/aws/call.ts';
import { awsSettings } from '../../../src/clouds/aws/client.ts';
import { keyArnIn } from '../../../src/clouds/aws/kms-key.ts';
import { targetOf } from '../../../src/clouds/aws/messages.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import type { Target } from '../../../src/net/messages.ts';

export const ENCRYPTION_KEY = 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID';
export const SIGNING_KEY = 'ENCRYPTION_KMS_SIGNING_KEY_ID';
export type KeyVariable = typeof ENCRYPTION_KEY | typeof SIGNING_KEY;

export type KmsAction = 'Encrypt' | 'Decrypt' | 'GenerateDataKey' | 'GetPublicKey' | 'Sign';

export interface FailedOperation {
  readonly action: KmsAction;
  readonly error: unknown;
}

/** The results of all operations with one key. */
export interface KeyTest {
  readonly variable: KeyVariable;
  /** Id, ARN or alias, as configured. */
  readonly written: string;
  /** The key ARN from a successful operation; `undefined` if none succeeded. */
  readonly arn: string | undefined;
  /** The key ARN from a successful operation or an error message. */
  readonly meant: string | undefined;
  readonly refusals: readonly FailedOperation[];
  /** Not tried, because they need the result of a failed operation. */
  readonly untried: readonly KmsAction[];
  /** Whether the decrypted data matches and the signature verifies; `undefined` if that could not be tested. */
  readonly holds: boolean | undefined;
  /** From `GetPublicKey`. */
  readonly spec?: string | undefined;
  readonly usage?: string | undefined;
}

interface Kms {
  readonly client: KMSClient;
  readonly target: Target;
}

/** The caller of the checks destroys the client. */
export const openKms = oncePerRun(async (run): Promise<Kms> => {
  const { KMSClient: Client } = await import('@aws-sdk/client-kms');
  const settings = awsSettings(run, 'KMS', isErrorResponse);
  const client = new Client(settings.config);
  return { client, target: targetOf('KMS', settings, client) };
});

type Answer<T> = { readonly action: KmsAction } & ({ readonly value: T } | { readonly error: unknown });
type How = { abortSignal: AbortSignal };

async function attempt<T>(
  run: Run,
  client: KMSClient,
  action: KmsAction,
  send: (how: How) => Promise<T>,
): Promise<Answer<T>> {
  try {
    return { action, value: await ask(run, client, send) };
  } catch (error) {
    if (run.signal.aborted) throw error;
    return { action, error };
  }
}

/** @throws CheckStopped when the variable is not usable */
export const tryEncryption = oncePerRun(async (run): Promise<KeyTest> => {
  const KeyId = run.require(ENCRYPTION_KEY);
  const { client } = await openKms(run);
  const { EncryptCommand, DecryptCommand, GenerateDataKeyCommand } = await import('@aws-sdk/client-kms');
  const plaintext = randomBytes(32);
  const [sealed, dataKey] = await Promise.all([
    attempt(run, client, 'Encrypt', (how) => client.send(new EncryptCommand({ KeyId, Plaintext: plaintext }), how)),
    attempt(run, client, 'GenerateDataKey', (how) =>
      client.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }), how),
    ),
  ]);
  const toOpen = [
    ...('value' in sealed ? [{ ciphertext: sealed.value.CiphertextBlob, expected: plaintext }] : []),
    ...('value' in dataKey ? [{ ciphertext: dataKey.value.CiphertextBlob, expected: dataKey.value.Plaintext }] : []),
  ];
  const opened = await Promise.all(
    toOpen.map(async ({ ciphertext, expected }) => ({
      expected,
      answer: await attempt(run, client, 'Decrypt', (how) =>
        client.send(new DecryptCommand({ KeyId, CiphertextBlob: ciphertext }), how),
      ),
    })),
  );
  const compared = opened.flatMap(({ answer, expected }) =>
    'value' in answer ? [same(answer.value.Plaintext, expected)] : [],
  );
  return {
    variable: ENCRYPTION_KEY,
    written: KeyId,
    ...named([sealed, dataKey]),
    refusals: refusalsOf([sealed, dataKey, ...opened.map(({ answer }) => answer)]),
    untried: toOpen.length === 0 ? ['Decrypt'] : [],
    holds: compared.length === 0 ? undefined : !compared.includes(false),
  };
});

/** @throws CheckStopped when the variable is not usable */
export const trySigning = oncePerRun(async (run): Promise<KeyTest> => {
  const KeyId = run.require(SIGNING_KEY);
  const { client } = await openKms(run);
  const { GetPublicKeyCommand, SignCommand } = await import('@aws-sdk/client-kms');
  const token = randomBytes(64);
  const [publicKey, signed] = await Promise.all([
    attempt(run, client, 'GetPublicKey', (how) => client.send(new GetPublicKeyCommand({ KeyId }), how)),
    attempt(run, client, 'Sign', (how) =>
      client.send(
        new SignCommand({
          KeyId,
          Message: createHash('sha512').update(token).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'RSASSA_PSS_SHA_512',
        }),
        how,
      ),
    ),
  ]);
  return {
    variable: SIGNING_KEY,
    written: KeyId,
    ...named([publicKey, signed]),
    refusals: refusalsOf([publicKey, signed]),
    untried: [],
    holds:
      'value' in publicKey && 'value' in signed
        ? verifies(token, publicKey.value.PublicKey, signed.value.Signature)
        : undefined,
    ...('value' in publicKey && { spec: publicKey.value.KeySpec, usage: publicKey.value.KeyUsage }),
  };
});

/** PS512 (RFC 7518, section 3.5): the salt is as long as the hash. */
function verifies(token: Uint8Array, spki: Uint8Array | undefined, signature: Uint8Array | undefined): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki ?? []), format: 'der', type: 'spki' });
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify('sha512', token, { key, padding, saltLength: 64 }, signature ?? Buffer.alloc(0));
  } catch {
    return false;
  }
}

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.from(a).equals(b);

const refusalsOf = (answers: readonly Answer<unknown>[]): FailedOperation[] =>
  answers.flatMap(({ action, ...rest }) => ('error' in rest ? [{ action, error: rest.error }] : []));

function named(answers: readonly Answer<{ KeyId?: string | undefined }>[]): Pick<KeyTest, 'arn' | 'meant'> {
  const arn = answers.map((answer) => ('value' in answer ? answer.value.KeyId : undefined)).find(isKeyArn);
  const inRefusals = answers.map((answer) =>
    'error' in answer && answer.error instanceof AwsError ? keyArnIn(answer.error.said) : undefined,
  );
  return { arn, meant: arn ?? inRefusals.find((found) => found !== undefined) };
}

const isKeyArn = (value: string | undefined): value is string => value !== undefined && keyArnIn(value) !== undefined;
