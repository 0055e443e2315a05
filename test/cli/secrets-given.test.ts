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
    expect(await refused(['-f', text], {})).toContain('the argument looks like a config: pipe it in with -f -');
    expect(await refused([text], {})).toContain('looks like part of a config; use -f - to read');
  });
});

describe('what nobody can tell from a password', () => {
  const WORDS = 'correct-horse-battery';
  const SHELL = { SERVER_DOMAIN: 'spacelift.corp.io' };
  test.each([
    [[`-p${WORDS}`], "unknown option '-p'; see --help"],
    [[`-p=${WORDS}`], "unknown option '-p'; see --help"],
    [[`-vp${WORDS}'\n`], "unknown option '-p'; see --help"],
    [[`--${WORDS}`], "unknown option '--…'; see --help"],
    [[`--${WORDS}=x`], "unknown option '--…'; see --help"],
    [['--accept', WORDS], '--accept …: no such rule'],
    [['--reason', WORDS], "option '--reason <text>' argument '…' is invalid: expected an --accept before it"],
    [['--accept', `${WORDS}=x`], '--accept …: no such rule'],
    [['--phase', `password=${WORDS}`], "argument '…' is invalid: expected one of auto, pre-install, post-install"],
    [['--phase', `it' is invalid. ${WORDS}`], "argument '…' is invalid: expected one of auto"],
    [['--format', WORDS], "option '-o, --format <name>' argument '…' is invalid: expected one of pretty"],
    [[`-o${WORDS}`], "option '-o, --format <name>' argument '…' is invalid: expected one of pretty"],
    [['--timeout', WORDS], "argument '…' is invalid: expected a number of seconds"],
    [['--report', `password=${WORDS}`], "argument '…' is invalid: expected one of pretty"],
    [['--credentials-file', WORDS], "argument '…' is invalid: expected one of AWS_WEB"],
    [['--allow-credentials-to', `u:${WORDS}@h`], "argument '…' is invalid: expected host or host:port"],
    [['completion', WORDS], "argument <shell> '…' is invalid: expected one of bash, zsh, fish"],
    [['--only', `password=${WORDS}`], '--only … matches no rule; list all rules with spacelift-preflight explain'],
    [['--only', `host=h user=u password=${WORDS}`], '--only … matches no rule'],
    [['--skip', WORDS], '--skip … matches no rule'],
    [['--require', WORDS], '--require … matches no rule'],
    [['plan', '--only', WORDS], '--only … matches no rule'],
    [['explain', WORDS], 'explain …: no such rule'],
    [[WORDS], 'unknown command …; expected one of check, plan'],
    [['-f', `u@c:${WORDS}@h`], '‹redacted›@h: no such file'],
    [['-f', `//u:${WORDS}@h`], '//‹redacted›@h: no such file'],
    [['-f', `host=h user=u password=${WORDS}`], 'looks like a config'],
    [['--ca-file', `host=h password=${WORDS}`], 'cannot read --ca-file host=h password=‹redacted›; expected'],
    [['--report', `json=/nowhere/u@c:${WORDS}@h`], 'cannot write /nowhere/‹redacted›@h: its directory does not exist'],
  ])('%j', async (args, says) => {
    const stderr = await refused(args, SHELL);
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/correct|horse|battery/);
  });
});

describe('what is no secret is repeated', () => {
  test.each([
    [['--service', 'beside'], "argument 'beside' is invalid"],
    [
      ['--only', 'configuration/*,database/*'],
      '--only … matches no rule; pass each pattern by itself, not a list with commas',
    ],
    [['--only', 'database/conect'], "--only database/conect matches no rule; did you mean 'database/connect'?"],
    [
      ['--only', 'object-storage/upload/cors'],
      "--only object-storage/upload/cors matches no rule; did you mean 'object-storage/uploads/cors'?",
    ],
    [['--timeout', '100000'], "argument '100000' is invalid"],
    [['-x'], "unknown option '-x'"],
    [['-f', 'no such folder/config.env'], 'no such folder/config.env: no such file'],
  ])('%j', async (args, says) => {
    expect(await refused(args, {})).toContain(says);
  });
});

test('the password of a URL anywhere else', async () => {
  const url = `https://me:${encodeURIComponent(SECRET)}@proxy`;
  expect(await refused(['--ca-file', url], {})).toContain('https://me:‹redacted›@proxy');
});
