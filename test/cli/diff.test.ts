/** `diff` and `--baseline`: what they show, what they refuse in one line, and their exit codes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/report/comparison/types.ts';
import { makeMatrix } from '../../src/report/matrix/merge.ts';
import { reportOf, type Some, three } from '../report/matrix/runs.ts';
import { expectValidComparison, expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';

const REFUSED: Some = { id: 'database/connect', status: 'fail', title: 'db:5432 refused the connection' };
const TIMED_OUT: Some = { id: 'database/connect', status: 'fail', title: 'db:5432 timed out' };
const NEW_MAJOR: Some = { id: 'database/version', status: 'warn', title: 'PostgreSQL 19' };

let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-diff-'));
  const json = (name: string, document: object) => writeFile(path(name), JSON.stringify(document));
  await Promise.all([
    json('good.json', reportOf('server', [], { domain: 'spacelift.example.com' })),
    json('refused.json', reportOf('server', [REFUSED])),
    json('timed-out.json', reportOf('server', [TIMED_OUT])),
    json('warned.json', reportOf('server', [NEW_MAJOR])),
    json('elsewhere.json', reportOf('server', [], { domain: 'other.example.com' })),
    json('matrix.json', makeMatrix(three())),
    json('later.json', { ...reportOf('server'), schemaVersion: 2 }),
    json('plan.json', { kind: 'plan', schemaVersion: 1 }),
    json('constructor.json', { kind: 'constructor', schemaVersion: 1 }),
    writeFile(path('wide.json'), Buffer.from(`\ufeff${JSON.stringify(reportOf('server', [REFUSED]))}`, 'utf16le')),
    writeFile(path('marked.json'), `\ufeff${JSON.stringify(reportOf('server', [REFUSED]))}`),
    writeFile(path('log.txt'), 'no report\n'),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

const diff = (before: string, after: string, ...args: readonly string[]) =>
  command(['diff', path(before), path(after), ...args]);
const compared = async (before: string, after: string): Promise<Comparison> =>
  expectValidComparison(JSON.parse((await diff(before, after, '-o', 'json')).stdout));

describe('diff', () => {
  it('tells what is new, gone and changed', async () => {
    expect((await compared('good.json', 'refused.json')).findings).toMatchObject([
      { change: 'new', id: 'database/connect', after: 'fail', title: REFUSED.title },
    ]);
    expect((await compared('refused.json', 'good.json')).findings).toMatchObject([
      { change: 'gone', before: 'fail', after: 'pass' },
    ]);
    expect((await compared('refused.json', 'timed-out.json')).findings).toMatchObject([
      { change: 'changed', title: TIMED_OUT.title, titleBefore: REFUSED.title },
    ]);
    expect(await compared('refused.json', 'refused.json')).toMatchObject({
      findings: [],
      summary: { new: 0, changed: 0, gone: 0, unchecked: 0, same: 1 },
    });
  });

  it.each(['wide.json', 'marked.json'])('reads what PowerShell writes: %s', async (file) => {
    expect((await compared('refused.json', file)).summary).toMatchObject({ new: 0, same: 1 });
  });

  it('says if the two are of different installations', async () => {
    const { notes } = await compared('good.json', 'elsewhere.json');
    expect(notes).toEqual([
      expect.stringMatching(/^they are for different domains: \S+ before, other\.example\.com now$/),
    ]);
  });

  it('notes what can’t be changed after installation, but not the replica of a key', async () => {
    const key = (region: string, id: string) => `arn:aws:kms:${region}:012345678901:key/${id}`;
    const withKey = async (name: string, encryptionKey: string) => {
      const pinned = { encryption: { method: 'kms', encryptionKey } };
      await writeFile(path(name), JSON.stringify(reportOf('server', [], { pinned })));
    };
    await withKey('key.json', key('eu-west-1', 'mrk-1'));
    await withKey('replica.json', key('us-east-1', 'mrk-1'));
    await withKey('other-key.json', key('eu-west-1', 'mrk-2'));
    expect((await compared('key.json', 'replica.json')).notes).toEqual([]);
    expect((await compared('key.json', 'other-key.json')).notes).toEqual([
      expect.stringMatching(
        /^encryption\.encryptionKey can’t be changed after installation, but was \S+mrk-1, and is \S+mrk-2 now$/,
      ),
    ]);
  });

  it('notes it also if the rule that compares was skipped', async () => {
    const withRule = async (name: string, method: string, status: 'fail' | 'skip') => {
      const pinned = { encryption: { method } };
      await writeFile(
        path(name),
        JSON.stringify(reportOf('server', [{ id: 'encryption/pinned', status }], { pinned })),
      );
    };
    await withRule('rsa.json', 'rsa', 'skip');
    await withRule('kms.json', 'kms', 'skip');
    await withRule('kms-failed.json', 'kms', 'fail');
    const note = 'encryption.method can’t be changed after installation, but was rsa, and is kms now';
    expect((await compared('rsa.json', 'kms.json')).notes).toEqual([note]);
    expect((await compared('rsa.json', 'kms-failed.json')).notes).toEqual([]);
  });

  it('compares matrices, column by column', async () => {
    expect((await compared('matrix.json', 'matrix.json')).findings).toEqual([]);
  });

  it.each([
    ['good.json', 'refused.json', [], 0],
    ['good.json', 'refused.json', ['--fail-on', 'new'], 1],
    ['refused.json', 'refused.json', ['--fail-on', 'new'], 0],
    ['good.json', 'warned.json', ['--fail-on', 'new'], 0],
  ])('%s → %s %j: exit code %i', async (before, after, args, code) => {
    const result = await diff(before, after, ...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toBe(code === 0 ? '' : 'spacelift-preflight: exit code 1: 1 new failure (--fail-on new)\n');
  });

  it('is for people by default', async () => {
    const { stdout } = await diff('good.json', 'refused.json');
    expect(stdout).toMatch(/^compared with the report of [\d-]+ [\d:]+ UTC: 1 new failure$/m);
    expect(stdout).toContain('✖ new          database/connect\n      db:5432 refused the connection\n');
  });

  it.each([
    ['good.json', 'none.json', /none\.json: no such file/],
    ['good.json', 'log.txt', /log\.txt: it is not JSON; expected a report or a matrix in JSON \(-o json\)/],
    ['good.json', 'plan.json', /plan\.json: it is a plan; /],
    ['good.json', 'constructor.json', /constructor\.json: it is not a report or a matrix; /],
    ['good.json', 'later.json', /later\.json: its schemaVersion 2 is not 1; /],
    [
      'good.json',
      'matrix.json',
      /matrix\.json is a matrix, and \S+good\.json the report of one run; expected two of a kind/,
    ],
  ])('refuses %s and %s in one line', async (before, after, says) => {
    const { code, stdout, stderr } = await diff(before, after);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('--baseline', () => {
  const merge = (...args: readonly string[]) => command(['merge', path('refused.json'), ...args]);

  it('is compared with the matrix, which has the comparison', async () => {
    const { stdout: before } = await command(['merge', path('good.json'), '-o', 'json']);
    await writeFile(path('baseline.json'), before);
    const { code, stdout, stderr } = await merge('--baseline', path('baseline.json'), '--fail-on', 'new', '-o', 'json');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'spacelift-preflight: exit code 1: 1 new failure (--fail-on new)\n',
    });
    expect(expectValidMatrix(JSON.parse(stdout)).comparison?.findings).toMatchObject([
      { change: 'new', id: 'database/connect', run: 'server' },
    ]);
  });

  it.each([
    [
      'github',
      /^::notice title=compared with the matrix of [^:]+%3A\d\d UTC%3A 1 new failure::new: server: database\/connect: db:5432 refused/m,
    ],
    [
      'markdown',
      /^\*\*compared with the matrix of .* UTC: 1 new failure\*\*\n\n- new: server: database\/connect: db:5432 refused/m,
    ],
  ])('is shown in %s', async (format, says) => {
    const { stdout: before } = await command(['merge', path('good.json'), '-o', 'json']);
    await writeFile(path(`${format}.json`), before);
    const { stdout } = await merge('--baseline', path(`${format}.json`), '-o', format);
    expect(stdout).toMatch(says);
  });

  it('lets known failures pass with --fail-on new', async () => {
    const { stdout: before } = await merge('-o', 'json');
    await writeFile(path('known.json'), before);
    const { code, stdout } = await merge('--baseline', path('known.json'), '--fail-on', 'new');
    expect(code).toBe(0);
    expect(stdout).toMatch(/no new failures or warnings, 1\s+as before/);
  });

  it.each([
    [['--fail-on', 'new'], /--fail-on new requires --baseline/],
    [['--baseline', '-'], /--baseline does not read standard input; expected the path of an earlier report/],
    [['--baseline', 'good.json'], /--baseline \S*good\.json: it is the report of one run; expected an earlier matrix/],
  ])('refuses %j in one line', async (args, says) => {
    const { code, stderr } = await merge(...args.map((one) => (one.endsWith('.json') ? path(one) : one)));
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });

  it('of a run is a report', async () => {
    const config = path('config.env');
    await writeFile(config, 'SERVER_DOMAIN=spacelift.example.com\n');
    const { code, stderr } = await command([
      '-f',
      config,
      '--only',
      'configuration/*',
      '--baseline',
      path('matrix.json'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--baseline \S*matrix\.json: it is a matrix; expected the report of an earlier run/);
    const compared = await command(['-f', config, '--only', 'configuration/*', '--baseline', path('good.json')]);
    expect(compared.stdout).toMatch(/^compared with the report of /m);
  });
});
