/** A secret that was given on the command line by mistake is not repeated. */
import { describe, expect, test } from 'vitest';
import { canary } from '../support/canaries.ts';
import { expectNone } from '../support/leaks.ts';
import { command } from './host.ts';

const SECRET = canary('ADMIN_PASSWORD');
const LONG = `${canary('one')}${canary('two')}${canary('three')}${canary('four')}`;
const SECRETS = [SECRET, LONG].map((value) => ({ of: 'what was given', value }));
const env = { ADMIN_PASSWORD: SECRET, LICENSE_TOKEN: LONG, SERVER_DOMAIN: 'spacelift.corp.io' };

async function refused(args: readonly string[], given: Record<string, string> = env): Promise<string> {
  const { code, stdout, stderr } = await command(args, { env: given });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^spacelift-preflight: [^\n]+\n$/);
  expectNone(SECRETS, stderr);
  return stderr;
}

const PLACES: readonly (readonly string[])[] = [
  ['X'],
  ['plan', 'X'],
  ['explain', 'X'],
  ['completion', 'X'],
  ['cleanup', '--timeout', 'X'],
  ['-f', 'X'],
  ['--format', 'X'],
  ['--report', 'X'],
  ['--report', 'json=/nowhere/X'],
  ['--only', 'X'],
  ['--skip', 'X'],
  ['--require', 'X'],
  ['--accept', 'X'],
  ['--accept', 'X=reason'],
  ['--service', 'X'],
  ['--phase', 'X', '--help'],
  ['--from', 'X'],
  ['--ca-file', 'X'],
  ['--timeout', 'X', '--help'],
  ['--concurrency', 'X'],
  ['--X'],
  ['--password=X'],
];

describe('a secret of the environment', () => {
  test.each(PLACES)('%s %s %s', async (...args) => {
    for (const secret of [SECRET, LONG]) await refused(args.map((arg) => arg.replace('X', () => secret)));
  });
});

describe('what looks like a secret by itself', () => {
  const GIVEN: Readonly<Record<string, string>> = {
    AKIAIOSFODNN7EXAMPLE: 'AKIAIOSF',
    ghp_16C7e42F292c6912E7710c838347Ae178B4a: '16C7e42F',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY': 'wJalrXU',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl': 'eyJhbGci',
    'me:hunter2@host': 'hunter2',
    'https://me:hunter2@host': 'hunter2',
    'postgres://me:hunter2@host/db?x=1': 'hunter2',
    'https://hunter2@host': 'hunter2',
  };
  test.each(PLACES)('%s %s %s', async (...args) => {
    for (const [given, part] of Object.entries(GIVEN)) {
      // Part of a path it can't be told from one.
      if (given.startsWith('wJalr') && args.includes('json=/nowhere/X')) continue;
      const { code, stdout, stderr } = await command(
        args.map((arg) => arg.replace('X', () => given)),
        { env: { SERVER_DOMAIN: 'spacelift.corp.io' } },
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).not.toContain(part);
    }
  });
});

describe('the text of a config in place of its path', () => {
  test.each([
    `ADMIN_PASSWORD=${SECRET}`,
    `# our config\nADMIN_PASSWORD=${SECRET}\n`,
    `{"ADMIN_PASSWORD":${JSON.stringify(SECRET)}}`,
    `postgres://spacelift:${encodeURIComponent(SECRET)}@db/spacelift`,
    `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(SECRET.repeat(6)).toString('base64url')}`,
  ])('%j', async (text) => {
    expect(await refused(['-f', text], {})).toContain('looks like a config itself: pipe it in with -f -');
    expect(await refused([text], {})).toContain('looks like (part of) a config; pipe it in with -f -');
  });
});

test('the password of a URL anywhere else', async () => {
  const url = `https://me:${encodeURIComponent(SECRET)}@proxy`;
  expect(await refused(['--ca-file', url], {})).toContain('https://me:‹redacted›@proxy');
});
