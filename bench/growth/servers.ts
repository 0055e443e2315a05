/** What is already on the servers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifest, startDemo } from '../../demo/deployment.ts';
import type { Bucket, ObjectVersion } from '../../test/services/s3/store.ts';
import { BUILT } from '../programs.ts';
import { usageOf } from '../usage.ts';
import type { Growing } from './types.ts';

/** Tables that are made in one transaction, which locks each of them. */
const BATCH = 2000;

/** Pretends to have that many versions of other objects, two of each. */
function pretend(bucket: Bucket, madeUp: readonly ObjectVersion[]): void {
  const [versions, isLatest] = [bucket.versions.bind(bucket), bucket.isLatest.bind(bucket)];
  bucket.versions = () => [...versions(), ...madeUp];
  bucket.isLatest = (version) =>
    version.versionId === 'latest' || (version.versionId !== 'earlier' && isLatest(version));
}

function madeUpVersions(count: number, like: ObjectVersion): ObjectVersion[] {
  return Array.from({ length: count }, (_, index) => ({
    ...like,
    key: `state/${String(Math.floor(index / 2)).padStart(7, '0')}`,
    versionId: index % 2 === 0 ? 'latest' : 'earlier',
  }));
}

export const servers: readonly Growing[] = [
  {
    id: 'objects',
    what: 'versions of objects in a bucket',
    sizes: [0, 125_000, 250_000, 500_000, 1_000_000],
    memory: 150,
    start: async (directory) => {
      const demo = await startDemo();
      const config = join(directory, 'spacelift.yaml');
      await writeFile(config, manifest(demo.variables), { mode: 0o600 });
      const states = demo.store.bucket('spacelift-states');
      const like = states.put('example', '');
      states.remove('example', like.versionId);
      const there: ObjectVersion[] = [];
      pretend(states, there);
      return {
        isState: true,
        at: async (size) => {
          for (const version of madeUpVersions(size, like)) there.push(version);
          there.splice(0, there.length - size);
          return () => usageOf([BUILT, '-f', config, '--only', 'object-storage/states/*']);
        },
        stop: demo.stop,
      };
    },
  },
  {
    id: 'tables',
    what: 'tables in the database',
    sizes: [0, 12_500, 25_000, 50_000, 100_000],
    memory: 150,
    start: async (directory) => {
      const demo = await startDemo();
      const config = join(directory, 'spacelift.yaml');
      await writeFile(config, manifest(demo.variables), { mode: 0o600 });
      let made = 0;
      return {
        isState: true,
        at: async (size) => {
          for (; made < size; made += Math.min(BATCH, size - made)) {
            const last = Math.min(made + BATCH, size);
            await demo.database.query(
              `DO $$ BEGIN FOR i IN ${made + 1}..${last} LOOP EXECUTE format('CREATE TABLE other_%s ()', i); END LOOP; END $$`,
              [],
              'spacelift',
            );
          }
          return () => usageOf([BUILT, '-f', config, '--only', 'database/*'], {}, [0, 1]);
        },
        // The server does the work.
        costOf: ({ wallMs }) => wallMs,
        stop: demo.stop,
      };
    },
  },
];
