/** Resolves names to addresses with the system's resolver (hosts file and search domains included). */
import { lookup as ask } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import type { Run } from '../engine/check.ts';
import { NetworkError, toNetworkError } from './network-error.ts';

/** In ms; resolvers try each server for 5 s. */
const DEADLINE_MS = 10_000;

/** @throws NetworkError of kind `dns`, or `timeout` */
export async function resolve(run: Pick<Run, 'withTimeout'>, host: string): Promise<string[]> {
  return run.withTimeout(DEADLINE_MS, async () => {
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch (error) {
      throw toNetworkError(error) ?? new NetworkError('dns');
    }
  });
}

/** In ms; below any operation's deadline, so that a lookup that times out is reported as a DNS error. */
const LOOKUP_MS = 8_000;

type Answer = Parameters<Parameters<LookupFunction>[2]>;

/**
 * A `lookup` for the connections of one agent: each name is looked up once, no matter how many connections need it at a
 * time, since the system's resolver handles few queries at once.
 */
export function sharedLookup(): LookupFunction {
  const known = new Map<string, Promise<Answer>>();
  return (host, options, callback) => {
    const key = JSON.stringify([host, options]);
    const answer = known.get(key) ?? askInTime(host, options);
    known.set(key, answer);
    answer.then((result) => callback(...result));
  };
}

function askInTime(host: string, options: Parameters<LookupFunction>[1]): Promise<Answer> {
  return new Promise((resolve) => {
    const late = Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' });
    const timer = setTimeout(() => resolve([late, '']), LOOKUP_MS);
    ask(host, options, (...result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}
