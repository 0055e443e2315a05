import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { AwsFaults, FaultRequest } from '../../services/aws/index.ts';
import { place } from '../../support/aws.ts';
import { ALL, BOTH, startKms } from './kms-support.ts';

const UNUSED = 'http://127.0.0.1:9';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const ofKms = (request: FaultRequest) => request.service === 'kms';
const replying = (status: number, code: string, when = ofKms): AwsFaults => ({
  statusFor: (request) => (when(request) ? { status, code } : undefined),
});

test('KMS that can’t be reached is one failure', async () => {
  const { run } = await startKms();
  const result = await run({}, { environment: { AWS_ENDPOINT_URL_KMS: UNUSED } });
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(result.ids('skip')).toEqual(['encryption/kms/signing-key', 'encryption/kms/distinct']);
  expect(result.finding('encryption/kms/encryption-key')).toMatchObject({
    title: '127.0.0.1:9 refused the connection',
    fix: expect.stringContaining('AWS_ENDPOINT_URL_KMS'),
  });
  expect(result.finding('encryption/choice').evidence).toEqual({ method: 'kms' });
});

test('for the scheduler it is one warning, and for no other reason', async () => {
  const { encrypting, run } = await startKms();
  const result = await run({}, { service: 'scheduler', environment: { AWS_ENDPOINT_URL_KMS: UNUSED } });
  expect(result.ids('fail')).toEqual([]);
  expect(result.ids('warn')).toEqual(['encryption/kms/encryption-key']);
  expect(result.finding('encryption/kms/encryption-key').detail).toContain('grant the scheduler access to KMS');
  const alone = await run(
    {},
    { service: 'scheduler', only: ['encryption/kms/signing-key'], environment: { AWS_ENDPOINT_URL_KMS: UNUSED } },
  );
  expect(alone.ids('warn')).toEqual(['encryption/kms/signing-key']);
  encrypting.state = 'Disabled';
  expect((await run({}, { service: 'scheduler' })).ids('fail')).toEqual(['encryption/kms/encryption-key']);
});

test('from outside, a private endpoint that can’t be reached is a skip', async () => {
  const { run } = await startKms();
  const result = await run({}, { from: 'outside', environment: { AWS_ENDPOINT_URL_KMS: UNUSED } });
  expect(result.ids('fail')).toEqual([]);
  expect(result.ids('skip')).toEqual([...BOTH, 'encryption/kms/distinct']);
});

test('a page where KMS should be is told apart', async () => {
  for (const status of [200, 403]) {
    const page = createServer((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>'),
    );
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    closing.push(() => page.close());
    const { port } = page.address() as AddressInfo;
    const { run } = await startKms();
    const result = await run({}, { environment: { AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${port}` } });
    expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
    expect(result.finding('encryption/kms/encryption-key').title).toMatch(/^127.0.0.1:\d+ does not look like KMS/);
  }
});

test('what fails once is asked again; what keeps failing is one failure, and throttling a warning', async () => {
  const { server, run } = await startKms();
  const seen = new Set<string>();
  server.faults = replying(500, 'KMSInternalException', (request) => {
    const first = ofKms(request) && !seen.has(request.action);
    seen.add(request.action);
    return first;
  });
  expect((await run()).ids('pass')).toEqual(expect.arrayContaining(ALL));
  server.faults = replying(500, 'KMSInternalException');
  const failing = await run();
  expect(failing.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(failing.finding('encryption/kms/encryption-key').title).toBe('KMS failed (HTTP 500)');
  server.faults = replying(400, 'ThrottlingException');
  const throttled = await run();
  expect(throttled.ids('fail')).toEqual([]);
  expect(throttled.ids('warn')).toEqual(['encryption/kms/encryption-key']);
  expect(throttled.finding('encryption/kms/encryption-key').title).toContain('throttles');
  expect(throttled.finding('encryption/kms/signing-key')).toMatchObject({
    status: 'skip',
    title: 'same cause as encryption/kms/encryption-key',
  });
});

test('a refusal that nobody knows names its code', async () => {
  const { server, run } = await startKms();
  server.faults = replying(400, 'ConflictException', ({ action }) => action === 'Sign');
  const result = await run();
  expect(result.ids('fail')).toEqual(['encryption/kms/signing-key']);
  expect(result.finding('encryption/kms/signing-key').title).toMatch(
    /^KMS rejected the signing key .*: ConflictException$/,
  );
});

test('an answer that is not what was encrypted, or that does not verify', async () => {
  const { server, run } = await startKms();
  server.faults = replying(200, 'Nonsense', ({ action }) => ['Decrypt', 'Sign'].includes(action));
  const result = await run();
  expect(result.ids('fail')).toEqual(BOTH);
  expect(result.finding('encryption/kms/encryption-key').title).toBe('KMS decrypted different data than it encrypted');
  expect(result.finding('encryption/kms/signing-key').title).toContain('does not verify');
});

test('the end of the run ends it', async () => {
  const { server, run } = await startKms();
  server.faults = { hangFor: ofKms };
  const result = await run({}, { timeoutMs: 400 });
  expect(result.ids('fail')).toEqual(['encryption/choice']);
  expect(result.finding('encryption/choice').title).toBe('did not finish within 0.4 s');
});

test('credentials of another account explain keys that are not found', async () => {
  const { server, run } = await startKms();
  const stranger = {
    accessKeyId: 'AKIASTRANGER',
    secretAccessKey: 'secret-of-a-stranger',
    arn: 'arn:aws:iam::999999999999:user/stranger',
  };
  server.users = [stranger];
  const names = {
    ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'alias/spacelift-encryption',
    ENCRYPTION_KMS_SIGNING_KEY_ID: 'alias/spacelift-signing',
  };
  const result = await run({ ...place(server, stranger), ...names });
  expect(result.ids('fail')).toEqual(['identity/account']);
  for (const id of BOTH) expect(result.finding(id).title).toBe('same cause as identity/account');
});
