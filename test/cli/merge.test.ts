/** `merge`: what it accepts, what it refuses in one line, and its exit codes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameOf } from '../../src/report/frame.ts';
import { makeMatrix } from '../../src/report/matrix/merge.ts';
import type { Matrix } from '../../src/report/matrix/types.ts';
import type { Report } from '../../src/report/report.ts';
import { reportOf, type Some, three } from '../report/matrix/runs.ts';
import { expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';

let folder: string;
const path = (name: string) => join(folder, name);
const FAILED: Some = { id: 'database/connect', status: 'fail', title: 'db:5432 refused the connection' };
const WARNED: Some = { id: 'database/version', status: 'warn', title: 'PostgreSQL 19' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-merge-'));
  const write = (name: string, content: string | Buffer) => writeFile(path(name), content);
  const json = (name: string, report: object) => write(name, `${JSON.stringify(report, null, 2)}\n`);
  const drain = reportOf('drain');
  const frame = frameOf(drain);
  await Promise.all([
    json('server.json', reportOf('server')),
    json('drain.json', drain),
    json('scheduler.json', reportOf('scheduler')),
    json('failed.json', reportOf('drain', [FAILED])),
    json('warned.json', reportOf('drain', [WARNED])),
    json('inconclusive.json', reportOf('drain', [{ id: 'database/connect', status: 'skip' }])),
    json('skipped.json', reportOf('drain', [{ id: 'database/pooler', status: 'skip', title: 'not allowed' }])),
    json('other-host.json', reportOf('drain', [], { host: 'other' })),
    json('again.json', reportOf('drain', [], { durationMs: 1 })),
    json('all.json', reportOf('server', [], { service: null })),
    json('matrix.json', makeMatrix(three())),
    json('later.json', { ...drain, schemaVersion: 2 }),
    json('broken.json', { ...drain, checks: [{ id: 'x' }] }),
    json('hostile.json', {
      ...drain,
      host: '\u001b[31m',
      checks: drain.checks.map((check) => ({ ...check, title: '\u001b[2J' })),
    }),
    write('deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    write('drain.log', `starting\n${frame.replace(/^/gm, '2026-11-30T14:09:54Z stdout F ')}done\n`),
    write('wide-drain.log', Buffer.from(`\ufeff${frame}`, 'utf16le')),
    write('cut-drain.log', frame.slice(0, 2_000)),
    write('x.log', frame.slice(0, 1_000)),
    write('crashed.log', 'exec format error\n'),
    write('empty.json', ''),
    write('config.yaml', 'SERVER_DOMAIN: x\n'),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

const merge = (files: readonly string[], ...args: readonly string[]) =>
  command(['merge', ...files.map((name) => (name === '-' ? name : path(name))), ...args]);

async function matrixOf(files: readonly string[], ...args: readonly string[]): Promise<Matrix> {
  const { stdout } = await merge(files, '-o', 'json', ...args);
  return expectValidMatrix(JSON.parse(stdout));
}

describe('reports', () => {
  it('are merged from files, logs and standard input', async () => {
    for (const drain of ['drain.json', 'drain.log', 'wide-drain.log']) {
      const matrix = await matrixOf(['server.json', drain, 'scheduler.json']);
      expect(matrix.runs.map(({ name }) => name)).toEqual(['server', 'drain', 'scheduler']);
      expect(matrix.verdict).toBe('ready');
    }
    const all = await Promise.all(
      ['scheduler', 'drain', 'server'].map((name) => readFile(path(`${name}.json`), 'utf8')),
    );
    for (const stdin of [all.join(''), all.map((one) => frameOf(JSON.parse(one) as Report)).join('\n')]) {
      const { code, stdout, stderr } = await command(['merge', '-', '-o', 'json'], { stdin });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect((JSON.parse(stdout) as Matrix).runs.map(({ name }) => name)).toEqual(['server', 'drain', 'scheduler']);
    }
  });

  it('count once if they are in two files, and have their hosts if there are two of one service', async () => {
    const once = await matrixOf(['server.json', 'drain.json', 'drain.log', 'scheduler.json']);
    expect(once.runs.length).toBe(3);
    const twice = await matrixOf(['server.json', 'drain.json', 'other-host.json', 'scheduler.json']);
    expect(twice.runs.map(({ name }) => name)).toEqual(['server', 'drain@drain-1', 'drain@other', 'scheduler']);
  });

  it('that are cut off are lost, never passed', async () => {
    const { code, stdout } = await merge(['server.json', 'cut-drain.log', 'scheduler.json'], '-o', 'json');
    expect(code).toBe(1);
    const matrix = expectValidMatrix(JSON.parse(stdout));
    expect(matrix.verdict).toBe('not-ready');
    expect(matrix.runs[1]).toMatchObject({
      name: 'drain',
      lost: { title: expect.stringMatching(/cut-drain.log is lost$/) },
    });
  });

  it('control no terminal', async () => {
    const { stdout } = await merge(['hostile.json', 'server.json', 'scheduler.json'], '-v');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('one line refuses', () => {
  it.each<[readonly string[], RegExp]>([
    [['matrix.json'], /matrix.json: it is a matrix, which can’t be merged again; expected/],
    [['later.json'], /later.json: its schemaVersion 2 is not 1; expected/],
    [['broken.json'], /broken.json: it is not a report: checks\[0\]\.title: it is missing; expected/],
    [['deep.json'], /deep.json: its values are nested too deeply; expected/],
    [
      ['config.yaml'],
      /config.yaml: no report found; expected JSON reports \(-o json\), or logs with frames \(-o frame\)/,
    ],
    [['crashed.log'], /crashed.log: no report found; expected/],
    [['empty.json'], /empty.json: the file is empty; expected/],
    [['nowhere.json'], /nowhere.json: no such file/],
    [['.'], /: a directory, expected a file/],
    [['x.log'], /x.log: every line of the report in the log is cut off or damaged; get the complete log/],
    [['all.json'], /all.json: a report of all services together; make one of each service, with --service/],
    [['drain.json', 'again.json'], /drain.json and .*again.json are both reports of the drain from the same host/],
    [['-', '-'], /standard input \(-\) can be read only once/],
  ])('%j', async (files, message) => {
    const { code, stdout, stderr } = await merge(files);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^spacelift-preflight: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });

  it.each<[readonly string[], RegExp]>([
    [[], /missing required argument 'file'/],
    [['server.json', '-o', 'frame'], /'frame' is invalid: expected one of pretty, json/],
    [['server.json', '--report', 'frame=x'], /is invalid: expected one of pretty, json/],
    [['server.json', '--only', 'database/*'], /merge does not support --only/],
    [
      ['server.json', '--accept', 'database/nothing', '--reason', 'x'],
      /--accept …: no such rule|--accept database\/nothing: no such rule/,
    ],
    [['server.json', '--require', 'nothing/*'], /--require .* matches no rule/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await command([
      'merge',
      ...args.map((one) => (one === 'server.json' ? path(one) : one)),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('the exit code', () => {
  const three = (drain: string) => ['server.json', drain, 'scheduler.json'];

  it.each<[number, string, readonly string[], string]>([
    [0, 'drain.json', ['--strict'], ''],
    [1, 'failed.json', [], ''],
    [0, 'warned.json', [], ''],
    [1, 'warned.json', ['--strict'], 'exit code 1: 1 warning (--strict)'],
    [0, 'warned.json', ['--strict', '--accept', 'database/version', '--reason', 'OPS-1'], ''],
    [0, 'skipped.json', ['--strict'], ''],
    [
      1,
      'skipped.json',
      ['--require', 'database/*'],
      'exit code 1: database/pooler is required (--require) but was skipped for drain: not allowed',
    ],
  ])('is %i for %s %j', async (code, drain, args, says) => {
    const told = await merge(three(drain), ...args);
    expect({ code: told.code, stderr: told.stderr }).toEqual({
      code,
      stderr: says === '' ? '' : `spacelift-preflight: ${says}\n`,
    });
  });

  it('is that of an inconclusive verdict if nobody else tried the same', async () => {
    const alone = ['inconclusive.json'];
    expect((await merge(alone)).code).toBe(0);
    const strict = await merge(alone, '--strict');
    expect(strict).toMatchObject({ code: 1, stderr: expect.stringContaining('the verdict is inconclusive for drain') });
    expect((await merge(['server.json', ...alone, 'scheduler.json'], '--strict')).code).toBe(0);
  });
});

it('writes reports, and the summary of a workflow step', async () => {
  const summary = path('summary.md');
  const { code } = await command(
    [
      'merge',
      ...['server.json', 'drain.json', 'scheduler.json'].map(path),
      '-o',
      'github',
      '--report',
      `html=${path('m.html')}`,
      '--report',
      `json=${path('m.json')}`,
    ],
    { env: { GITHUB_STEP_SUMMARY: summary } },
  );
  expect(code).toBe(0);
  expect(await readFile(summary, 'utf8')).toContain('| database | ✔ pass | ✔ pass | ✔ pass |');
  expect(await readFile(path('m.html'), 'utf8')).toContain('<!doctype html>');
  expectValidMatrix(JSON.parse(await readFile(path('m.json'), 'utf8')));
});
