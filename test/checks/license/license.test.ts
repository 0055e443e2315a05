import { describe, expect, test } from 'vitest';
import { license } from '../../../checks/license/index.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const SIGNATURE = 'a-signature-that-must-never-be-seen';
const token = (claims: object, header: object = { alg: 'RS256', typ: 'JWT' }) =>
  `${part(header)}.${part(claims)}.${SIGNATURE}`;
const inDays = (days: number) => Math.floor(Date.now() / 1000 + days * 86_400);

const run = (variables: Variables, options: Options = {}) =>
  preflight([license], { LICENSE_TYPE: 'jwt', SERVER_DOMAIN: 'spacelift.corp.io', ...variables }, options);

async function judged(LICENSE_TOKEN: string, more: Variables = {}) {
  const result = await run({ LICENSE_TOKEN, ...more });
  expect(result.findings).toHaveLength(1);
  expect(JSON.stringify(result.findings)).not.toContain(SIGNATURE);
  return result.finding('license/token');
}

describe('a license token', () => {
  test('that lasts passes, and says how long', async () => {
    const exp = inDays(365);
    expect(await judged(token({ sub: 'Corp', iss: 'spacelift', exp }))).toMatchObject({
      status: 'pass',
      title: `license valid until ${new Date(exp * 1000).toISOString().slice(0, 10)}`,
      evidence: { subject: 'Corp', issuer: 'spacelift', expires: new Date(exp * 1000).toISOString() },
    });
  });
  test('without expiry passes', async () => {
    expect(await judged(token({ sub: 'Corp' }))).toMatchObject({
      status: 'pass',
      title: 'a license token without expiry',
    });
  });
  test.each([
    [31, 'pass'],
    [29, 'warn'],
    [0.5, 'warn'],
    [-1, 'fail'],
    [-400, 'fail'],
  ])('that expires in %d days: %s', async (days, status) => {
    expect((await judged(token({ exp: inDays(days) }))).status).toBe(status);
  });
  test('that expires soon says when', async () => {
    expect((await judged(token({ exp: inDays(12.5) }))).title).toMatch(/^the license expires in 12 days, on \d{4}-/);
  });
  test('that is not valid yet fails', async () => {
    expect(await judged(token({ nbf: inDays(2), exp: inDays(365) }))).toMatchObject({
      status: 'fail',
      title: expect.stringContaining('not valid until'),
    });
    expect((await judged(token({ nbf: inDays(-2), exp: inDays(365) }))).status).toBe('pass');
  });
  test('names its domain, when it does', async () => {
    const claims = { domain: 'other.corp.io', exp: inDays(365) };
    expect(await judged(token(claims))).toMatchObject({
      status: 'pass',
      detail: 'It is for other.corp.io, but SERVER_DOMAIN is spacelift.corp.io.',
      evidence: { domain: 'other.corp.io' },
    });
    const same = await judged(token({ ...claims, domain: 'Spacelift.corp.io' }));
    expect(same.detail).toBeUndefined();
  });
});

describe('what is no token fails, and says why', () => {
  const good = token({ exp: inDays(365) });
  test.each([
    ['another secret', 'not-a-token', '1 part'],
    ['its payload alone', good.split('.')[1] ?? '', '1 part'],
    ['cut off', good.slice(0, 60), 'part'],
    ['altered', good.replace('.', '.!'), 'three parts, but'],
  ])('%s', async (_, value, says) => {
    expect(await judged(value)).toMatchObject({
      status: 'fail',
      title: 'LICENSE_TOKEN is not a JSON Web Token (JWT)',
      detail: expect.stringContaining(says),
    });
  });
  test.each([
    ['encoded twice', Buffer.from(good).toString('base64'), 'LICENSE_TOKEN is base64 of a token, not the token itself'],
    ['wrapped', `${good.slice(0, 40)}\n${good.slice(40)}`, 'LICENSE_TOKEN contains whitespace'],
    ['with a scheme', `Bearer ${good}`, 'LICENSE_TOKEN starts with Bearer'],
    ['without a date', token({ exp: 'tomorrow' }), 'the expiry (exp) of the license token is not a valid date'],
  ])('%s', async (_, value, title) => {
    expect(await judged(value)).toMatchObject({ status: 'fail', title, fix: expect.any(String) });
  });
});

describe('which license', () => {
  test('one of AWS is checked out by Spacelift itself', async () => {
    const result = await run({ LICENSE_TYPE: 'aws' });
    expect(result.finding('license/token')).toMatchObject({
      status: 'skip',
      title: 'Spacelift checks its license out of AWS License Manager itself',
    });
  });
  test('a worker needs none', async () => {
    expect((await run({}, { service: 'worker' })).findings).toEqual([]);
  });
  test('a token that is missing fails under `configuration` alone', async () => {
    const { configuration } = await import('../../../checks/configuration/index.ts');
    const result = await preflight([configuration, license], { LICENSE_TYPE: 'jwt' });
    expect(result.ids('fail').filter((id) => id.startsWith('license'))).toEqual([]);
    expect(result.finding('license/token').status).toBe('skip');
  });
});
