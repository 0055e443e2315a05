/** Every finding can be addressed, and a selection that leaves nothing is an error. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCode, InputError, type PreflightOptions, preflight, render } from '../../src/app/preflight.ts';
import { command } from '../cli/host.ts';
import { ONPREM } from '../support/onprem.ts';
import { expectValid } from '../support/valid.ts';

/** On premises, with three wrong values and two unknown variables. */
const WRONG = {
  ...ONPREM,
  SERVER_DOMAIN: 'https://spacelift.corp.io',
  DRAIN_CONCURRENCY_ASYNC_JOBS: 'many',
  OBJECT_STORAGE_MINIO_USE_SSL: 'maybe',
  DATABASE_URLS: 'x',
  'LAUNCHER-IMAGE': 'x',
};
const ONLY = { only: ['configuration/*'] };
const VALUES = ['SERVER_DOMAIN', 'DRAIN_CONCURRENCY_ASYNC_JOBS', 'OBJECT_STORAGE_MINIO_USE_SSL'].map(
  (name) => `configuration/value[${name}]`,
);
const UNKNOWN = ['DATABASE_URLS', 'LAUNCHER-IMAGE'].map((name) => `configuration/unknown[${name}]`);

let folder: string;
const files: Record<'wrong' | 'warned', string> = { wrong: '', warned: '' };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-selection-'));
  files.wrong = join(folder, 'wrong.json');
  files.warned = join(folder, 'warned.json');
  await writeFile(files.wrong, JSON.stringify(WRONG));
  await writeFile(files.warned, JSON.stringify({ ...ONPREM, DATABASE_URLS: 'x', 'LAUNCHER-IMAGE': 'x' }));
});
afterAll(() => rm(folder, { recursive: true }));

async function findings(file: 'wrong' | 'warned', options: PreflightOptions) {
  const report = expectValid(await preflight({ files: [files[file]], environment: {} }, options));
  return { report, all: report.checks.flatMap((check) => check.findings) };
}

const withStatus = (all: readonly { id: string; status: string; title: string }[], status: string) =>
  all.filter((finding) => finding.status === status).map(({ id }) => id);

describe('each finding has its own ID', () => {
  it('with the variable in brackets, beside its rule and subject', async () => {
    const { all } = await findings('wrong', ONLY);
    expect(withStatus(all, 'fail').sort()).toEqual([...VALUES].sort());
    expect(withStatus(all, 'warn').sort()).toEqual([...UNKNOWN].sort());
    expect(all.find(({ id }) => id === VALUES[0])).toMatchObject({
      rule: 'configuration/value',
      subject: 'SERVER_DOMAIN',
    });
    expect(withStatus(all, 'pass')).toContain('configuration/required');
  });

  it('in every format', async () => {
    const { report, all } = await findings('wrong', ONLY);
    const junit = await render(report, 'junit');
    const cases = [...junit.matchAll(/<testcase [^>]*name="([^"]*)"/g)].map(([, name]) => name);
    expect(new Set(cases).size).toBe(all.length);
    const page = await render(report, 'html');
    const anchors = [...page.matchAll(/ id="([^"]*)"/g)].map(([, anchor]) => anchor);
    expect(new Set(anchors).size).toBe(anchors.length);
    for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(anchors).toContain(target);
    for (const format of ['pretty', 'json', 'markdown', 'github'] as const) {
      for (const id of [...VALUES, ...UNKNOWN]) expect(await render(report, format)).toContain(id);
    }
  });
});

describe('addresses one finding', () => {
  const [accepted = '', other = ''] = UNKNOWN;

  it('to accept it', async () => {
    const { report, all } = await findings('warned', { ...ONLY, accept: { [accepted]: 'ours' } });
    expect(all.filter((finding) => finding.accepted !== undefined).map(({ id }) => id)).toEqual([accepted]);
    expect(exitCode(report, { strict: true, require: [] })).toEqual({ code: 1, because: ['1 warning (--strict)'] });
  });

  it('or all findings of its rule, of which one reason is more specific', async () => {
    const accept = { 'configuration/unknown': 'all ours', [other]: 'this too' };
    const { report, all } = await findings('warned', { ...ONLY, accept });
    expect(all.flatMap(({ id, accepted: reason }) => (reason === undefined ? [] : [`${id}: ${reason}`]))).toEqual([
      `${accepted}: all ours`,
      `${other}: this too`,
    ]);
    expect(exitCode(report, { strict: true, require: [] }).code).toBe(0);
  });

  it('to skip it', async () => {
    const { all } = await findings('wrong', { ...ONLY, skip: [VALUES[1] ?? '', accepted] });
    expect(withStatus(all, 'fail').sort()).toEqual([VALUES[0], VALUES[2]].sort());
    expect(withStatus(all, 'warn')).toEqual([other]);
    expect(all.find(({ id }) => id === accepted)).toMatchObject({ status: 'skip', title: 'skipped by request' });
  });

  it('to check it alone', async () => {
    const { all } = await findings('wrong', { only: [VALUES[2] ?? ''] });
    expect(withStatus(all, 'fail')).toEqual([VALUES[2]]);
    expect(withStatus(all, 'pass')).toEqual([]);
  });

  it('or all findings about one variable', async () => {
    const { all } = await findings('wrong', { only: ['*[SERVER_DOMAIN]'] });
    expect(withStatus(all, 'fail')).toEqual([VALUES[0]]);
    expect(withStatus(all, 'warn')).toEqual([]);
  });

  it('that this run does not have: the rule passes if it has no other', async () => {
    const { all } = await findings('warned', { only: ['configuration/value[SERVER_DOMAIN]'] });
    expect(withStatus(all, 'pass')).toEqual(['configuration/value']);
  });

  it('to require it', async () => {
    const { report } = await findings('warned', { ...ONLY, skip: [accepted] });
    expect(exitCode(report, { strict: false, require: [other] }).code).toBe(0);
    expect(exitCode(report, { strict: false, require: [accepted] }).code).toBe(1);
    expect(exitCode(report, { strict: false, require: ['configuration/unknown'] }).code).toBe(1);
  });

  it('to explain it', async () => {
    expect((await command(['explain', accepted])).stdout).toMatch(/^configuration\/unknown\n/);
  });
});

describe('a selection that leaves nothing to check', () => {
  it.each([
    [
      ['--only', 'encryption/kms/*'],
      '--only encryption/kms/* leaves nothing to check: no other rule applies to this config',
    ],
    [
      ['--service', 'worker', '--only', 'database/*'],
      '--only database/* leaves nothing to check: no other rule applies to this config of the worker',
    ],
    [
      ['--only', 'encryption/*', '--skip', 'encryption/rsa/*', '--skip', 'encryption/choice'],
      '--only encryption/* and --skip encryption/rsa/* and --skip encryption/choice leave nothing to check: no other rule applies to this config',
    ],
  ])('%j ends with exit code 2', async (args, says) => {
    for (const also of [[], ['plan']]) {
      const { code, stdout, stderr } = await command([...also, '-f', files.warned, ...args]);
      expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `spacelift-preflight: ${says}\n` });
    }
  });

  it('is an InputError of the function', async () => {
    const options = { only: ['database/*'], skip: ['database/*'] };
    const run = preflight({ files: [files.warned], environment: {} }, options);
    await expect(run).rejects.toThrow(new InputError('only database/* and skip database/* leave nothing to check'));
    const other = preflight({ files: [files.warned], environment: {} }, { only: ['encryption/kms/*'] });
    await expect(other).rejects.toThrow(
      'only encryption/kms/* leaves nothing to check: no other rule applies to this config',
    );
  });
});
