/** Stores that say an object is deleted, and keep it: the run says what it left. */
import { expect, test } from 'vitest';
import type { Result } from '../../support/preflight.ts';
import { startAws } from './aws-storage.ts';
import { contents as contentsOfAzure, startAzureStorage } from './azure-storage.ts';
import { startGcp } from './gcp-storage.ts';
import { contents, NAMES, real, startStorage } from './storage.ts';

/** Nobody deletes from these, so no deletion is tried there. */
const KEPT = ['deliveries', 'large-queue-messages', 'policy-inputs', 'run-logs'];

interface Place {
  check(): Promise<Result>;
  /** As `bucket/key versions`, or as `bucket`. */
  left(): string[];
  close(): unknown;
}

const isDeletion = ({ method }: { method: string }) => method === 'DELETE';

const onS3 = async (start: typeof startAws | typeof startStorage): Promise<Place> => {
  const { store, check } = await start();
  store.faults = { statusFor: (request) => (isDeletion(request) ? { status: 204, code: '' } : undefined) };
  return { check, left: () => contents(store), close: () => store.close() };
};

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  S3: () => onS3(startAws),
  MinIO: () => onS3(startStorage),
  'Azure Blob Storage': async () => {
    const storage = await startAzureStorage();
    const { azure } = storage;
    azure.faults = { statusFor: (request) => (isDeletion(request) ? { status: 202, code: '' } : undefined) };
    return { check: storage.check, left: () => contentsOfAzure(storage), close: () => azure.close() };
  },
  'Cloud Storage': async () => {
    const { gcs, check } = await startGcp();
    gcs.faults = { statusFor: (request) => (isDeletion(request) ? { status: 204, reason: '' } : undefined) };
    const left = () => NAMES.filter((bucket) => gcs.bucket(real(bucket)).list(true).length > 0);
    return { check, left, close: () => gcs.close() };
  },
};

test.each(Object.entries(PLACES))('%s', async (_, start) => {
  const place = await start();
  const { run } = await place.check();
  const left = new Set(place.left().map((entry) => entry.split('/')[0] ?? ''));
  await place.close();
  expect(left).toEqual(new Set(NAMES));
  for (const bucket of NAMES.filter((name) => !KEPT.includes(name))) {
    expect(run.leftovers.map(({ what }) => what)).toContainEqual(expect.stringMatching(` in ${real(bucket)}$`));
  }
});
