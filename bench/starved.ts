/**
 * Healthy installations of every provider with a twentieth of a processor, and with 200 ms per round trip: each must be ready.
 * What is late then is this process, not a server.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../demo/deployment.ts';
import { AKS, type Choice, EKS, type Estate, GKE, ONPREM, startEstate } from '../test/support/estate.ts';
import { type Link, startLink } from './link.ts';
import { type Share, shareOf } from './processor.ts';
import { ALONE, BUILT, run } from './programs.ts';
import type { Measurement, Row } from './row.ts';

const MILLICORES = 50;
const ROUND_TRIP_MS = 200;

const INSTALLATIONS: Readonly<Record<string, Choice>> = {
  'on premises': ONPREM,
  'Amazon Web Services': EKS,
  'Google Cloud': GKE,
  Azure: AKS,
};

export const starved: Measurement = {
  id: 'starved',
  measure: async () => {
    let share: Share;
    try {
      share = await shareOf(MILLICORES);
    } catch (error) {
      const what = `${MILLICORES} millicores: no control group here (${(error as Error).message})`;
      return [{ id: 'starved', what, figure: 'skipped', facts: { skipped: true } }];
    }
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    const estate = await startEstate();
    try {
      const rows: Row[] = [];
      for (const [name, choice] of Object.entries(INSTALLATIONS)) {
        const far = await moved(estate.variables(choice), estate.environment(choice));
        const config = join(directory, 'spacelift.yaml');
        await writeFile(config, manifest(far.variables), { mode: 0o600 });
        const [shell = '', ...args] = [...share.command, process.execPath, BUILT, '-f', config, '--strict'];
        const ran = await run(shell, args, { env: { ...ALONE, ...far.environment } });
        await far.close();
        const failed = ran.stdout.split('\n').filter((line) => /^\s*✖|^\s*!/.test(line));
        if (ran.code !== 0) process.stderr.write(`${ran.stdout}${ran.stderr}`);
        rows.push({
          id: `starved/${choice.storage}`,
          what: `${name}, healthy, with ${MILLICORES} millicores and ${ROUND_TRIP_MS} ms latency`,
          target: 'ready',
          figure: ran.code === 0 ? 'ready' : `exit ${ran.code}`,
          met: ran.code === 0,
          facts: { ms: ran.ms, code: ran.code, failed, millicores: MILLICORES, roundTripMs: ROUND_TRIP_MS },
        });
      }
      return rows;
    } finally {
      await estate.stop();
      await share.remove();
      await rm(directory, { recursive: true });
    }
  },
};

type Environment = ReturnType<Estate['environment']>;

/** Every TCP server on loopback that these values name, behind a link of its own. */
async function moved(variables: Readonly<Record<string, string>>, environment: Environment) {
  const links = new Map<number, Link>();
  const all = { ...variables, ...environment };
  for (const [name, value = ''] of Object.entries(all)) {
    // UDP.
    if (name === 'AWS_XRAY_DAEMON_ADDRESS') continue;
    for (const [, port] of value.matchAll(LOCAL)) {
      if (!links.has(Number(port))) links.set(Number(port), await startLink({ host: '127.0.0.1', port: Number(port) }));
    }
  }
  for (const link of links.values()) link.roundTripMs = ROUND_TRIP_MS;
  const far = (value: string | undefined) =>
    value?.replace(LOCAL, (whole, port) => {
      const link = links.get(Number(port));
      return link === undefined ? whole : whole.replace(`:${port}`, `:${link.port}`);
    });
  const farAll = <T extends string | undefined>(values: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, far(value)])) as Record<string, T>;
  return {
    variables: farAll(variables),
    environment: farAll(environment),
    close: async () => void (await Promise.all([...links.values()].map((link) => link.close()))),
  };
}

const LOCAL = /(?:localhost|127\.0\.0\.1):(\d{1,5})/g;
