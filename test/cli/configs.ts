/** Configs whose services do not work, for the tests of the file that asks. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type CountingFault, type Fault, refusedPort, startSilent } from '../services/tcp.ts';
import { dotenv } from './spawned.ts';

export interface Configs {
  readonly folder: string;
  /** Every service refuses. */
  readonly config: string;
  /** The database accepts and never answers; the others refuse. */
  readonly hanging: string;
  /** Writes a file in the folder, and returns its path. */
  file(name: string, content: string): Promise<string>;
  /** How often the database that never answers was asked. */
  asked(): number;
  /** When the run is under way: that database has been asked. */
  underWay(before: number): Promise<void>;
}

export function useConfigs(): Configs {
  let refused: readonly [Fault, Fault];
  let silent: CountingFault;
  const paths = { folder: '', config: '', hanging: '' };
  const asked = () => silent.connections();
  const file = async (name: string, content: string) => {
    const path = join(paths.folder, name);
    await writeFile(path, content);
    return path;
  };
  beforeAll(async () => {
    paths.folder = await mkdtemp(join(tmpdir(), 'preflight-run-'));
    [refused, silent] = await Promise.all([Promise.all([refusedPort(), refusedPort()]), startSilent()]);
    const ports = { database: refused[0].port, store: refused[1].port, broker: refused[1].port };
    paths.config = await file('refused.env', dotenv(ports));
    paths.hanging = await file('hanging.env', dotenv({ ...ports, database: silent.port }));
  });
  afterAll(async () => {
    await Promise.all([...refused.map((port) => port.close()), silent.close(), rm(paths.folder, { recursive: true })]);
  });
  return Object.assign(paths, {
    file,
    asked,
    underWay: async (before: number) => {
      while (asked() === before) await wait(20);
    },
  });
}
