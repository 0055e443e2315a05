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

describe('a secret of the environment', () => {
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
  test.each(PLACES)('%s %s %s', async (...args) => {
    for (const secret of [SECRET, LONG]) await refused(args.map((arg) => arg.replace('X', () => secret)));
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
