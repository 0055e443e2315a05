/** What a command loads: nothing that it does not need. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { taskDefinition } from '../support/task-definitions.ts';
import { dotenv, FROM_SOURCES, moduleOf, run } from './spawned.ts';

let folder: string;
let refused: Fault;
beforeAll(async () => {
  [folder, refused] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-loading-')), refusedPort()]);
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), refused.close()]));

/** The packages that a command loads, and our own modules. */
async function loadedBy(args: readonly string[]): Promise<{ packages: string[]; modules: string[] }> {
  const log = join(folder, `${Math.random()}.log`);
  await writeFile(log, '');
  const hook = moduleOf(`
    import { appendFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({
      load: (url, context, next) => {
        appendFileSync(${JSON.stringify(log)}, url + '\\n');
        return next(url, context);
      },
    });`);
  await run(args, { imports: [hook], executable: FROM_SOURCES });
  const urls = (await readFile(log, 'utf8')).trim().split('\n');
  const packages = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  const modules = urls.filter((url) => url.startsWith('file:') && !url.includes('/node_modules/'));
  return { packages: [...new Set(packages)], modules };
}

it.each(['--version', '-V'])('nothing is loaded for %s', async (option) => {
  const { packages, modules } = await loadedBy([option]);
  expect({ packages, loaded: modules.map((url) => url.replace(/.*\//, '')) }).toEqual({
    packages: [],
    loaded: ['spacelift-preflight.ts', 'first-line.ts', 'ci.ts', 'flags.ts', 'version.ts', 'package.json'],
  });
});

describe('only commander is loaded', () => {
  it.each([['--help'], ['--nonsense']])('for %s', async (option) => {
    const { packages, modules } = await loadedBy([option]);
    expect(packages).toEqual(['commander']);
    expect(modules.length).toBeLessThanOrEqual(20);
  });
});

it('a run without a baseline loads nothing that reads or compares reports', async () => {
  const config = join(folder, 'no-baseline.env');
  await writeFile(config, 'SERVER_DOMAIN=localhost\n');
  const { modules } = await loadedBy(['-f', config, '--only', 'configuration/*']);
  expect(
    modules.filter((url) => /\/report\/(?:read|schema|matrix\/schema|comparison\/compare)\.ts$/.test(url)),
  ).toEqual([]);
});

it('explain loads the tables of rules, and no client', async () => {
  const { packages } = await loadedBy(['explain', 'database/version']);
  expect(packages.filter((name) => CLIENTS.test(name))).toEqual([]);
});

it('plan loads no client', async () => {
  const config = join(folder, 'plan.env');
  await writeFile(config, dotenv({ database: 1, store: 1, broker: 1 }));
  const { packages } = await loadedBy(['plan', '-f', config, '-o', 'json']);
  expect(packages.filter((name) => CLIENTS.test(name))).toEqual([]);
});

it('run loads the SDKs of ECS and CloudWatch Logs only to contact them', async () => {
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(taskDefinition('drain')));
  const own = ['run', 'ecs', '--cluster', 'spacelift', '--image', 'x'];
  const printed = await loadedBy([...own, '--print', '-f', file]);
  expect(printed.packages.filter((name) => CLOUDS.test(name))).toEqual([]);
  const region = ['--region', 'eu-central-1', '--profile', 'nobody'];
  const contacting = await loadedBy([...own, ...region]);
  expect(contacting.packages).toContain('@aws-sdk/client-ecs');
  expect(contacting.packages).not.toContain('@aws-sdk/client-cloudwatch-logs');
  const { packages } = await loadedBy(['run', 'kubernetes', '--image', 'x', '-f', file]);
  expect(packages.filter((name) => CLOUDS.test(name))).toEqual([]);
});

it('a deployment on MinIO loads its clients, and no cloud’s', async () => {
  const config = join(folder, 'minio.env');
  await writeFile(config, dotenv({ database: refused.port, store: refused.port, broker: refused.port }));
  const { packages } = await loadedBy(['-f', config, '-o', 'json']);
  expect(packages).toContain('@rgrove/parse-xml');
  expect(packages.filter((name) => CLOUDS.test(name))).toEqual([]);
  // What only people look at.
  expect(packages.filter((name) => ['ora', 'chalk', 'wrap-ansi', 'yaml'].includes(name))).toEqual([]);
});

const CLOUDS = /^(@aws-sdk|@smithy|@google-cloud|@azure|@grpc|google-auth-library|mqtt)/;
const CLIENTS = /^(@aws-sdk|@smithy|@google-cloud|@azure|@grpc|google-auth-library|mqtt|@rgrove|pg|yaml|ora|chalk)/;
