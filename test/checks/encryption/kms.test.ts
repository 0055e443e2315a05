import { expect, onTestFinished, test } from 'vitest';
import { startLink } from '../../../bench/link.ts';
import { KMS_GRANTS, place, session } from '../../support/aws.ts';
import { expectNoLeak } from '../../support/leaks.ts';
import { ALL, BOTH, ENCRYPTION, SIGNING, startKms } from './kms-support.ts';

const PASSED = ['identity/credentials', 'identity/account', ...ALL];

test('healthy keys pass, by id, ARN, alias name and alias ARN', async () => {
  const { server, encrypting, signing, run, variables } = await startKms();
  const alias = (name: string) => `arn:aws:kms:${server.region}:${server.account}:alias/${name}`;
  const forms = [
    {},
    { [ENCRYPTION]: encrypting.id, [SIGNING]: signing.id },
    { [ENCRYPTION]: 'alias/spacelift-encryption', [SIGNING]: 'alias/spacelift-signing' },
    { [ENCRYPTION]: alias('spacelift-encryption'), [SIGNING]: alias('spacelift-signing') },
  ];
  for (const form of forms) {
    const result = await run(form);
    expect(result.ids('pass')).toEqual(PASSED);
    expect(result.findings).toHaveLength(PASSED.length);
    expect(result.finding('encryption/choice').evidence).toEqual({
      method: 'kms',
      encryptionKey: encrypting.arn,
      signingKey: signing.arn,
    });
    await expectNoLeak(variables, result.run, result.deployment);
  }
});

test.each(['server', 'drain', 'scheduler'] as const)(
  'the role of the %s, with exactly the vendor’s permissions, passes with nothing skipped',
  async (service) => {
    const { server, drain, run } = await startKms();
    const result = await run(place(server, drain), { service });
    expect(result.ids('pass')).toEqual(PASSED);
    expect(result.findings).toHaveLength(PASSED.length);
    const asked = server.requests.filter((request) => request.service === 'kms');
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200));
    expect(asked.map(({ action }) => action).toSorted()).toEqual([
      'Decrypt',
      'Decrypt',
      'Encrypt',
      'GenerateDataKey',
      'GetPublicKey',
      'Sign',
    ]);
  },
);

test('nothing is written, so --read-only changes nothing', async () => {
  const { server, run } = await startKms();
  const before = server.snapshot();
  const result = await run({}, { readOnly: true });
  expect(result.ids('pass')).toEqual(PASSED);
  expect(server.snapshot()).toEqual(before);
});

test('the longest chain of requests is two', { retry: 3 }, async () => {
  const { server, run } = await startKms();
  const link = await startLink({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  onTestFinished(() => link.close());
  link.roundTripMs = 100;
  const environment = { AWS_ENDPOINT_URL: `http://${link.host}:${link.port}` };
  expect((await run({}, { environment })).ids('pass')).toEqual(PASSED);
  // The connection is the first.
  expect(link.chain).toBe(1 + 2);
});

test('a worker has no keys', async () => {
  const { server, run } = await startKms();
  expect((await run({}, { service: 'worker' })).findings).toEqual([]);
  expect(server.requests).toEqual([]);
});

test('kms:Sign denied to the drain’s role is one failure with the action, the key and the statement', async () => {
  const { server, encrypting, signing, run } = await startKms();
  const drain = session(
    'drain',
    { Action: KMS_GRANTS.encryption, Resource: encrypting.arn },
    { Action: ['kms:GetPublicKey', 'kms:Verify'], Resource: signing.arn },
  );
  server.users = [drain];
  const result = await run(place(server, drain), { service: 'drain' });
  expect(result.ids('fail')).toEqual(['encryption/kms/signing-key']);
  expect(result.ids('skip')).toEqual([]);
  expect(result.finding('encryption/kms/signing-key')).toMatchObject({
    title: `kms:Sign is denied on the signing key ${signing.id}`,
    detail: 'role/spacelift-drain: no identity-based policy allows it.',
    fix: `add this statement to the IAM policy of role/spacelift-drain:\n{"Effect":"Allow","Action":"kms:Sign","Resource":"${signing.arn}"}`,
    evidence: { key: signing.arn, denied: ['kms:Sign'], policy: 'identity-based policy' },
  });
});

test('a role without any permission on the encryption key is told all of them', async () => {
  const { server, encrypting, signing, run } = await startKms();
  const user = session('server', { Action: KMS_GRANTS.signing, Resource: signing.arn });
  server.users = [user];
  const result = await run({ ...place(server, user), [ENCRYPTION]: 'alias/spacelift-encryption' });
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  const { title, fix } = result.finding('encryption/kms/encryption-key');
  expect(title).toBe('kms:Encrypt and kms:GenerateDataKey are denied on the encryption key alias/spacelift-encryption');
  expect(fix).toContain(
    `{"Effect":"Allow","Action":["kms:Encrypt","kms:GenerateDataKey*","kms:Decrypt"],"Resource":"${encrypting.arn}"}`,
  );
});

test('decryption alone is missed as well', async () => {
  const { server, encrypting, signing, run } = await startKms();
  const user = session(
    'server',
    { Action: ['kms:Encrypt', 'kms:GenerateDataKey*'], Resource: encrypting.arn },
    { Action: KMS_GRANTS.signing, Resource: signing.arn },
  );
  server.users = [user];
  const result = await run(place(server, user));
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(result.finding('encryption/kms/encryption-key').title).toContain('kms:Decrypt is denied');
});

test('a key policy that names others is told apart from an IAM policy', async () => {
  const { encrypting, server, drain, run } = await startKms();
  const only = { Effect: 'Allow' as const, Principal: { AWS: 'arn:aws:iam::123456789012:role/another' } };
  encrypting.policy = { Statement: { ...only, Action: 'kms:*', Resource: '*' } };
  const result = await run(place(server, drain));
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(result.finding('encryption/kms/encryption-key')).toMatchObject({
    detail: 'role/spacelift-drain: no key policy allows it.',
    fix: expect.stringMatching(
      /^add this statement to the key policy of arn:.*\n\{"Effect":"Allow","Principal":\{"AWS":"arn:aws:iam::123456789012:role\/spacelift-drain"\},/,
    ),
  });
  encrypting.policy = { Statement: { Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*' } };
  const denied = await run(place(server, drain));
  expect(denied.finding('encryption/kms/encryption-key')).toMatchObject({
    detail: 'role/spacelift-drain: a key policy denies it.',
    fix: expect.stringMatching(/^remove the Deny for kms:Encrypt, .* from the key policy$/),
  });
});

test('a key of another account is no finding when it works, and a cause when it does not', async () => {
  const { server, run } = await startKms();
  const foreign = server.keys.create({ account: '999999999999' });
  const result = await run({ [ENCRYPTION]: foreign.arn });
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(result.finding('encryption/kms/encryption-key').detail).toContain(
    'belongs to account 999999999999, the credentials to 123456789012',
  );
  const root = { AWS: 'arn:aws:iam::123456789012:root' };
  foreign.policy = { Statement: { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' } };
  expect((await run({ [ENCRYPTION]: foreign.arn })).ids('pass')).toEqual(PASSED);
});

const STATES = [
  ['Disabled', 'is disabled', 'aws kms enable-key --key-id ARN --region eu-central-1'],
  [
    'PendingDeletion',
    'is scheduled for deletion',
    'aws kms cancel-key-deletion --key-id ARN --region eu-central-1\naws kms enable-key --key-id ARN --region eu-central-1',
  ],
  ['PendingImport', 'has no key material', 'aws kms get-parameters-for-import --key-id ARN'],
  ['Unavailable', 'is not available', 'aws kms describe-key --key-id ARN'],
] as const;

test.each(STATES)('a key that is %s', async (state, says, fix) => {
  const { encrypting, signing, run } = await startKms();
  for (const [key, id] of [
    [encrypting, BOTH[0]],
    [signing, BOTH[1]],
  ] as const) {
    key.state = state;
    const result = await run();
    expect(result.ids('fail')).toEqual([id]);
    expect(result.ids('skip')).toEqual([]);
    const finding = result.finding(id ?? '');
    expect(finding.title).toContain(says);
    expect(finding.fix).toContain(fix.replaceAll('ARN', key.arn));
    key.state = 'Enabled';
  }
});

const WRONG = [
  [ENCRYPTION, { spec: 'RSA_4096' }, 'is a key for SIGN_VERIFY, not for ENCRYPT_DECRYPT'],
  [ENCRYPTION, { spec: 'RSA_2048', usage: 'ENCRYPT_DECRYPT' }, 'is an RSA_2048 key, not SYMMETRIC_DEFAULT'],
  [ENCRYPTION, { spec: 'HMAC_256' }, 'is a key for GENERATE_VERIFY_MAC, not for ENCRYPT_DECRYPT'],
  [SIGNING, {}, 'is a key for ENCRYPT_DECRYPT, not for SIGN_VERIFY'],
  [SIGNING, { spec: 'RSA_4096', usage: 'ENCRYPT_DECRYPT' }, 'is a key for ENCRYPT_DECRYPT, not for SIGN_VERIFY'],
  [SIGNING, { spec: 'RSA_2048' }, 'is an RSA_2048 key, not RSA_4096'],
  [SIGNING, { spec: 'ECC_NIST_P256' }, 'is an ECC_NIST_P256 key, not RSA_4096'],
  [SIGNING, { spec: 'HMAC_256' }, 'is a key for GENERATE_VERIFY_MAC, not for SIGN_VERIFY'],
] as const;

test.each(WRONG)('%s with %j', async (variable, options, says) => {
  const { server, run } = await startKms();
  const key = server.keys.create(options);
  const result = await run({ [variable]: key.arn });
  const id = variable === ENCRYPTION ? BOTH[0] : BOTH[1];
  expect(result.ids('fail')).toEqual([id]);
  // KMS does not name the key in each of its refusals, so an alias of the other could not be told.
  expect(result.ids('skip').filter((skipped) => skipped !== 'encryption/kms/distinct')).toEqual([]);
  expect(result.finding(id ?? '')).toMatchObject({
    title: `${variable} ${says}`,
    fix: expect.stringContaining(
      variable === ENCRYPTION
        ? 'aws kms create-key --region eu-central-1, then set ENCRYPTION_KMS_ENCRYPTION_KEY_ID'
        : 'aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_4096 --region eu-central-1, then set',
    ),
  });
});

test('a key that is not there, and one that is elsewhere', async () => {
  const { run, signing } = await startKms();
  const nowhere = await run({ [ENCRYPTION]: 'alias/nothing' });
  expect(nowhere.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(nowhere.ids('skip')).toEqual(['encryption/kms/distinct']);
  expect(nowhere.finding('encryption/kms/distinct').dependsOn).toBe('encryption/kms/encryption-key');
  expect(nowhere.finding('encryption/kms/encryption-key')).toMatchObject({
    title: 'KMS key alias/nothing does not exist in eu-central-1',
    fix: expect.stringContaining('aws kms list-aliases --region eu-central-1'),
  });
  const elsewhere = await run({ [SIGNING]: signing.arn.replace('eu-central-1', 'us-west-2') });
  expect(elsewhere.ids('fail')).toEqual(['encryption/kms/signing-key']);
  expect(elsewhere.finding('encryption/kms/signing-key').title).toBe(
    'the signing key is in us-west-2, but AWS_REGION is eu-central-1',
  );
});

test('one key for both replaces what is found of it, also under two names', async () => {
  const { encrypting, signing, run } = await startKms();
  for (const key of [encrypting, signing]) {
    const alias = key === encrypting ? 'alias/spacelift-encryption' : 'alias/spacelift-signing';
    for (const [one, other] of [
      [key.arn, key.arn],
      [key.id, alias],
      [alias, key.arn],
    ] as const) {
      const result = await run({ [ENCRYPTION]: one, [SIGNING]: other, AWS_SECONDARY_REGION: 'eu-west-1' });
      expect(result.ids('fail')).toEqual(['encryption/kms/distinct']);
      for (const id of BOTH) {
        expect(result.finding(id).dependsOn).toBe('encryption/kms/distinct');
      }
      expect(result.finding('encryption/kms/distinct').fix).toMatch(
        key === encrypting
          ? /^the key encrypts, so create one that signs: aws kms/
          : /^the key signs, so create one that encrypts/,
      );
    }
  }
  const nowhere = await run({ [ENCRYPTION]: 'alias/nothing', [SIGNING]: 'alias/nothing' });
  expect(nowhere.ids('fail')).toEqual(['encryption/kms/distinct']);
  expect(nowhere.finding('encryption/kms/distinct').fix).toMatch(
    /^create a key that encrypts: .*\ncreate a key that signs: /,
  );
});

test('a single-Region encryption key is a warning only with a secondary region', async () => {
  const single = await startKms();
  expect((await single.run()).findings.map(({ id }) => id)).not.toContain('encryption/kms/multi-region');
  const result = await single.run({ AWS_SECONDARY_REGION: 'eu-west-1' });
  expect(result.ids('warn')).toEqual(['encryption/kms/multi-region']);
  expect(result.ids('fail')).toEqual([]);
  expect(result.finding('encryption/kms/multi-region').fix).toContain(
    'aws kms create-key --multi-region --region eu-central-1',
  );
  const many = await startKms({ encryption: { multiRegion: true } });
  expect((await many.run({ AWS_SECONDARY_REGION: 'eu-west-1' })).ids('pass')).toEqual([
    ...PASSED,
    'encryption/kms/multi-region',
  ]);
  many.encrypting.state = 'Disabled';
  const disabled = await many.run({ AWS_SECONDARY_REGION: 'eu-west-1' });
  expect(disabled.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(disabled.ids('skip')).toEqual(['encryption/kms/multi-region']);
});

test('only the rules that were asked for are tried', async () => {
  const { server, run } = await startKms();
  const kms = () => server.requests.filter(({ service }) => service === 'kms').map(({ action }) => action);
  const encryption = await run({}, { only: ['encryption/kms/encryption-key'] });
  expect(encryption.ids('pass')).toEqual(['encryption/kms/encryption-key']);
  expect(kms()).not.toContain('Sign');
  server.requests.splice(0);
  expect((await run({}, { only: ['encryption/kms/signing-key'] })).ids('pass')).toEqual(['encryption/kms/signing-key']);
  expect(kms()).toEqual(['GetPublicKey', 'Sign']);
});

test('a key that is kept behind a secret is a skip, and the other is tried', async () => {
  const { server, run, variables } = await startKms();
  const { preflight, source } = await import('../../support/preflight.ts');
  const { encryption } = await import('../../../checks/encryption/index.ts');
  const { [SIGNING]: _, ...known } = variables;
  const config = source(known);
  const secret = { name: SIGNING, kind: 'secret', value: '/signing', service: 'all', origin: 'task.json' } as const;
  const result = await preflight([encryption], [{ ...config, entries: [...config.entries, secret] }], {
    environment: { AWS_ENDPOINT_URL: server.url },
  });
  expect(result.ids('pass')).toEqual(['encryption/choice', 'encryption/kms/encryption-key']);
  expect(result.ids('skip')).toEqual(['encryption/kms/signing-key', 'encryption/kms/distinct']);
  expect((await run()).ids('skip')).toEqual([]);
});
