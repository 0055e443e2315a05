/** What is read before anything is contacted. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planOf } from '../plan.ts';
import { BUILT } from '../programs.ts';
import { usageOf } from '../usage.ts';
import type { Growing, Prepared } from './types.ts';

/** The configs are incomplete, which is a failure. */
const CODES = [0, 1];
const BEGIN = {
  DATABASE_URL: 'postgres://spacelift:correct-horse@127.0.0.1:1/spacelift',
  SERVER_DOMAIN: 'spacelift.corp.io',
};

/** Values that nothing else contains, like keys. */
const keyLike = (index: number): string => createHash('sha256').update(String(index)).digest('base64');

/** Each run reads the config and checks nothing but the config. */
const reading =
  (make: (size: number) => string) =>
  async (directory: string): Promise<Prepared> => ({
    at: async (size) => {
      const config = join(directory, `config-${size}`);
      await writeFile(config, make(size), { mode: 0o600 });
      return () => usageOf([BUILT, '-f', config, '--only', 'configuration/*'], {}, CODES);
    },
  });

function variables(count: number): string {
  const more = Array.from(
    { length: count - Object.keys(BEGIN).length },
    (_, index) => `UNKNOWN_${index}='${keyLike(index)}'`,
  );
  return [...Object.entries(BEGIN).map(([name, value]) => `${name}='${value}'`), ...more].join('\n');
}

const secret = (name: string, data: Readonly<Record<string, string>>): string => {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: Object.fromEntries(encoded) });
};

/** One document after the other, as `kubectl get -o json` prints in a loop. */
const secrets = (count: number): string =>
  Array.from({ length: count }, (_, index) =>
    secret(`spacelift-${index}`, index === 0 ? BEGIN : { [`UNKNOWN_${index}`]: keyLike(index) }),
  ).join('\n');

export const configs: readonly Growing[] = [
  {
    id: 'variables',
    what: 'variables',
    sizes: [10, 2500, 5000, 10_000, 20_000],
    memory: 200,
    start: reading(variables),
  },
  {
    id: 'secrets',
    what: 'Secrets in a stream',
    sizes: [1, 625, 1250, 2500, 5000],
    memory: 200,
    start: reading(secrets),
  },
  {
    id: 'plan',
    what: 'MB of a Terraform plan',
    sizes: [1, 8, 16, 32, 64],
    memory: 300,
    start: reading((megabytes) => planOf(megabytes * 1e6)),
  },
];
