/** Runs that follow one another on one deployment, and a count of everything that could be left behind. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type DemoDeployment, startDemo } from '../../demo/deployment.ts';
import { preflight, render } from '../../src/app/preflight.ts';
import { run } from '../cli/spawned.ts';
import { relations } from '../support/estate.ts';

/** What there is when no run is under way. */
export interface Census {
  /** Of this process, by kind: sockets, timers, child processes; its servers' among them. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open files and sockets of this process; Linux tells them. */
  readonly descriptors: number;
  /** Entries of the directory for temporary files. */
  readonly temporary: readonly string[];
  /** Tables, roles, schemas and so on. */
  readonly relations: readonly unknown[];
  readonly sessions: number;
  readonly objects: Readonly<Record<string, object>>;
  readonly messages: number;
  readonly clients: number;
}

export interface Soaked {
  readonly before: Census;
  readonly after: Census;
  /** In bytes, after a garbage collection. */
  readonly heap: { readonly before: number; readonly after: number };
  readonly seconds: number;
  readonly spawned: number;
}

/** Runs that fill caches and pools, before anything is counted. */
const WARM_UP = 4;
/** In ms: what ends by itself shortly after a run. */
const SETTLING_MS = 5_000;

/**
 * @param every of how many runs one is a process of its own
 * @param done is called after each run
 */
export async function soak(runs: number, every: number, done: (count: number) => void = () => {}): Promise<Soaked> {
  const [outer, temporary] = [process.env.TMPDIR, await mkdtemp(join(tmpdir(), 'preflight-soak-'))];
  process.env.TMPDIR = temporary;
  const demo = await startDemo();
  try {
    let spawned = 0;
    const once = async (apart: boolean) => {
      if (apart) spawned++;
      await ready(demo, apart);
      // The server's own log would grow with each run.
      demo.store.requests.length = 0;
      demo.broker.published.length = 0;
    };
    for (let count = 0; count < WARM_UP; count++) await once(count === 0);
    const [before, heapBefore] = [await settled(demo, temporary), heap()];
    const started = performance.now();
    for (let count = 1; count <= runs; count++) {
      await once(count % every === 0);
      done(count);
    }
    const seconds = (performance.now() - started) / 1000;
    const after = await settled(demo, temporary);
    return { before, after, heap: { before: heapBefore, after: heap() }, seconds, spawned };
  } finally {
    await demo.stop();
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    await rm(temporary, { recursive: true, force: true });
  }
}

/** @throws Error when the deployment is not found ready */
async function ready({ variables }: DemoDeployment, apart: boolean): Promise<void> {
  const { TMPDIR = '' } = process.env;
  if (apart) {
    const { code, stderr } = await run(['-o', 'json'], { env: { ...variables, TMPDIR } });
    if (code !== 0) throw new Error(`a run ended with ${code}: ${stderr}`);
    return;
  }
  const report = await preflight({ environment: variables });
  if (report.verdict !== 'ready') throw new Error(await render(report, 'pretty'));
}

/** Looked at until two looks are the same. */
async function settled(demo: DemoDeployment, temporary: string): Promise<Census> {
  const end = performance.now() + SETTLING_MS;
  for (let last = await census(demo, temporary); ; ) {
    await sleep(200);
    const now = await census(demo, temporary);
    if (JSON.stringify(now) === JSON.stringify(last) || performance.now() > end) return now;
    last = now;
  }
}

async function census({ database, store, broker }: DemoDeployment, temporary: string): Promise<Census> {
  const counts = await database.query<{ sessions: number }>(
    `SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = 'spacelift'`,
  );
  const kinds = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind);
  return {
    resources: Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length] as const).sort()),
    descriptors: process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0,
    temporary: (await readdir(temporary)).sort(),
    relations: await relations({ database }),
    sessions: counts[0]?.sessions ?? 0,
    objects: store.snapshot(),
    messages: broker.published.length,
    clients: broker.clients(),
  };
}

function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let count = 0; count < 3; count++) collect();
  return process.memoryUsage().heapUsed;
}
