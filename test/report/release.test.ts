/** Which release was assumed, and what changes with it, in each format for people, in JSON, and in `plan` and `explain`. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError, preflight, readConfig } from '../../src/app/preflight.ts';
import { command } from '../cli/host.ts';
import { ONPREM } from '../support/onprem.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-release-'));
  file = join(folder, 'all.json');
  await writeFile(file, JSON.stringify({ ...ONPREM, LAUNCHER_IMAGE_TAG: 'v4.1.0' }));
});
afterAll(() => rm(folder, { recursive: true }));

const ONLY = ['--only', 'configuration/release'];
const run = async (...args: readonly string[]) => (await command(['-f', file, ...ONLY, ...args])).stdout;

describe('an upgrade', () => {
  const UPGRADE = ['--release', 'v6.4.0'];
  test('in JSON', async () => {
    const { release, schemaVersion } = JSON.parse(await run(...UPGRADE, '-o', 'json'));
    expect(schemaVersion).toBe(1);
    expect(release).toMatchObject({ version: '6.4.0', source: 'option', reason: '--release', from: '4.1.0' });
    expect(release.changes.map(({ since }: { since: string }) => since)).toEqual(['4.2.0', '6.4.0']);
  });
  test.each(['pretty', 'markdown', 'html'])('in %s', async (format) => {
    const text = (await run(...UPGRADE, '-o', format)).replaceAll('\\', '').replace(/\s+/g, ' ');
    expect(text).toMatch(/changes from 4\.1\.0 to 6\.4\.0/i);
    expect(text).toContain('6.4.0: the drain runs the scheduler by default');
    expect(text).toContain('remove the scheduler service, or set DRAIN_SCHEDULER_ENABLED=false');
    expect(text).toContain('6.4.0 (--release; the config has 4.1.0)');
  });
  test('in JUnit, as properties', async () => {
    const text = await run(...UPGRADE, '-o', 'junit');
    expect(text).toContain('<property name="release" value="6.4.0 (--release; the config has 4.1.0)"/>');
    expect(text).toContain('<property name="upgrade" value="changes from 4.1.0 to 6.4.0"/>');
    expect(text).toMatch(
      /<property name="upgrade\.\d+" value="6\.4\.0: the drain runs the scheduler by default; remove/,
    );
  });
  test('on GitHub, as one notice', async () => {
    const lines = (await run(...UPGRADE, '-o', 'github')).split('\n');
    const notices = lines.filter((line) => line.startsWith('::notice title=changes from 4.1.0 to 6.4.0::'));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('6.4.0: the drain runs the scheduler by default; remove the scheduler service');
    expect(lines).toContain('release: 6.4.0 (--release; the config has 4.1.0)');
  });
  test('in a plan, with the permission that it needs', async () => {
    const { stdout } = await command(['plan', '-f', file, ...UPGRADE]);
    expect(stdout).toContain('Release: 6.4.0 (--release; the config has 4.1.0).');
    expect(stdout).toContain('Changes from 4.1.0 to 6.4.0');
    expect(stdout.replace(/\s+/g, ' ')).toContain('also require sts:TagSession beside sts:AssumeRole');
  });
  test('to a release that changes nothing', async () => {
    expect(await run('--release', '4.1.1')).toContain('no known changes from 4.1.0 to 4.1.1');
  });
});

test('an older release lacks what came later, and is a warning', async () => {
  const text = await run('--release', '4.0.0');
  expect(text).toContain('compared with 4.1.0, 4.0.0 lacks');
  expect(text).toContain('4.1.0: PostgreSQL 17 is supported');
  expect(text).toContain('4.0.0 is older than 4.1.0, the release in the config');
});

test('the release in the config is said with its file, and no changes', async () => {
  const { release } = JSON.parse(await run('-o', 'json'));
  expect(release).toEqual({ version: '4.1.0', source: 'config', reason: `LAUNCHER_IMAGE_TAG in ${file}` });
});

test('explain', async () => {
  const said = async (...args: string[]) =>
    (await command(['explain', 'database/version', ...args])).stdout.replace(/\s+/g, ' ');
  expect(await said('--release', '4.3.0')).toContain(
    'Release 4.3.0 (--release); since 4.1.0, PostgreSQL 17 is supported',
  );
  expect(await said()).toContain('not known, so the reference documentation applies: LAUNCHER_IMAGE_TAG is not set');
});

describe('what is no version', () => {
  test.each(['latest', '', '4', '4.3', 'v4.3.0.1', '4.3.0 ', '0f9d2c81'])('%j', async (value) => {
    for (const before of [
      ['-f', file],
      ['plan', '-f', file],
      ['explain', 'database/version'],
    ]) {
      const { code, stdout, stderr } = await command([...before, '--release', value]);
      expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
      expect(stderr).toContain('expected a version of Self-Hosted such as 4.3.0');
    }
    await expect(readConfig({ files: [file], release: value })).rejects.toThrow(InputError);
  });
});

test('the function has the same option', async () => {
  const report = await preflight({ files: [file], release: 'v4.2.0' }, { only: ['configuration/release'] });
  expect(report.release).toMatchObject({ version: '4.2.0', from: '4.1.0' });
});
