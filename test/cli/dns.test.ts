/** No DNS server responds, and the system's resolver does not come back: one failure, and the process ends with its report. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ONPREM } from '../support/onprem.ts';
import { moduleOf, run, start } from './spawned.ts';

const NAMES = ['db.corp.test', 'store.corp.test', 'mqtt.corp.test', 'spacelift.corp.test', 'agent.corp.test'] as const;
const [DATABASE, STORE, BROKER, SERVER, AGENT] = NAMES;

let folder: string;
let config: string;
const silent = createSocket('udp4');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-dns-'));
  config = join(folder, 'config.env');
  silent.bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const variables = {
    ...ONPREM,
    SERVER_DOMAIN: SERVER,
    DATABASE_URL: `postgres://spacelift:a-long-db-password@${DATABASE}/spacelift`,
    OBJECT_STORAGE_MINIO_ENDPOINT: `${STORE}:9000`,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${STORE}:9000`,
    MQTT_BROKER_ENDPOINT: `tls://${BROKER}:1984`,
    OBSERVABILITY_VENDOR: 'Datadog',
    DD_AGENT_HOST: AGENT,
  };
  await writeFile(
    config,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterAll(async () => {
  silent.close();
  await rm(folder, { recursive: true });
});

/**
 * In place of the resolver: threads of libuv that open a pipe that nobody writes to. They can't be ended, as those in
 * getaddrinfo(3) can't; and like those, at most two are in use.
 */
const hangs = () =>
  moduleOf(`
    import dns from 'node:dns';
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    import { isIP } from 'node:net';
    const lookup = dns.lookup;
    let threads = 0;
    dns.lookup = (host, ...rest) => {
      if (isIP(host) !== 0) return lookup(host, ...rest);
      threads++;
      if (threads <= 2) fs.open(${JSON.stringify(join(folder, 'pipe'))}, 'r', () => {});
    };
    dns.setServers(['127.0.0.1:${silent.address().port}']);
    syncBuiltinESMExports();
  `);

it.each(['pre-install', 'post-install'])(
  'one failure names the servers and all names, and the files are whole: %s',
  async (phase) => {
    const page = join(folder, `${phase}.html`);
    const { code, stdout, stderr } = await run(
      [
        '-f',
        config,
        '--phase',
        phase,
        '-o',
        'json',
        '--report',
        `html=${page}`,
        '--skip',
        'configuration/*',
        '--skip',
        'encryption/*',
      ],
      { imports: [hangs()] },
    );
    expect(stderr).toBe('');
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as {
      checks: { findings: { id: string; status: string; title: string; detail: string; evidence: unknown }[] }[];
    };
    const findings = report.checks.flatMap((check) => check.findings);
    const failures = findings.filter(({ status }) => status === 'fail' || status === 'warn');
    expect(failures.map(({ id }) => id)).toEqual(['database/connect']);
    expect(failures[0]?.title).toBe(`no DNS server responds: 127.0.0.1:${silent.address().port}`);
    for (const name of NAMES) expect(failures[0]?.detail).toContain(name);
    expect(await readFile(page, 'utf8')).toMatch(/<\/html>\s*$/);
  },
);

it('the process ends with its report, although the lookups never do', async () => {
  const args = ['-f', config, '-o', 'json', '--skip', 'configuration/*', '--skip', 'encryption/*'];
  const { child, finished } = start(args, { imports: [hangs()] });
  let reportedMs = 0;
  child.stdout.on('data', () => {
    reportedMs = performance.now();
  });
  await once(child, 'exit');
  const endedMs = performance.now();
  const { durationMs } = JSON.parse((await finished).stdout) as { durationMs: number };
  // A run waits for the DNS servers a few times as long as the process takes to end.
  expect(endedMs - reportedMs).toBeLessThan(durationMs / 2);
});

it('cleanup ends, too', async () => {
  const { code, stdout } = await run(['cleanup', '-f', config], { imports: [hangs()] });
  expect(code).toBe(1);
  expect(stdout).toContain('no DNS server responds');
});
