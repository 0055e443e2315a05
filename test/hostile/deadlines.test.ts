/** Everything at once is silent, or sends an endless response: each dependency has its own deadline, and they run side by side. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { manifest } from '../../demo/deployment.ts';
import { moduleOf, run } from '../cli/spawned.ts';
import { refusedPort, startSilent } from '../services/tcp.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight } from '../support/preflight.ts';
import { BEHAVIORS } from './behaviors.ts';
import { type Hostile, startHostile } from './servers.ts';

/** An installation of which the parts are at these ports of 127.0.0.1: the last is that of all that are left. */
function everythingAt(...ports: readonly number[]): Record<string, string> {
  const [database, store, broker, webhooks, api, gateway, agent] = Array.from(
    { length: DEPENDENCIES.length },
    (_, index) => `127.0.0.1:${ports[index] ?? ports.at(-1)}`,
  );
  return {
    ...ONPREM,
    SERVER_DOMAIN: 'localhost',
    DATABASE_URL: `postgres://spacelift:a-long-db-password@${database}/spacelift?connect_timeout=5`,
    OBJECT_STORAGE_MINIO_ENDPOINT: `${store}`,
    OBJECT_STORAGE_MINIO_USE_SSL: 'false',
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${store}`,
    MQTT_BROKER_ENDPOINT: `${broker}`,
    WEBHOOKS_ENDPOINT: `http://${webhooks}/webhooks`,
    SPACELIFT_PUBLIC_API: `http://${api}`,
    VCS_GATEWAY_ENDPOINT: `${gateway}`,
    OBSERVABILITY_VENDOR: 'Datadog',
    DD_TRACE_AGENT_URL: `http://${agent}`,
  };
}
/** One failure or warning each. */
const DEPENDENCIES = [
  'database/connect',
  'mqtt-broker/builtin/reachable',
  'network/public-api',
  'network/vcs-gateway',
  'network/webhooks',
  'object-storage/deliveries/access',
  'observability/datadog',
];
const options = { phase: 'post-install', skip: ['network/certificate', 'encryption/*'] } as const;

test('all are silent: the run takes hardly longer than the longest of its deadlines, and each is told once', async () => {
  const silent = await Promise.all(DEPENDENCIES.map(startSilent));
  onTestFinished(async () => void (await Promise.all(silent.map(({ close }) => close()))));
  const result = await preflight(CHECKS, everythingAt(...silent.map(({ port }) => port)), options);
  expect([...result.ids('fail'), ...result.ids('warn')].filter((id) => DEPENDENCIES.includes(id)).toSorted()).toEqual(
    DEPENDENCIES,
  );
  for (const id of DEPENDENCIES) {
    expect(result.finding(id).title).toMatch(/timed out|got no response within|was silent for/);
  }
  const longest = Math.max(...result.run.checks.map(({ durationMs }) => durationMs));
  expect(result.run.durationMs).toBeLessThan(longest * 1.2);
  // The database is waited for once, for 5 s. Others have twice as long, and again where a second opinion is asked for.
  const once = result.run.checks.find(({ id }) => id === 'database')?.durationMs ?? 0;
  expect(longest).toBeLessThan(5 * once);
  wholeMs = result.run.durationMs;
});
let wholeMs: number;

test('all are silent, and there is one second: the report is complete', async () => {
  const silent = await startSilent();
  onTestFinished(() => silent.close());
  const variables = everythingAt(silent.port);
  const whole = await preflight(CHECKS, everythingAt((await refusedPort()).port), options);
  const { findings, run: ended } = await preflight(CHECKS, variables, { ...options, timeoutMs: 1000 });
  expect(ended.durationMs, 'as without a limit').toBeLessThan(wholeMs / 1.5);
  expect(findings.map(({ id }) => id)).toEqual(whole.findings.map(({ id }) => id));
  const failures = findings.filter(({ status }) => status === 'fail');
  expect(failures.filter(({ title }) => title === 'did not finish within 1 s').length).toBeGreaterThan(3);
  expect(failures.map(({ title }) => title).join()).not.toContain('unexpected');
});

/** Everything of one process's that a command line of its own shows. */
async function memoryOf(variables: Record<string, string>): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'hostile-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'config.yaml');
  await writeFile(path, manifest(variables));
  const told = moduleOf(`process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS));`);
  const { stderr, stdout } = await run(['-f', path, '--phase', 'post-install', '-o', 'json', '--timeout', '30'], {
    imports: [told],
  });
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'not-ready', interrupted: false });
  // In KiB.
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
}

test('memory stays bounded, whatever everything sends', async () => {
  const started: Hostile[] = [];
  onTestFinished(() => Promise.all(started.map((server) => server.close())).then(() => {}));
  const quiet = await memoryOf(everythingAt((await refusedPort()).port));
  for (const name of ['a row of a gigabyte', 'a body of 200 MB', 'a compressed body of 200 MB']) {
    const behavior = BEHAVIORS.find((one) => one.name === name);
    if (behavior === undefined) throw new Error(name);
    const server = await startHostile(behavior);
    started.push(server);
    expect(await memoryOf(everythingAt(server.port)), `MiB: ${name}, ${quiet} when nobody answers`).toBeLessThan(
      quiet + 500,
    );
  }
});
