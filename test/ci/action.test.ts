import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoDeployment, manifest, startDemo } from '../../demo/deployment.ts';
import { VERSION } from '../../src/util/version.ts';
import { dotenv } from '../cli/spawned.ts';
import { elementsOf } from '../report/page.ts';
import { ROWS } from '../report/rows.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { startRegistry } from './registry.ts';
import { type Action, type Runner, readYaml, startRunner } from './runner.ts';

let runner: Runner;
let refused: Fault;
let demo: DemoDeployment;
beforeAll(async () => {
  [runner, refused, demo] = await Promise.all([startRunner(), refusedPort(), startDemo()]);
  const ports = { database: refused.port, store: refused.port, broker: refused.port };
  await writeFile(join(runner.workspace, 'broken config.env'), dotenv(ports));
  await writeFile(join(runner.workspace, 'ready.yaml'), manifest(demo.variables));
});
afterAll(() => Promise.all([runner?.stop(), refused?.close(), demo?.stop()]));

/** @returns a folder with an `npm` that fails, to come first on the path */
async function failingNpm(): Promise<string> {
  const programs = await mkdtemp(join(runner.workspace, '..', 'npm-'));
  await writeFile(join(programs, 'npm'), '#!/bin/sh\nexit 1\n');
  await chmod(join(programs, 'npm'), 0o755);
  return programs;
}

const NOTHING = { verdict: '', report: '', json: '' };

describe('the definition', () => {
  it('says what each input and output is, and puts none into a script', async () => {
    const { inputs, outputs, runs } = (await readYaml('action.yml')) as Action;
    expect(Object.keys(inputs)).toEqual(['file', 'strict', 'from', 'reports', 'args']);
    expect(Object.keys(outputs)).toEqual(['verdict', 'report', 'json']);
    for (const { description } of [...Object.values(inputs), ...Object.values(outputs)]) {
      expect(description).toMatch(/^\w.{10,}/);
    }
    const scripts = runs.steps.flatMap(({ run, shell }) => (run === undefined ? [] : [{ run, shell }]));
    expect(scripts.length).toBeGreaterThan(0);
    for (const { run, shell } of scripts) {
      expect(shell).toBe('bash');
      expect(run).not.toContain('${{');
    }
    const used = runs.steps.map(({ env = {} }) => Object.values(env).join(' ')).join(' ');
    for (const name of Object.keys(inputs)) expect(used).toContain(`\${{ inputs.${name} }}`);
  });
});

describe('a run', () => {
  it('that finds failures fails the job, with annotations, the summary, and the reports to upload', async () => {
    const before = (await runner.installed()).length;
    const ended = await runner.action({
      file: '\n  broken config.env  \n',
      reports: 'junit=preflight.xml\nmarkdown=comment on it.md\n',
      args: '--skip encryption/*\n--require=license/*\n--read-only',
    });
    expect(ended.code).toBe(1);
    expect(ended.outputs.verdict).toBe('not-ready');
    const report = JSON.parse(await readFile(String(ended.outputs.json), 'utf8'));
    expect(report).toMatchObject({ verdict: 'not-ready', service: null });
    const rows = ROWS.json(JSON.stringify(report));
    expect(ROWS.html(await readFile(String(ended.outputs.report), 'utf8'))).toEqual(rows);
    expect(ROWS.junit(await readFile(join(runner.workspace, 'preflight.xml'), 'utf8'))).toEqual(rows);
    expect(await readFile(join(runner.workspace, 'comment on it.md'), 'utf8')).toBe(ended.summary);
    expect(ended.summary).toContain('spacelift-preflight: not ready');
    const errors = [...ended.log.matchAll(/^::error title=(.*?)::/gm)].map(([, id]) => id);
    expect(errors).toEqual(rows.filter(({ status }) => status === 'fail').map(({ id }) => id));
    const skipped = rows.filter(({ id }) => id.startsWith('encryption/')).map(({ title }) => title);
    expect(new Set(skipped)).toEqual(new Set(['skipped by request']));
    const [{ folder, args } = { folder: '', args: [] }, ...more] = (await runner.installed()).slice(before);
    expect(more).toEqual([]);
    expect(args).toEqual(expect.arrayContaining(['install', '--ignore-scripts', `spacelift-preflight@${VERSION}`]));
    expect(relative(runner.workspace, folder)).toMatch(/^\.\.\//);
  });

  it('of a healthy deployment is ready, and a checkout that was built runs itself', async () => {
    const before = await runner.installed();
    const ended = await runner.action({ file: 'ready.yaml', strict: 'true' }, { built: true });
    expect(ended).toMatchObject({ code: 0, outputs: { verdict: 'ready' } });
    expect(ended.used).toEqual([]);
    const page = elementsOf(await readFile(String(ended.outputs.report), 'utf8'));
    expect(page.filter(({ tagName }) => tagName === 'h1')).toHaveLength(1);
    expect(await runner.installed()).toEqual(before);
  });

  it('takes the environment of the step where no file is named, and nothing of its own inputs', async () => {
    const ended = await runner.action({}, { env: demo.variables });
    expect(ended).toMatchObject({ code: 0, outputs: { verdict: 'ready' } });
    expect(ended.log).not.toMatch(/INPUT_/);
  });

  it('reads several files', async () => {
    await writeFile(join(runner.workspace, 'more.env'), 'OBJECT_STORAGE_BUCKET_STATES=no-such-bucket\n');
    const ended = await runner.action({ file: 'ready.yaml\nmore.env' });
    expect(ended).toMatchObject({ code: 1, outputs: { verdict: 'not-ready' } });
    expect(ended.log).toMatch(/^::error title=object-storage\/states\/access::/m);
  });

  it.each([
    ['a file that is not there', { file: 'nowhere.yaml' }, /nowhere\.yaml: no such file/],
    ['an option that is not there', { file: 'ready.yaml', args: '--frobnicate' }, /unknown option '--frobnicate'/],
    ['a place that is not there', { file: 'ready.yaml', from: 'beside' }, /argument 'beside' is invalid/],
    ['a value that is no truth', { file: 'ready.yaml', strict: 'yes' }, /strict must be true or false/],
  ])('%s: cannot start, and says so', async (_, inputs, says) => {
    const ended = await runner.action(inputs);
    expect(ended).toMatchObject({ code: 2, outputs: NOTHING });
    expect(ended.log).toMatch(says);
    expect(ended.log).toMatch(/^::error title=spacelift-preflight::/m);
  });

  it('lets nothing of the checkout decide what is installed and run: npm itself, among what lies in wait', async () => {
    const name = 'spacelift-preflight';
    const program = (says: string) => `process.stderr.write('${says}\\n'); process.exitCode = 3;`;
    const main = 'dist/bin/spacelift-preflight.js';
    const script = { scripts: { install: 'touch "$SCRIPTED"' } };
    const right = await startRegistry({ name, version: VERSION, ...script }, { [main]: program('the right one') });
    const wrong = await startRegistry({ name, version: VERSION }, { [main]: program('the wrong one') });
    const programs = await mkdtemp(join(runner.workspace, '..', 'npm-'));
    const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v npm']);
    await symlink(await realpath(stdout.trim()), join(programs, 'npm'));
    const planted = join(runner.workspace, 'node_modules', name);
    const npmrc = `registry=${wrong.url}\nignore-scripts=false\n`;
    try {
      await mkdir(dirname(join(planted, main)), { recursive: true });
      await writeFile(join(planted, 'package.json'), JSON.stringify({ name, version: VERSION }));
      await writeFile(join(planted, main), program('the planted one'));
      await writeFile(join(runner.workspace, '.npmrc'), npmrc);
      await writeFile(join(runner.workspace, '..', '.npmrc'), npmrc);
      const scripted = join(programs, 'scripted');
      const env = { NPM_CONFIG_REGISTRY: right.url, SCRIPTED: scripted };
      const ended = await runner.action({ file: 'ready.yaml' }, { programs, env });
      expect(ended).toMatchObject({ code: 3, log: expect.stringContaining('the right one\n') });
      expect(right.paths).toEqual([`/${name}`, '/archive.tgz']);
      expect(wrong.paths).toEqual([]);
      await expect(readFile(scripted)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      right.close();
      wrong.close();
      for (const path of [planted, join(runner.workspace, '.npmrc'), join(runner.workspace, '..', '.npmrc')]) {
        await rm(path, { recursive: true, force: true });
      }
    }
  });

  it('says so when it can’t be installed', async () => {
    const ended = await runner.action({ file: 'ready.yaml' }, { programs: await failingNpm() });
    expect(ended).toMatchObject({ code: 2, outputs: NOTHING });
    expect(ended.log).toMatch(/^::error title=spacelift-preflight::.* could not be installed/m);
  });

  it('installs nothing by a name that nobody has published yet, and builds the checkout instead', async () => {
    const before = (await runner.installed()).length;
    const ended = await runner.action({ file: 'ready.yaml' }, { published: false });
    expect(ended).toMatchObject({ code: 0, outputs: { verdict: 'ready' } });
    const [{ folder, args } = { folder: '', args: [] }, ...more] = (await runner.installed()).slice(before);
    expect(more).toEqual([]);
    expect(args.slice(0, 2)).toEqual(['ci', '--ignore-scripts']);
    expect(folder).toBe(ended.checkout);
  });

  it('says so when the checkout can’t be built', async () => {
    const ended = await runner.action({ file: 'ready.yaml' }, { published: false, programs: await failingNpm() });
    expect(ended).toMatchObject({ code: 2, outputs: NOTHING });
    expect(ended.log).toMatch(/^::error title=spacelift-preflight::this checkout of the action could not be built/m);
  });

  it('runs nothing that an input smuggles in', async () => {
    const smuggled = ['$(touch smuggled)', '`touch smuggled`', '"; touch smuggled; "', '* --strict'];
    for (const value of smuggled) {
      const ended = await runner.action({ file: value, args: value, reports: value });
      expect(ended).toMatchObject({ code: 2, outputs: NOTHING });
    }
    await expect(readFile(join(runner.workspace, 'smuggled'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('Node', () => {
  it.each([
    ['22.14.0', true],
    ['20.20.2', true],
    ['22.15.0', false],
    ['24.0.0', false],
  ])('%s on the runner: another is set up: %s', async (node, setUp) => {
    const { used } = await runner.action({ file: 'nowhere.yaml' }, { node, built: true });
    expect(used.map((name) => name.replace(/@[0-9a-f]{40}$/, ''))).toEqual(setUp ? ['actions/setup-node'] : []);
  });
});
