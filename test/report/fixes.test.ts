/** The script of fixes: what a shell makes of it, whatever the texts in it are. */
import fc from 'fast-check';
import { afterAll, describe, expect, it, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { advice, command, type Fix, identifier, literal, setting, sh, sql } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { renderAs } from '../../src/report/index.ts';
import { makeReport, type Report, type ReportOptions } from '../../src/report/report.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { anyText } from '../support/arbitrary.ts';
import { makeScriptPlayer } from '../support/played-script.ts';
import { HOSTILE, hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

const player = makeScriptPlayer(['aws', 'mc', 'psql', 'touch']);
afterAll(() => player.remove());

const ENV = { ADMIN_DATABASE_URL: 'postgresql://postgres@localhost/spacelift' } as const;
const PSQL = ['psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', ENV.ADMIN_DATABASE_URL];

/** A report of failures with these fixes. */
async function reportOf(
  fixes: readonly Fix[],
  { words = 'found', left, ...more }: Partial<ReportOptions> & { words?: string; left?: Fix } = {},
): Promise<Report> {
  const check = fakeCheck(
    'check',
    fixes.map((_, index) => `rule-${index}`),
    async ({ check, cleanup }) => {
      for (const [index, fix] of fixes.entries()) {
        await check(`rule-${index}`, () => warn(words, { detail: words, expected: words, fix }));
      }
      if (left !== undefined) cleanup(words, left, () => Promise.reject(new Error()));
    },
  );
  return makeReport(await runFakes([check]), {
    phase: 'pre-install',
    service: undefined,
    accept: new Map(),
    redact: redactor([]),
    ...more,
  });
}

const scriptOf = async (fixes: readonly Fix[], more: Parameters<typeof reportOf>[1] = {}): Promise<string> =>
  renderAs(await reportOf(fixes, more), 'fixes');

test('the commands of the sample run in the order of the report, and the rest is said', async () => {
  const script = await renderAs(await sampleReport(), 'fixes');
  const { calls, code, stdout, stderr } = await player.play(script, ENV);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(calls).toEqual([
    {
      argv: PSQL,
      input: 'GRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;\n',
    },
    {
      argv: `aws s3api create-bucket --bucket spacelift-modules --region eu-west-1 --create-bucket-configuration LocationConstraint=eu-west-1`.split(
        ' ',
      ),
      input: '',
    },
    {
      argv: 'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled'.split(
        ' ',
      ),
      input: '',
    },
  ]);
  expect(stdout).toBe('all commands succeeded: run spacelift-preflight again\n');
  expect(script).toContain('# --- 4 of 4: warning: database/version\n# found: PostgreSQL 17.2 is not officially');
  expect(script).toContain('\n# advice: plan a database of a supported version\n');
});

describe('what is not to be run as it is, is a comment', () => {
  const remove = sh`mc rm --force minio/spacelift/x`;
  const enable = sh`mc version enable minio/spacelift`;

  it.each([
    ['a command that removes something', [command(remove, { destructive: true })], {}],
    ['an accepted warning', [command(enable)], { accept: new Map([['check/rule-0', 'known']]) }],
    ['a command without its secret', [command(enable)], { redact: redactor(['spacelift-secret', 'minio/spacelift']) }],
    ['what the run left behind', [advice`look`], { left: command(remove) }],
    ['a setting', [setting('AWS_PROFILE', 'touch x')], {}],
    ['advice', [advice`run it: ${enable}`], {}],
  ] as const)('%s', async (_, fixes, more) => {
    const script = await scriptOf(fixes, more);
    expect(script).toMatch(/^# .*(mc|AWS_PROFILE)/m);
    const { calls, code, stderr } = await player.play(script);
    expect({ calls, code, stderr }).toEqual({ calls: [], code: 0, stderr: '' });
  });

  it('the same fix a second time', async () => {
    const { calls } = await player.play(await scriptOf([command(enable), command(enable)]));
    expect(calls.map(({ argv }) => argv.join(' '))).toEqual(['mc version enable minio/spacelift']);
  });
});

test('a setting says where to make it, and so does advice about a variable', async () => {
  const report = await reportOf([setting('SERVER_DOMAIN', 'spacelift.example.org')]);
  const location = { file: 'deploy/.env', line: 3 };
  const variables = [{ name: 'SERVER_DOMAIN', service: 'all', origin: 'deploy/.env', location, used: true }] as const;
  expect(await renderAs({ ...report, variables }, 'fixes')).toContain(
    '# setting: set SERVER_DOMAIN=spacelift.example.org\n# where: deploy/.env, line 3\n',
  );
  expect(await renderAs({ ...report, configFiles: ['other.yaml'] }, 'fixes')).toContain('\n# where: other.yaml\n');
  const advised = await reportOf([advice`correct SERVER_DOMAIN`, advice`run again later`]);
  const checks = advised.checks.map((check) => ({
    ...check,
    findings: check.findings.map((finding) => ({ ...finding, variable: 'SERVER_DOMAIN' })),
  }));
  expect((await renderAs({ ...advised, checks, variables }, 'fixes')).match(/^# (?:advice|where): .*$/gm)).toEqual([
    '# advice: correct SERVER_DOMAIN',
    '# where: deploy/.env, line 3',
    '# advice: run again later',
  ]);
});

test('a script without a fix says so, and succeeds', async () => {
  const check = fakeCheck('check', ['a', 'b'], async ({ check }) => {
    await check('a', () => pass('fine'));
    await check('b', () => skip('not allowed', { fix: command(sh`touch x`) }));
  });
  const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
  const { code, stdout, calls } = await player.play(
    await renderAs(makeReport(await runFakes([check]), about), 'fixes'),
  );
  expect({ code, stdout, calls }).toEqual({ code: 0, stdout: 'nothing to fix\n', calls: [] });
});

test('it stops at the first error', async () => {
  const fixes = [command(sh`mc one`), command(sql`SELECT 1;`), command(sh`mc two`)];
  const { calls, code, stdout } = await player.play(await scriptOf(fixes), ENV, 'psql');
  expect(calls.map(({ argv: [name, first] }) => [name, first])).toEqual([
    ['mc', 'one'],
    ['psql', '--no-psqlrc'],
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('nothing runs before the URL of the administrator is set, which it asks for only if there is SQL', async () => {
  const { calls, code, stderr } = await player.play(await scriptOf([command(sh`mc one`), command(sql`SELECT 1;`)]));
  expect({ calls, code }).toEqual({ calls: [], code: 1 });
  expect(stderr).toContain('ADMIN_DATABASE_URL: set it to the URL of an administrator of the database');
  expect((await player.play(await scriptOf([command(sh`mc one`)]))).code).toBe(0);
});

const DANGEROUS = [
  ...HOSTILE,
  'SQL',
  'x\nSQL\ntouch owned\n',
  '\nSQL_\n',
  "'\ntouch owned\n'",
  '$(touch owned)',
  '`touch owned`',
  "'; touch owned; '",
  "E'\\n; \\! touch owned",
  '\\! touch owned',
  '\\\ntouch owned',
  '\r\ntouch owned',
  '\u2028touch owned',
  ' shellcheck disable=all',
  '\n# shellcheck source=/etc/passwd',
  "'EOF'\ntouch owned",
  '!!',
] as const;

test('whatever the texts are, only the commands run, with exactly their arguments', async () => {
  const text = fc.oneof(anyText(60), fc.constantFrom(...DANGEROUS));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (words, one, two) => {
      const fixes = [
        command(sh`aws s3 cp ${one} s3://${two}/x`, { note: words, after: two }),
        command(sql`ALTER ROLE ${identifier(one)} SET x TO ${literal(two)};`, { note: words }),
        setting('AWS_PROFILE', one),
        advice`${words}`,
        command(sh`mc rm minio/${two}`, { note: words, destructive: true }),
      ];
      const left = command(sh`mc rm ${two}`, { note: words });
      const report = await reportOf(fixes, { words: `${words} `, left });
      const script = await renderAs(report, 'fixes');
      const { calls, code, stderr, files } = await player.play(script, ENV);
      expect({ code, stderr, files }).toEqual({ code: 0, stderr: '', files: [] });
      // A text that looks like a login is redacted: the command with it is a comment.
      const [shell, statement] = report.checks.flatMap(({ findings }) => findings);
      const runs = (one: typeof shell) => one?.fixKind === 'command' && !/‹redacted›/.test(one.fix ?? '');
      const expected = [
        ...(runs(shell) ? [{ argv: fixes[0]?.shells[0]?.argvs[0], input: '' }] : []),
        ...(runs(statement) ? [{ argv: PSQL, input: `${statement?.fix}\n` }] : []),
      ];
      expect(calls).toEqual(expected);
      const given = calls.find(({ argv: [name] }) => name === 'psql')?.input;
      if (given !== undefined) expect(given.split('\n').filter((line) => /^\s*\\/.test(line))).toEqual([]);
    }),
    { numRuns: 80, examples: DANGEROUS.map((one): [string, string, string] => [one, one, one]) },
  );
});

test('hostile values run nothing', async () => {
  const { calls, code, files, stderr } = await player.play(await renderAs(await hostileReport(), 'fixes'));
  expect({ calls, code, files, stderr }).toEqual({ calls: [], code: 0, files: [], stderr: '' });
});

test('the failures come first', async () => {
  const check = fakeCheck('check', ['a', 'b'], async ({ check }) => {
    await check('a', () => warn('late', { fix: command(sh`mc late`) }));
    await check('b', () => fail('early', { fix: command(sh`mc early`) }));
  });
  const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
  const { calls } = await player.play(await renderAs(makeReport(await runFakes([check]), about), 'fixes'));
  expect(calls.map(({ argv }) => argv.join(' '))).toEqual(['mc early', 'mc late']);
});
