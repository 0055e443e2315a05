/** The demo deployment with every server behind a link. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest, startDemo } from '../demo/deployment.ts';
import { type Link, startLink } from './link.ts';

export interface Distant {
  /** The path of the config. */
  readonly config: string;
  /** What is in it. */
  readonly variables: Readonly<Record<string, string>>;
  /** For all servers, ms. */
  setRoundTrip(ms: number): void;
  /** Resets the counts. */
  reset(): void;
  /** The longest chain of round trips to any one server since the last `reset`. */
  chain(): number;
  readonly links: Readonly<Record<'database' | 'store' | 'broker', Link>>;
  stop(): Promise<void>;
}

export async function startDistant(): Promise<Distant> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  const demo = await startDemo();
  const url = new URL(demo.variables.DATABASE_URL ?? '');
  const [database, store, broker] = await Promise.all([
    startLink({ host: url.hostname, port: Number(url.port) }),
    startLink(addressIn(demo.store.endpoint)),
    startLink(demo.broker),
  ]);
  const links = { database, store, broker };
  const all = Object.values(links);
  url.port = String(database.port);
  const config = join(directory, 'spacelift.yaml');
  const variables = {
    ...demo.variables,
    DATABASE_URL: url.href,
    OBJECT_STORAGE_MINIO_ENDPOINT: `${store.host}:${store.port}`,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `http://${store.host}:${store.port}`,
    MQTT_BROKER_ENDPOINT: `${broker.host}:${broker.port}`,
  };
  await writeFile(config, manifest(variables), { mode: 0o600 });
  return {
    config,
    variables,
    links,
    setRoundTrip: (ms) => {
      for (const link of all) link.roundTripMs = ms;
    },
    reset: () => {
      for (const link of all) link.reset();
    },
    chain: () => Math.max(...all.map(({ chain }) => chain)),
    stop: async () => {
      await Promise.all(all.map((link) => link.close()));
      await demo.stop();
      await rm(directory, { recursive: true });
    },
  };
}

function addressIn(endpoint: string): { host: string; port: number } {
  const { hostname, port } = new URL(`http://${endpoint}`);
  return { host: hostname, port: Number(port) };
}
