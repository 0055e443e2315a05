import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetPublicKeyCommand,
  KMSClient,
  type MessageType,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { expect, test } from 'vitest';
import { type AwsOptions, type AwsUser, administrator, type KeyOptions } from './index.ts';
import { as, limited, refused, start } from './testing.ts';

async function withKey(options: KeyOptions = {}, server: AwsOptions = {}) {
  const aws = await start(server);
  const key = aws.keys.create(options);
  const client = (user?: AwsUser, region?: string) => new KMSClient(as(aws, user, region));
  return { aws, key, client, kms: client() };
}

const Plaintext = Buffer.from('a secret');
const encrypt = (kms: KMSClient, KeyId: string) => kms.send(new EncryptCommand({ KeyId, Plaintext }));

test('encrypts and decrypts by id, ARN, alias name and alias ARN', async () => {
  const { aws, key, kms } = await withKey({ aliases: ['spacelift'] });
  const aliasArn = `arn:aws:kms:eu-central-1:123456789012:alias/spacelift`;
  for (const KeyId of [key.id, key.arn, 'alias/spacelift', aliasArn]) {
    const { CiphertextBlob, KeyId: named } = await encrypt(kms, KeyId);
    expect(named).toBe(key.arn);
    expect(Buffer.from(CiphertextBlob ?? []).includes(Plaintext)).toBe(false);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
    expect(opened.KeyId).toBe(key.arn);
  }
  expect(aws.requests.slice(0, 2)).toMatchObject([
    { service: 'kms', action: 'Encrypt', target: key.id, status: 200 },
    { service: 'kms', action: 'Decrypt', target: undefined, status: 200 },
  ]);
});

test('data keys, with and without plaintext, of either size', async () => {
  const { key, kms } = await withKey();
  for (const size of [{ KeySpec: 'AES_256' as const }, { NumberOfBytes: 32 }]) {
    const { CiphertextBlob, Plaintext: bytes } = await kms.send(new GenerateDataKeyCommand({ KeyId: key.id, ...size }));
    expect(bytes?.length).toBe(32);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(opened.Plaintext).toEqual(bytes);
  }
  const sealed = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: key.id, KeySpec: 'AES_128' }));
  expect((await kms.send(new DecryptCommand(sealed))).Plaintext?.length).toBe(16);
  const unsized = kms.send(new GenerateDataKeyCommand({ KeyId: key.id }));
  await expect(unsized).rejects.toEqual(refused('ValidationException', /^Please specify/));
});

test('a ciphertext opens only unchanged, in its context and under its key', async () => {
  const { aws, key, kms } = await withKey();
  const EncryptionContext = { for: 'tests', a: 'b' };
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId: key.id, Plaintext, EncryptionContext }),
  );
  await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { a: 'b', for: 'tests' } }));
  const open = (blob: Uint8Array, KeyId?: string) => kms.send(new DecryptCommand({ CiphertextBlob: blob, KeyId }));
  await expect(open(CiphertextBlob)).rejects.toEqual(refused('InvalidCiphertextException'));
  await expect(open(Buffer.from('nonsense'))).rejects.toEqual(refused('InvalidCiphertextException'));
  const other = aws.keys.create();
  await expect(open(CiphertextBlob, other.id)).rejects.toEqual(refused('IncorrectKeyException'));
});

test.each<[SigningAlgorithmSpec, MessageType]>([
  ['RSASSA_PSS_SHA_512', 'DIGEST'],
  ['RSASSA_PSS_SHA_256', 'RAW'],
  ['RSASSA_PKCS1_V1_5_SHA_384', 'DIGEST'],
])('signs as %s over %s, so that the public key verifies', async (SigningAlgorithm, MessageType) => {
  const { key, kms } = await withKey({ spec: 'RSA_2048' });
  const hash = `sha${SigningAlgorithm.slice(-3)}`;
  const message = Buffer.from('header.payload');
  const digest = createHash(hash).update(message).digest();
  const signed = { KeyId: key.id, SigningAlgorithm, MessageType, Message: MessageType === 'RAW' ? message : digest };
  const { Signature = new Uint8Array() } = await kms.send(new SignCommand(signed));
  const {
    PublicKey = new Uint8Array(),
    KeySpec,
    KeyUsage,
    SigningAlgorithms,
  } = await kms.send(new GetPublicKeyCommand({ KeyId: key.id }));
  expect({ KeySpec, KeyUsage }).toEqual({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
  expect(SigningAlgorithms).toContain(SigningAlgorithm);
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const pss = SigningAlgorithm.includes('PSS');
  const padding = pss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  expect(verify(hash, message, { key: publicKey, padding, saltLength: digest.length }, Signature)).toBe(true);
  expect(await kms.send(new VerifyCommand({ ...signed, Signature }))).toMatchObject({ SignatureValid: true });
  const forged = Buffer.from(Signature);
  forged[100] = (forged[100] ?? 0) ^ 1;
  const refusedForgery = kms.send(new VerifyCommand({ ...signed, Signature: forged }));
  await expect(refusedForgery).rejects.toEqual(refused('KMSInvalidSignatureException'));
});

test('elliptic curves sign raw messages', async () => {
  const { key, kms } = await withKey({ spec: 'ECC_NIST_P256' });
  const signed = { KeyId: key.id, SigningAlgorithm: 'ECDSA_SHA_256', Message: Plaintext } as const;
  const { Signature } = await kms.send(new SignCommand(signed));
  expect(await kms.send(new VerifyCommand({ ...signed, Signature }))).toMatchObject({ SignatureValid: true });
  const pss = kms.send(new SignCommand({ ...signed, SigningAlgorithm: 'RSASSA_PSS_SHA_512' }));
  await expect(pss).rejects.toEqual(
    refused('InvalidKeyUsageException', /^Algorithm RSASSA_PSS_SHA_512 is incompatible with key spec ECC_NIST_P256\.$/),
  );
});

test('the digest must be as long as its hash', async () => {
  const { key, kms } = await withKey({ spec: 'RSA_2048' });
  const sign = (Message: Buffer, MessageType: MessageType) =>
    kms.send(new SignCommand({ KeyId: key.id, Message, MessageType, SigningAlgorithm: 'RSASSA_PSS_SHA_512' }));
  await expect(sign(Buffer.alloc(32), 'DIGEST')).rejects.toEqual(
    refused('ValidationException', /^Digest is invalid length for algorithm RSASSA_PSS_SHA_512\.$/),
  );
  await expect(sign(Buffer.alloc(4097), 'RAW')).rejects.toEqual(
    refused('ValidationException', /less than or equal to 4096$/),
  );
});

test('wrong usage and wrong spec', async () => {
  const { aws, key, kms } = await withKey({ spec: 'RSA_2048' });
  const symmetric = aws.keys.create();
  const hmac = aws.keys.create({ spec: 'HMAC_256' });
  const rsa = aws.keys.create({ spec: 'RSA_2048', usage: 'ENCRYPT_DECRYPT' });
  const usage = (arn: string, what: string, operation: string) =>
    refused('InvalidKeyUsageException', `^${arn} key usage is ${what} which is not valid for ${operation}\\.$`);
  const dataKey = (KeyId: string) => kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  const sign = (KeyId: string) =>
    kms.send(new SignCommand({ KeyId, Message: Plaintext, SigningAlgorithm: 'RSASSA_PSS_SHA_512' }));
  await expect(encrypt(kms, key.id)).rejects.toEqual(usage(key.arn, 'SIGN_VERIFY', 'Encrypt'));
  await expect(dataKey(key.id)).rejects.toEqual(usage(key.arn, 'SIGN_VERIFY', 'GenerateDataKey'));
  await expect(dataKey(rsa.id)).rejects.toEqual(
    refused('InvalidKeyUsageException', /incompatible with key spec RSA_2048/),
  );
  await expect(encrypt(kms, rsa.id)).rejects.toEqual(
    refused('InvalidKeyUsageException', /^Algorithm SYMMETRIC_DEFAULT/),
  );
  await expect(sign(symmetric.id)).rejects.toEqual(usage(symmetric.arn, 'ENCRYPT_DECRYPT', 'Sign'));
  await expect(sign(hmac.id)).rejects.toEqual(usage(hmac.arn, 'GENERATE_VERIFY_MAC', 'Sign'));
  const publicKey = kms.send(new GetPublicKeyCommand({ KeyId: symmetric.id }));
  await expect(publicKey).rejects.toEqual(refused('UnsupportedOperationException'));
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
  const sealed = await kms.send(new EncryptCommand({ KeyId: rsa.id, Plaintext, EncryptionAlgorithm }));
  const opened = await kms.send(new DecryptCommand({ ...sealed, KeyId: rsa.id, EncryptionAlgorithm }));
  expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
});

test('key states', async () => {
  const { key, kms } = await withKey();
  const states = [
    ['Disabled', 'DisabledException', 'is disabled'],
    ['PendingDeletion', 'KMSInvalidStateException', 'is pending deletion'],
    ['PendingImport', 'KMSInvalidStateException', 'is pending import'],
    ['Unavailable', 'KMSInvalidStateException', 'is unavailable'],
  ] as const;
  for (const [state, name, words] of states) {
    key.state = state;
    await expect(encrypt(kms, key.id)).rejects.toEqual(refused(name, `^${key.arn} ${words}\\.$`));
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key.id }));
    expect(KeyMetadata).toMatchObject({ KeyState: state, Enabled: false, MultiRegion: false });
  }
  key.state = 'Enabled';
  await encrypt(kms, key.id);
});

test('keys that are not there, in the words for each form', async () => {
  const { kms } = await withKey();
  const id = '00000000-0000-0000-0000-000000000000';
  const arn = (rest: string) => `arn:aws:kms:${rest}`;
  const own = 'eu-central-1:123456789012';
  const missing: [string, string][] = [
    [id, `^Key '${arn(own)}:key/${id}' does not exist$`],
    [arn(`${own}:key/${id}`), `^Key '${arn(own)}:key/${id}' does not exist$`],
    ['alias/nothing', `^Alias ${arn(own)}:alias/nothing is not found\\.$`],
    ['my-key', "^Invalid keyId 'my-key'$"],
    ['arn:aws:iam::123456789012:role/x', '^Invalid arn$'],
    [arn(`us-west-2:123456789012:key/${id}`), '^Invalid arn us-west-2$'],
  ];
  for (const [written, words] of missing) {
    await expect(encrypt(kms, written), written).rejects.toEqual(refused('NotFoundException', words));
  }
  const foreign = encrypt(kms, arn(`eu-central-1:999999999999:key/${id}`));
  await expect(foreign).rejects.toEqual(
    refused('AccessDeniedException', /because the resource does not exist in this Region, no/),
  );
});

test('a region has its own keys; a multi-Region key says so', async () => {
  const { aws, key, client, kms } = await withKey({ multiRegion: true }, { otherRegions: ['eu-west-1'] });
  expect(key.id).toMatch(/^mrk-[0-9a-f]{32}$/);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: key.id }));
  expect(KeyMetadata).toMatchObject({ MultiRegion: true, MultiRegionConfiguration: { PrimaryKey: { Arn: key.arn } } });
  const elsewhere = client(undefined, 'eu-west-1');
  await expect(encrypt(elsewhere, key.id)).rejects.toEqual(refused('NotFoundException'));
  const { CiphertextBlob } = await encrypt(kms, key.id);
  const decrypted = elsewhere.send(new DecryptCommand({ CiphertextBlob }));
  await expect(decrypted).rejects.toEqual(refused('AccessDeniedException', /^The ciphertext refers to/));
  const replica = aws.keys.create({ region: 'eu-west-1' });
  await encrypt(elsewhere, replica.arn);
});

test('who may: the caller, the key policy, and other accounts', async () => {
  const user = limited({ Action: ['kms:Encrypt'], Resource: '*' });
  const { aws, key, client } = await withKey({}, { users: [administrator, user] });
  const kms = client(user);
  const { CiphertextBlob } = await encrypt(kms, key.id);
  const denied = (reason: string) => refused('AccessDeniedException', reason);
  const named = kms.send(new DecryptCommand({ CiphertextBlob, KeyId: key.id }));
  await expect(named).rejects.toEqual(denied('because no identity-based policy allows the kms:Decrypt action$'));
  const unnamed = kms.send(new DecryptCommand({ CiphertextBlob }));
  await expect(unnamed).rejects.toEqual(denied('^The ciphertext refers to a customer master key'));

  const statement = { Effect: 'Allow' as const, Action: 'kms:*', Resource: '*' };
  key.policy = { Statement: [{ ...statement, Principal: { AWS: administrator.arn ?? '' } }] };
  await expect(encrypt(kms, key.id)).rejects.toEqual(
    denied('because no resource-based policy allows the kms:Encrypt action$'),
  );
  key.policy = { Statement: [{ ...statement, Effect: 'Deny', Principal: '*' }] };
  await expect(encrypt(kms, key.id)).rejects.toEqual(denied('with an explicit deny in a resource-based policy$'));

  const foreign = aws.keys.create({ account: '999999999999' });
  await expect(encrypt(kms, foreign.arn)).rejects.toEqual(
    denied('because no resource-based policy allows the kms:Encrypt'),
  );
  foreign.policy = { Statement: [{ ...statement, Principal: { AWS: 'arn:aws:iam::123456789012:root' } }] };
  expect(await encrypt(kms, foreign.arn)).toMatchObject({ KeyId: foreign.arn });
});
