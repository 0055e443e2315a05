/** The executable for machines without Node, where there is no Node: nothing is on the path, and no file of the sources is near. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { FORMATS } from '../../src/report/index.ts';
import { VERSION } from '../../src/util/version.ts';
import { type Finished, run as runSources } from '../cli/spawned.ts';
import { AKS, EKS, type Environment, type Estate, GKE, ONPREM, startEstate } from '../support/estate.ts';
import { WAYS } from './identities.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUT = join(ROOT, 'dist-standalone');

let folder: string;
let estate: Estate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-standalone-'));
  [estate] = await Promise.all([startEstate(), promisify(execFile)('npm', ['run', 'build:standalone'], { cwd: ROOT })]);
  await config('onprem', estate.variables(ONPREM));
  await copyFile(join(OUT, 'spacelift-preflight'), join(folder, 'spacelift-preflight'));
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), estate.stop()]));

type Told = Pick<Finished, 'code' | 'stdout' | 'stderr'>;

const run = (args: readonly string[], environment: Environment = {}): Promise<Told> =>
  new Promise((resolve) => {
    const env = { PATH: join(folder, 'nothing'), ...environment };
    const options = { cwd: folder, env, maxBuffer: 64 << 20 };
    execFile(join(folder, 'spacelift-preflight'), args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

const config = async (name: string, variables: Readonly<Record<string, string>>): Promise<string> => {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, manifest(variables));
  return file;
};

test('what is built is the executable, its checksum and the licenses', async () => {
  const names = ['THIRD-PARTY-LICENSES.txt', 'spacelift-preflight', 'spacelift-preflight.sha256'];
  expect((await readdir(OUT)).sort()).toEqual(names);
  const { stdout } = await promisify(execFile)('sha256sum', ['-c', 'spacelift-preflight.sha256'], { cwd: OUT });
  expect(stdout).toBe('spacelift-preflight: OK\n');
});

describe('finds a healthy installation ready, as the sources do', () => {
  const facts = (stdout: string): string[] =>
    JSON.parse(stdout).checks.flatMap((check: { findings: { id: string; status: string; title: string }[] }) =>
      check.findings.map(({ id, status, title }) => `${status} ${id}: ${title}`),
    );

  it.each(Object.entries({ ONPREM, GKE, AKS, EKS }))('%s', async (name, choice) => {
    const args = ['-f', await config(name, estate.variables(choice)), '-o', 'json', '--strict'];
    const environment = estate.environment(choice);
    const before = await estate.snapshot();
    const { code, stdout, stderr } = await run(args, environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ready', summary: { fail: 0, warn: 0 }, leftovers: [] });
    expect(await estate.snapshot()).toEqual(before);
    const env = Object.fromEntries(
      Object.entries(environment).flatMap(([key, value]) => (value ? [[key, value]] : [])),
    );
    expect(facts(stdout)).toEqual(facts((await runSources(args, { env })).stdout));
  });
});

test.each(Object.entries(WAYS))('finds the credentials of %s', async (name, { choice, start }) => {
  const { environment, stop } = await start(estate, folder);
  try {
    const named = Object.entries(estate.variables(choice)).filter(
      ([variable]) => !/^AWS_(ACCESS|SECRET)/.test(variable),
    );
    const file = await config(name, Object.fromEntries(named));
    const args = ['-f', file, '-o', 'json', '--only', 'object-storage/*', '--require', 'object-storage/*/presigned'];
    const { code, stdout, stderr } = await run(args, { ...estate.environment(choice), ...environment });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ summary: { fail: 0, warn: 0 }, leftovers: [] });
  } finally {
    stop();
  }
});

test('writes every format', async () => {
  const formats = Object.keys(FORMATS);
  const reports = formats.flatMap((format) => ['--report', `${format}=${join(folder, `report.${format}`)}`]);
  expect(await run(['-f', 'onprem.yaml', ...reports, '--quiet'])).toMatchObject({ code: 0, stderr: '' });
  const written = (await readdir(folder)).filter((name) => name.startsWith('report.'));
  expect(written.sort()).toEqual(formats.map((format) => `report.${format}`).sort());
});

describe('has every command', () => {
  it.each([
    [['--version'], VERSION],
    [['--help'], 'Usage: spacelift-preflight [options] [command]'],
    [['explain', 'database/version'], 'database/version'],
    [['schema'], 'urn:spacelift-preflight:report:1'],
    [['completion', 'bash'], 'complete '],
    [['plan', '-f', 'onprem.yaml'], 'spacelift-states'],
    [['cleanup', '-f', 'onprem.yaml'], ''],
  ])('%j', async (args, said) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(said);
  });

  it('refuses what it can’t read, and no option is Node’s', async () => {
    expect(await run(['-f', 'nowhere.yaml'])).toMatchObject({ code: 2, stdout: '' });
    const { code, stderr } = await run(['--max-old-space-size=100']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--max-old-space-size') });
  });

  it('heeds NODE_OPTIONS, as the package does', async () => {
    const told = await run(['--version'], { NODE_OPTIONS: '--use-system-ca --trace-warnings' });
    expect(told).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });
});
