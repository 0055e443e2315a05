import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import type { runChecks } from '../../src/engine/run.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, command, sh } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { prettyParts, renderPretty } from '../../src/report/pretty.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { explainCommand, linked, pageOf } from '../../src/report/rule-link.ts';
import { PLAIN, type Style } from '../../src/report/style.ts';
import { loadWidths } from '../../src/report/wrap.ts';
import { VERSION } from '../../src/util/version.ts';
import { fakeCheck, never, runFakes } from '../fakes.ts';
import { expectValid } from '../support/valid.ts';
import { sampleReport } from './sample.ts';

beforeAll(loadWidths);

const show = (report: Report, style: Partial<Style> = {}) => renderPretty(report, { ...PLAIN, ...style });
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);
const works = (id: string) => fakeCheck(id, ['x'], async ({ check }) => void (await check('x', () => pass('fine'))));

async function reportOf(checks: Parameters<typeof runChecks>[0], interrupt = never()): Promise<Report> {
  const result = await runFakes(checks, {}, interrupt);
  const report = makeReport(
    { ...result, durationMs: 61_234 },
    {
      phase: 'pre-install',
      service: undefined,
      accept: new Map([['a/accepted', 'until the move in May']]),
      redact: redactor([]),
    },
  );
  return expectValid(report, checks);
}

describe('the pretty report', () => {
  it('reads like this at 80 columns', async () => {
    expect(show(await sampleReport())).toBe(`\
✔ configuration   28 variables for all services, none missing               1 ms

✖ database        1 failed, 1 warning                                      38 ms
  ✖ database/privileges
      the role spacelift lacks CREATE and USAGE on the schema public
      PostgreSQL 15 and later no longer grant it to everyone.
      expected  a role with CREATE on the schema public and CREATEROLE
      fix       GRANT CREATE ON SCHEMA public TO spacelift;
                ALTER ROLE spacelift CREATEROLE;
      docs      spacelift-preflight explain database/privileges
  ⚠ database/version   PostgreSQL 17.2 is not officially supported
      All checks passed; the vendor tests with 14 to 16.
      expected  PostgreSQL 14, 15 or 16
      fix       plan a database of a supported version
      docs      spacelift-preflight explain database/version
  - database/pooler: not allowed to read pg_stat_activity

✖ object-storage  3 of 5 buckets failed                                    1.2 s
  ✖ object-storage/modules/access   buckets are missing in eu-west-1
      affects   modules, uploads
      expected  a bucket of that name in eu-west-1
      fix       aws s3api create-bucket --bucket spacelift-modules \\
                  --region eu-west-1 \\
                  --create-bucket-configuration LocationConstraint=eu-west-1
      docs      spacelift-preflight explain object-storage/modules/access
  ✖ object-storage/states/versioning
      versioning is not enabled on spacelift-states
      expected  enabled: without versioning, state history is lost
      fix       aws s3api put-bucket-versioning --bucket spacelift-states \\
                  --versioning-configuration Status=Enabled
      docs      spacelift-preflight explain object-storage/states/versioning
  - 3 skipped (retention): not allowed to read spacelift-deliveries:
    s3:GetLifecycleConfiguration (same for 2 others)
  - 5 skipped (versioning, retention, access): they depend on
    object-storage/modules/access, which failed

✔ encryption      a 4096-bit RSA key, PKCS#8                                4 ms
- message-queues  depends on database/privileges, which failed              0 ms
✔ mqtt-broker     tls://spacelift.example.org:1984                          9 ms
  - mqtt-broker/builtin/reachable: spacelift.example.org:1984 does not answer:
    it starts with Spacelift
- release         not known, so the reference documentation applies:
                  LAUNCHER_IMAGE_TAG is not set; set it with --release
- not verified    access to version control: its address is not in the config;
                  to check it, use --vcs
- not verified    pulling the backend image: its name is not in the config; to
                  check it, use --pull

next steps
  1. ✖ database/privileges               the role spacelift lacks CREATE and
                                         USAGE on the schema public
  2. ✖ object-storage/modules/access     buckets are missing in eu-west-1
  3. ✖ object-storage/states/versioning  versioning is not enabled on
                                         spacelift-states
  4. ⚠ database/version                  plan a database of a supported version
  then run it again to check 6 skipped findings

✖ not ready: 3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s
`);
  });

  it.each([80, 100])('fits %d columns, but for links', async (width) => {
    for (const verbosity of ['quiet', 'normal', 'verbose'] as const) {
      const text = show(await sampleReport(), { width, verbosity });
      expect(text.split('\n').filter((line) => line.length > width && !line.includes('  docs  '))).toEqual([]);
    }
  });

  it('is plain ASCII for a terminal without Unicode', async () => {
    const check = fakeCheck('a', ['x'], async ({ check }) => {
      await check('x', () => fail('“zürich” – it’s gone… → ‹redacted›', { fix: advice`größer` }));
    });
    const text = show(await reportOf([works('b'), check]), { unicode: false, verbosity: 'verbose' });
    expect(text).toMatch(/^[\n -~]+$/);
    expect(text).toMatch(/^ok b /);
    expect(text).toContain(`"z\\u{fc}rich" - it's gone... -> <redacted>`);
    expect(lastLine(text)).toBe('x not ready: 1 failed, 1 passed in 61.2 s');
  });

  it('says once which shell its commands are for, where there is another', async () => {
    const says =
      /^Commands are for a POSIX shell: on Windows, paste them into WSL or Git Bash, not\ninto PowerShell\.$/gm;
    expect(show(await sampleReport(), { posixShell: false }).match(says)).toHaveLength(1);
    expect(show(await sampleReport())).not.toMatch(says);
    expect(show(await reportOf([works('b')]), { posixShell: false })).not.toMatch(says);
  });

  it('has color only when asked, and says the same without', async () => {
    const report = await sampleReport();
    const colored = show(report, { color: 1 });
    expect(colored).toContain('\u001b[31m✖\u001b[39m');
    expect(stripVTControlCharacters(colored)).toBe(show(report));
    expect(show(report)).not.toContain('\u001b');
  });

  it('links the docs where the terminal shows links, and says the same without', async () => {
    const report = await sampleReport();
    const text = show(report, { links: true });
    expect(text).toContain(
      '      docs      \u001b]8;;https://docs.spacelift.io/self-hosted/latest/reference/object-storage\u0007spacelift-preflight explain object-storage/states/versioning\u001b]8;;\u0007\n',
    );
    expect(stripVTControlCharacters(text)).toBe(show(report));
    const hostile = 'https://x/\u0007\u001b]0;owned\u0007';
    expect(explainCommand('database/x; rm -rf /')).toBeUndefined();
    expect(linked('text', hostile)).toBe('text');
    expect(linked('text', 'javascript:alert(1)')).toBe('text');
    expect(
      pageOf({ id: 'a/states/x[B_C]', rule: 'a/<bucket>/x', docs: 'https://vendor' }, 'https://github.com/o/p'),
    ).toBe(`https://github.com/o/p/blob/v${VERSION}/docs/rules/a.md#abucketx`);
  });

  it('quiet: failures and warnings, then the verdict', async () => {
    const text = show(await sampleReport(), { verbosity: 'quiet' });
    expect(text).toContain('✖ database/privileges');
    expect(text).toContain('⚠ database/version');
    expect(text).not.toMatch(/✔|skipped \(|not verified|^ +- /m);
    expect(text.match(/^- .*$/gm)).toEqual([
      expect.stringMatching(/^- 11 skipped: they depend on the 2 failures above \(6\); not allowed to read/),
    ]);
    expect(show(await reportOf([works('database'), works('object-storage')]), { verbosity: 'quiet' })).toBe(
      '✔ ready: 2 passed in 61.2 s\n',
    );
  });

  it.each([4, 5])('quiet: of %d reasons, those without room are named by what was skipped', async (count) => {
    const reasons = [
      'no route to it',
      'another run uses it',
      'the port is closed here',
      'not installed',
      'asked not to',
    ];
    const rules = reasons.slice(0, count).map((_, index) => `rule-${index + 1}`);
    const check = fakeCheck('a', rules, async ({ check }) => {
      for (const [index, rule] of rules.entries()) await check(rule, () => skip(reasons[index] ?? ''));
    });
    expect(show(await reportOf([works('b'), check]), { verbosity: 'quiet', width: 300 })).toContain(
      `for other reasons, shown without -q: ${rules
        .slice(2)
        .map((rule) => `a/${rule}`)
        .join(', ')} (${count - 2})\n`,
    );
  });

  it('quiet: of many findings without room, their checks are named', async () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, index) =>
      fakeCheck(id, ['x'], async ({ check }) => void (await check('x', () => skip(`${'no '.repeat(index + 1)}way`)))),
    );
    expect(show(await reportOf([works('z'), ...all]), { verbosity: 'quiet', width: 300 })).toContain(
      'for other reasons, shown without -q: c, d, e, f, g (5)\n',
    );
  });

  it('does not say that a failure affects itself, but for one of many of a kind', async () => {
    const gone = () => fail('it is gone', { cause: cause.finding('gone') });
    const check = fakeCheck('a', ['x', 'y'], async ({ check }) => {
      await check('x', gone);
      await check('y', gone);
    });
    expect(show(await reportOf([check]))).toContain('affects   a/y\n');
    expect(show(await sampleReport())).toContain('affects   modules, uploads\n');
  });

  it('verbose: every finding with its evidence and duration', async () => {
    const report = await sampleReport();
    const text = show(report, { verbosity: 'verbose', width: 100 });
    for (const finding of report.checks.flatMap((check) => check.findings)) expect(text).toContain(` ${finding.id}`);
    expect(text).toContain('  ✔ database/connect   connected  3 ms\n      evidence  host: db.internal; port: 5432\n');
    expect(text).toContain('  - database/pooler   not allowed to read pg_stat_activity  3 ms\n      fix       GRANT');
  });

  it.each(['normal', 'quiet', 'verbose'] as const)('%s: is the same in parts', async (verbosity) => {
    const style = { ...PLAIN, verbosity };
    const report = await sampleReport();
    for (let count = 0; count <= report.checks.length; count++) {
      const parts = prettyParts(
        report.checks.map(({ id }) => id),
        style,
      );
      const printed = report.checks.slice(0, count).map((check) => parts.next(check));
      expect(printed.join('') + parts.rest(report)).toBe(show(report, style));
    }
  });

  it('folds what was skipped by request into one line', async () => {
    const text = show(await sampleReport({ skip: ['d*', 'mqtt-broker/*'] }));
    expect(text).toContain('- by request      7 skipped: database, mqtt-broker\n');
    expect(text).not.toMatch(/^- database/m);
    const verbose = show(await sampleReport({ skip: ['d*'] }), { verbosity: 'verbose' });
    expect(verbose).toContain('  - database/connect   skipped by request');
    expect(verbose).not.toContain('- by request');
  });

  it('shows an accepted warning with its reason', async () => {
    const check = fakeCheck(
      'a',
      ['accepted'],
      async ({ check }) => void (await check('accepted', () => warn('hurts'))),
    );
    expect(show(await reportOf([check]))).toContain('hurts\n      accepted  until the move in May\n');
  });

  it('says what the verdict lacks', async () => {
    expect(show(await reportOf([works('configuration')]))).toMatch(
      /⚠ inconclusive: neither the database nor the object storage could be verified\n {2}1 passed in 61.2 s\n$/,
    );
    expect(show(await reportOf([works('object-storage')]))).toMatch(
      /⚠ inconclusive: the database could not be verified\n {2}1 passed in 61.2 s\n$/,
    );
    const check = fakeCheck('a', ['x', 'y'], async ({ check }) => {
      await check('x', () => warn('hurts'));
      await check('y', () => warn('hurts'));
    });
    expect(lastLine(show(await reportOf([works('database'), works('object-storage'), check])))).toBe(
      '⚠ ready with warnings: 2 warnings, 2 passed in 61.2 s',
    );
  });

  it('says next steps, in order, when that is more than one thing', async () => {
    const check = fakeCheck('a', ['late', 'accepted', 'first', 'second'], async ({ check }) => {
      await check('late', () => warn('hurts', { fix: advice`plan for it` }));
      await check('accepted', () => warn('hurts too', { fix: advice`never mind` }));
      await check('first', () => fail('broken', { fix: advice`fix it` }));
      await check('second', () => fail('broken in two ways', { fix: advice`fix this\nand that` }));
    });
    expect(show(await reportOf([check]))).toContain(`
next steps
  1. ✖ a/first   fix it
  2. ✖ a/second  broken in two ways
  3. ⚠ a/late    plan for it

✖ not ready`);
    expect(show(await reportOf([check]), { verbosity: 'quiet' })).not.toContain('next steps');
    const one = fakeCheck('a', ['x'], async ({ check }) => void (await check('x', () => fail('broken'))));
    expect(show(await reportOf([one]))).not.toContain('next steps');
  });

  it('says next steps beneath long ids, and how much more there is', async () => {
    const rules = Array.from({ length: 12 }, (_, index) => `a-rule-with-quite-a-long-name-number-${index}`);
    const check = fakeCheck('object-storage', rules, async ({ check }) => {
      for (const rule of rules) await check(rule, () => fail('broken', { fix: advice`fix it` }));
    });
    const text = show(await reportOf([check]));
    expect(text).toContain(`
  9. ✖ object-storage/a-rule-with-quite-a-long-name-number-8
       fix it
  and 3 more above
`);
  });

  it('shows the whole of a reason that its line has no room for', async () => {
    const reason = 'the first of two reasons, which is long enough to be cut at the end of its line, and goes on';
    const check = fakeCheck('a', ['x'], async ({ check }) => void (await check('x', () => skip(reason))));
    const lines = show(await reportOf([check])).split('\n');
    expect(lines[0]).toMatch(/^- a +the first of two reasons, which is long enough to be.*… +\d+ ms$/);
    expect(lines.slice(1, 3)).toEqual([
      '    the first of two reasons, which is long enough to be cut at the end of its',
      '    line, and goes on',
    ]);
  });

  it('says that it was interrupted', async () => {
    const hung = fakeCheck(
      'hung',
      ['x', 'y'],
      async ({ check }) => void (await check('x', () => new Promise(() => {}))),
    );
    const text = show(await reportOf([works('a'), hung], AbortSignal.timeout(20)));
    expect(text).toMatch(/^ {2}- hung\/x: interrupted while it was being checked$/m);
    expect(text).toMatch(/^ {2}- hung\/y: interrupted before it was checked$/m);
    expect(lastLine(text)).toBe('⚠ interrupted: 1 passed, 2 skipped in 61.2 s');
    const failing = fakeCheck('b', ['x'], async ({ check }) => void (await check('x', () => fail('broken'))));
    expect(lastLine(show(await reportOf([failing, hung], AbortSignal.timeout(20))))).toMatch(
      /^✖ interrupted, not ready: /,
    );
  });

  it('lists what was left behind, with the command that removes it', async () => {
    const check = fakeCheck('a', ['x'], async ({ check, cleanup }) => {
      cleanup('an object in spacelift-states', command(sh`aws s3 rm s3://spacelift-states/probe`), () =>
        Promise.reject(new Error()),
      );
      await check('x', () => pass('fine'));
    });
    for (const verbosity of ['quiet', 'normal', 'verbose'] as const) {
      expect(show(await reportOf([check]), { verbosity })).toContain(`\
⚠ left behind: 1 item that this run created and did not remove
    an object in spacelift-states
      aws s3 rm s3://spacelift-states/probe
`);
    }
  });

  it('is calm about what may stay', async () => {
    const check = fakeCheck('a', ['x'], async ({ check, cleanup }) => {
      for (const bucket of ['states', 'logs'])
        cleanup(
          `probe in ${bucket}, which may stay`,
          command(sh`aws s3 rm s3://${bucket}/probe`),
          () => Promise.reject(new Error()),
          { mayStay: true },
        );
      await check('x', () => pass('fine'));
    });
    const report = await reportOf([check]);
    const note = '- 2 test objects stay: later runs use them again, and this account or service\n  can’t remove them';
    expect(show(report)).toContain(`${note} (-v lists them)\n`);
    expect(show(report)).not.toMatch(/left behind|aws s3 rm/);
    expect(show(report, { verbosity: 'verbose' })).toContain(
      `${note}\n    probe in states, which may stay\n      aws s3 rm s3://states/probe\n`,
    );
  });

  it('says how many failures skips depend on', async () => {
    const check = fakeCheck('a', ['x', 'y', 'after-x', 'after-y'], async ({ check }) => {
      const failed = { x: fail('broken'), y: fail('also broken') };
      await check('x', () => failed.x);
      await check('y', () => failed.y);
      await check('after-x', () => Promise.reject(new CheckStopped({ ...failed.x, cause: cause.finding('a/x') })));
      await check('after-y', () => Promise.reject(new CheckStopped({ ...failed.y, cause: cause.finding('a/y') })));
    });
    expect(show(await reportOf([check]))).toContain(
      '\n  - 2 skipped (after-x, after-y): they depend on the 2 failures above\n',
    );
  });

  it('groups skips by their reason, also when it differs in names alone', async () => {
    const names = ['one', 'two', 'three'];
    const check = fakeCheck(
      'store',
      ['<bucket>/versioning', '<bucket>/public', '<bucket>/retention'],
      async ({ forSubject }) => {
        for (const name of names) {
          await forSubject(name, async ({ check }) => {
            await check('<bucket>/versioning', () => skip(`not allowed to read ${name}: s3:GetBucketVersioning`));
            await check('<bucket>/public', () => (name === 'two' ? skip('another reason entirely') : pass('private')));
            await check('<bucket>/retention', () => skip('--read-only'));
          });
        }
      },
      { subjects: names },
    );
    const text = show(await reportOf([check]), { width: 100 });
    expect(text).toContain(
      '  - 3 skipped (versioning): not allowed to read one: s3:GetBucketVersioning (same for 2 others)\n',
    );
    expect(text).toContain('  - store/two/public: another reason entirely\n');
    expect(text).toContain('  - 3 skipped (retention): --read-only\n');
  });
});
