import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { dotenv } from '../cli/spawned.ts';
import { ROWS } from '../report/rows.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { type Runner, readYaml, startRunner } from './runner.ts';

interface Job {
  readonly script: readonly string[];
  readonly artifacts: {
    readonly when: string;
    readonly paths: readonly string[];
    readonly reports: { readonly junit: string };
  };
}

let runner: Runner;
let refused: Fault;
beforeAll(async () => {
  [runner, refused] = await Promise.all([startRunner(), refusedPort()]);
});
afterAll(() => Promise.all([runner?.stop(), refused?.close()]));

it('the example’s script fails the job, and leaves each artifact that the job names', async () => {
  const { 'spacelift-preflight': job } = (await readYaml('examples/gitlab-ci.yml')) as { 'spacelift-preflight': Job };
  const config = join(runner.workspace, 'a file of GitLab’s');
  const ports = { database: refused.port, store: refused.port, broker: refused.port };
  await writeFile(config, dotenv(ports));
  const env = { CI: 'true', GITLAB_CI: 'true', CI_PROJECT_DIR: runner.workspace, SPACELIFT_CONFIG: config };
  const { code, log } = await runner.shell(['sh', '-e', '-c'], job.script.join('\n'), env);
  expect(code).toBe(1);
  expect(log).toContain('✖ not ready');
  const [{ folder, args } = { folder: '', args: [] }, ...more] = await runner.installed();
  expect(more).toEqual([]);
  expect(args).toEqual(expect.arrayContaining(['install', '--ignore-scripts', `spacelift-preflight@${VERSION}`]));
  expect(relative(runner.workspace, folder)).toMatch(/^\.\.\//);

  expect(job.artifacts.when).toBe('always');
  const read = (path: string) => readFile(join(runner.workspace, path), 'utf8');
  const [page = '', json = ''] = await Promise.all(job.artifacts.paths.map(read));
  const rows = ROWS.json(json);
  expect(rows.some(({ status }) => status === 'fail')).toBe(true);
  // What failed comes first on the page.
  const byId = (all: typeof rows) => all.toSorted((a, b) => a.id.localeCompare(b.id));
  expect(byId(ROWS.html(page))).toEqual(byId(rows));
  expect(ROWS.junit(await read(job.artifacts.reports.junit))).toEqual(rows);
});
