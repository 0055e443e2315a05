/** What belongs to others, by names like the tool's own, in every server of an installation; and what the tool has left there. */
import { randomUUID } from 'node:crypto';
import { BUCKETS } from '../../src/config/contract.ts';
import { contents as blobsIn } from '../checks/object-storage/azure-storage.ts';
import type { Estate } from '../support/estate.ts';

const RUN = randomUUID();
const KEYS = [
  'spacelift-preflight/notes',
  'spacelift-preflight/not-a-run/x',
  `spacelift-preflight-${RUN}/x`,
  `backup/spacelift-preflight/${RUN}/x`,
  `spacelift-preflight/${RUN}`,
  'state.json',
];
const BODIES = ['spacelift-preflight', `spacelift-preflight ${RUN} and more`, `{"preflight": "soon"}`];
const NAMES = ['states', 'deliveries'].map((bucket) => `spacelift-${bucket}`);
const QUEUE = 'spacelift-async';

/** Puts objects beside those of a run. */
export async function putObjects({ store, eks, gcp, azure }: Estate): Promise<void> {
  for (const name of NAMES) {
    for (const key of KEYS) {
      store.bucket(name).put(key, 'somebody’s');
      eks.s3.bucket(name).put(key, 'somebody’s');
      gcp.gcs.bucket(name).put(key, 'somebody’s');
      await azure.azure.putBlob(name, key, 'somebody’s');
    }
  }
}

/** Makes tables and a role by names like those of a trial. */
export async function makeRelations({ database }: Estate): Promise<void> {
  const table = 'spacelift_preflight_notes';
  await database.query(`CREATE TABLE public.${table} (id int)`, [], 'spacelift');
  await database.query(`CREATE SCHEMA ${table}`, [], 'spacelift');
  await database.query(`CREATE ROLE ${table}`);
}

/** Sends messages that are somebody else's, once no run looks whether the queue is empty. */
export function sendMessages({ eks }: Estate): void {
  const queue = eks.aws.queues.all().find(({ name }) => name === QUEUE);
  for (const body of BODIES) queue?.send({ body, sender: 'somebody' });
}

/** Every object with each of its versions, as `bucket/key`, and every message, as `queue: body`. */
export function contents({ store, eks, gcp, azure }: Estate): string[] {
  const buckets = Object.keys(BUCKETS).map((bucket) => `spacelift-${bucket}`);
  const objects = buckets.flatMap((name) => {
    const keys = [store, eks.s3].flatMap((of) =>
      of
        .bucket(name)
        .versions()
        .map(({ key }) => key),
    );
    const generations = gcp.gcs
      .bucket(name)
      .list(true)
      .map((generation) => generation.name);
    return [...keys, ...generations].map((key) => `${name}/${key}`);
  });
  const blobs = blobsIn(azure).map((blob) => `spacelift-${blob.slice(0, blob.lastIndexOf(' '))}`);
  const messages = eks.aws.queues
    .all()
    .flatMap(({ name, messages: held }) => held.map(({ body }) => `${name}: ${body}`));
  return [...objects, ...blobs, ...messages].sort();
}
