/** `preflight.yaml` in a run, a merge and a plan. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Matrix } from '../../src/report/matrix/types.ts';
import type { Report } from '../../src/report/types.ts';
import { reportOf } from '../report/matrix/runs.ts';
import { expectValid, expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';
import { dotenv, run } from './spawned.ts';

let folder: string;
let config: string;
const path = (name: string) => join(folder, name);
const decided = (until: string) => `accept:
  - id: encryption/rsa/size
    reason: approved in OPS-123
    who: jane@example.com
    until: ${until}
skip:
  - id: license/*
    reason: no license before June
require: [encryption/rsa/*]
options: {strict: true, phase: pre-install, concurrency: 2, wait: 5m}
profiles:
  lenient:
    options: {strict: false}
`;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-decided-'));
  config = path('spacelift.env');
  await writeFile(config, dotenv({ database: 1, store: 1, broker: 1 }));
  await writeFile(path('preflight.yaml'), decided('9999-12-31'));
  await writeFile(path('expired.yaml'), decided('2026-01-31'));
});
afterAll(() => rm(folder, { recursive: true }));

const ONLY = ['--only', 'encryption/rsa/*'];
const decide = (file: string, ...args: readonly string[]) =>
  command(['-f', config, ...ONLY, '--config', path(file), ...args]);
const reportIn = (stdout: string): Report => expectValid(JSON.parse(stdout) as Report);
const sizeIn = (report: Report) =>
  report.checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'encryption/rsa/size');

describe('an accepted warning', () => {
  it('does not count, and every format names who, until when, and where', async () => {
    const { code, stdout } = await decide('preflight.yaml', '-o', 'json');
    expect(code).toBe(0);
    const report = reportIn(stdout);
    const where = `${path('preflight.yaml')}:2`;
    expect(sizeIn(report)).toMatchObject({
      status: 'warn',
      accepted: 'approved in OPS-123',
      decision: { reason: 'approved in OPS-123', who: 'jane@example.com', until: '9999-12-31', where },
    });
    expect(report.decisions).toMatchObject({
      file: path('preflight.yaml'),
      skipped: [{ id: 'license/*', reason: 'no license before June' }],
      required: ['encryption/rsa/*'],
      options: { strict: 'true', phase: 'pre-install', concurrency: '2', wait: '5m' },
    });
    for (const format of ['pretty', 'junit', 'markdown', 'github', 'html', 'sarif', 'fixes']) {
      const shown = (await decide('preflight.yaml', '-o', format)).stdout.replace(/[\n#]\s*|<!-- -->|\\/g, ' ');
      for (const part of ['OPS-123', 'jane', '9999-12-31', ':2'])
        expect([format, shown.replaceAll(/\s+/g, ' ').includes(part)]).toEqual([format, true]);
      if (format !== 'fixes') expect([format, shown.includes('license')]).toEqual([format, true]);
    }
  });

  it('counts again after its last day, and says so', async () => {
    const { code, stdout, stderr } = await decide('expired.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('exit code 1: 1 warning (--strict)');
    expect(stdout.replace(/\s+/g, ' ')).toContain('accepted expired after 2026-01-31: approved in OPS-123 (by jane');
    const report = reportIn((await decide('expired.yaml', '-o', 'json')).stdout);
    expect(sizeIn(report)).not.toHaveProperty('accepted');
    expect(sizeIn(report)?.decision).toMatchObject({ isExpired: true });
    // The caller's own decision is the last word.
    const own = ['--accept', 'encryption/rsa/size', '--reason', 'today'];
    expect((await decide('expired.yaml', ...own)).code).toBe(0);
  });
});

test('the command line wins over variables, and variables over the file', async () => {
  const report = reportIn((await decide('preflight.yaml', '-o', 'json', '--phase', 'post-install')).stdout);
  expect(report.phase).toBe('post-install');
  expect(report.decisions?.options).not.toHaveProperty('phase');
  const args = ['-f', config, ...ONLY, '-o', 'json', '--config', path('expired.yaml')];
  const env = { SPACELIFT_PREFLIGHT_STRICT: 'false', SPACELIFT_PREFLIGHT_CONFIG: '/nowhere' };
  expect(await command(args, { env })).toMatchObject({ code: 0 });
  expect((await decide('expired.yaml', '--config-profile', 'lenient')).code).toBe(0);
});

test('the file is found in the current directory alone, and --no-config turns it off', async () => {
  const only = ['-f', config, ...ONLY, '-o', 'json'];
  const found = await run(only, { cwd: folder });
  expect((JSON.parse(found.stdout) as Report).decisions?.file).toBe('preflight.yaml');
  for (const [args, cwd] of [
    [[...only, '--no-config'], folder],
    [only, tmpdir()],
  ] as const)
    expect(JSON.parse((await run(args, { cwd })).stdout)).not.toHaveProperty('decisions');
});

test('what the file skips is said with -q, too', async () => {
  const { stdout } = await decide('preflight.yaml', '-q');
  expect(stdout.replace(/\s+/g, ' ')).toContain('skips license/*: no license before June');
});

test('a merge has the decisions of the file, and a plan skips what it skips', async () => {
  const size = { id: 'encryption/rsa/size', status: 'warn', title: '2048 bits' } as const;
  for (const service of ['server', 'drain', 'scheduler'] as const)
    await writeFile(path(`${service}.json`), JSON.stringify(reportOf(service, service === 'drain' ? [size] : [])));
  const merge = (file: string) =>
    command([
      'merge',
      ...['server', 'drain', 'scheduler'].map((name) => path(`${name}.json`)),
      '--config',
      path(file),
      '-o',
      'json',
    ]);
  const { code, stdout } = await merge('preflight.yaml');
  expect(code).toBe(0);
  const matrix = expectValidMatrix(JSON.parse(stdout) as Matrix);
  expect(matrix.notes.join('\n')).toContain('accepts 1 warning');
  expect((await merge('expired.yaml')).code).toBe(1);
  const plan = await command(['plan', '-f', config, '--config', path('preflight.yaml')]);
  expect(plan.stdout).toContain('pre-install');
});

describe('a plan', () => {
  it('lists what the file decides, with its lines', async () => {
    const [file, args] = [path('preflight.yaml'), ['plan', '-f', config, '--config', path('preflight.yaml')]];
    const { stdout } = await command(args);
    const [, section = ''] = /\n\nDecisions: (.*?)\n\n/s.exec(stdout) ?? [];
    expect(section.replaceAll(/\n {4}/g, ' ').split('\n')).toEqual([
      file,
      `  accepts encryption/rsa/size: approved in OPS-123 (by jane@example.com, until 9999-12-31, ${file}:2)`,
      `  skips license/*: no license before June (${file}:7)`,
      '  requires encryption/rsa/*',
      // What a plan has no option for is not in effect.
      '  sets phase: pre-install',
    ]);
    expect((await command([...args, '--config-profile', 'lenient'])).stdout).toContain(' (profile lenient)\n');
    const { decisions } = JSON.parse((await command([...args, '-o', 'json'])).stdout);
    expect(decisions).toMatchObject({ file, skipped: [{ id: 'license/*' }], options: { phase: 'pre-install' } });
    const none = ['plan', '-f', config, '--no-config'];
    expect((await command(none)).stdout).not.toContain('Decisions');
    expect(JSON.parse((await command([...none, '-o', 'json'])).stdout)).toMatchObject({ decisions: null });
  });
});

test('commands that the file can’t change do not read it', async () => {
  const cwd = path('broken');
  await mkdir(cwd);
  await writeFile(join(cwd, 'preflight.yaml'), 'acept: []\n');
  const report = join(cwd, 'report.json');
  await writeFile(report, JSON.stringify(reportOf('drain')));
  expect(await run(['plan', '-f', config], { cwd })).toMatchObject({ code: 2 });
  for (const args of [
    ['explain', 'database/version'],
    ['diff', report, report],
    ['schema', 'decisions'],
    ['cleanup', '--help'],
  ])
    expect(await run(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
  // Its own command line decides: it gets as far as the config.
  expect((await run(['cleanup', '-f', '/nowhere'], { cwd })).stderr).toMatch(/^spacelift-preflight: \/nowhere: /);
});

test.each([
  [['--config', '/nowhere.yaml'], '/nowhere.yaml: no such file'],
  [['--config-profile', 'x', '--no-config'], '--config-profile requires a decisions file'],
])('one line refuses %j', async (args, says) => {
  const { code, stdout, stderr } = await command(['-f', config, ...ONLY, ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^spacelift-preflight: [^\n]+\n$/);
  expect(stderr).toContain(says);
});

test('an option with another value is refused with its line', async () => {
  await writeFile(path('bad.yaml'), 'options:\n  strict: true\n  wait: soon\n');
  const { code, stderr } = await decide('bad.yaml');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `spacelift-preflight: ${path('bad.yaml')}:3: wait: expected a duration such as 90s, 5m or 1h, greater than 0 and at most 24h\n`,
  });
});

test.each([
  ['skip:\n  - id: "*"\n    reason: x\n', `skip * in FILE:2 leaves nothing to check`],
  [
    'skip:\n  - {id: encryption/*, reason: x}\n',
    '--only encryption/rsa/* and skip encryption/* in FILE:2 leave nothing to check',
  ],
  [
    'require:\n  - license/*\n  - encryption/pinned\n',
    'FILE:3: require encryption/pinned requires --baseline: the path of an earlier report; or move it to a profile for such runs',
  ],
])('what can’t be in %j is said with its place', async (text, says) => {
  await writeFile(path('place.yaml'), text);
  const args = text.includes('"*"') ? ['-f', config, '--config', path('place.yaml')] : undefined;
  const { code, stderr } = await (args === undefined ? decide('place.yaml') : command(args));
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `spacelift-preflight: ${says.replace('FILE', path('place.yaml'))}\n`,
  });
});

test('a rule that compares is required in the runs of a profile alone, and on no platform', async () => {
  await writeFile(path('baseline.yaml'), 'profiles: {compared: {require: [encryption/pinned]}}\n');
  expect((await decide('baseline.yaml')).code).toBe(0);
  const compared = ['--config', path('baseline.yaml'), '--config-profile', 'compared'];
  expect((await command(['-f', config, ...ONLY, ...compared])).stderr).toContain('baseline.yaml:1: require encryption');
  const { stderr } = await command(['run', 'kubernetes', '-f', config, '--image', 'x', ...compared]);
  expect(stderr).toMatch(/baseline\.yaml:1: run kubernetes does not support require encryption\/pinned: only a single/);
});
