/** Runs the command line on an installation, ends it at a moment, and looks at what it leaves on this machine. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../cli/host.ts';
import { type Finished, start } from '../cli/spawned.ts';
import type { Environment, Estate } from '../support/estate.ts';
import type { Variables } from '../support/preflight.ts';
import { type Moment, PLACES } from './moments.ts';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

export interface Ending {
  readonly moment: Moment;
  /** At which of the requests. */
  readonly nth: number;
  readonly signal: Signal;
  /** Another process, rather than the command line within this one. */
  readonly spawned: boolean;
}

export interface Ended extends Finished {
  /** What it was called with, for a clean-up. */
  readonly config: string;
  readonly env: Record<string, string>;
  /** Temporary files that are left, and processes of its group; of a spawned one only. */
  readonly files: readonly string[];
  readonly processes: readonly string[];
}

/** A config file, and the environment beside it. */
export async function place(estate: Estate, at: Moment['at'], folder: string, more: Variables = {}) {
  const config = join(folder, `${at}-${Math.random().toString(36).slice(2)}.json`);
  await writeFile(config, JSON.stringify({ ...estate.variables(PLACES[at]), ...more }));
  return { config, env: defined(estate.environment(PLACES[at])) };
}

export async function endAt(estate: Estate, folder: string, { moment, nth, signal, spawned }: Ending): Promise<Ended> {
  const variables = estate.variables(PLACES[moment.at]);
  let count = 0;
  let end: () => void = () => {};
  const seen = () => {
    if (++count === nth) end();
  };
  const { variables: changed, undo } = await moment.watch(estate, seen, variables);
  const { config, env } = await place(estate, moment.at, folder, changed);
  const args = ['-f', config, '-o', 'json'];
  try {
    if (!spawned) {
      const started = (kill: (signal: 'SIGINT' | 'SIGTERM') => void) => {
        end = () => kill(signal === 'SIGKILL' ? 'SIGTERM' : signal);
      };
      return { ...(await command(args, { env, started })), config, env, files: [], processes: [] };
    }
    const temporary = await mkdtemp(join(tmpdir(), 'preflight-left-'));
    const { child, finished } = start(args, { env: { ...env, TMPDIR: temporary }, group: true });
    end = () => child.kill(signal);
    const result = await finished;
    const files = await readdir(temporary);
    await rm(temporary, { recursive: true });
    return { ...result, config, env, files, processes: await groupOf(child.pid ?? 0) };
  } finally {
    await undo();
  }
}

/** The processes that are left of a group; Linux tells them. */
async function groupOf(id: number): Promise<string[]> {
  const all = process.platform === 'linux' ? await readdir('/proc') : [];
  const stats = await Promise.all(
    all.filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  // pid (name) state ppid pgrp
  return stats.filter((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === id);
}

const defined = (values: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
