/** Writes the constant object, if it is absent. */
import { CheckStopped, skip } from '../../src/outcome/outcome.ts';
import { CONTENT, PROBE_KEY } from './content.ts';
import { type Store, type Stored, StoreError, type Written } from './store.ts';

interface At {
  readonly store: Store;
  readonly bucket: string;
}

/**
 * Where the store does not support conditional writes, a read shows whether the object exists.
 * @throws StoreError, NetworkError, CheckStopped
 */
export async function putIfAbsent({ store, bucket }: At, signal: AbortSignal): Promise<Written> {
  try {
    return await store.put(bucket, PROBE_KEY, CONTENT, { ifAbsent: true }, signal);
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'unsupported') throw error;
    const found = await lookBeforeWriting({ store, bucket }, signal);
    if (found !== undefined) return { existed: true, versionId: undefined };
    return await store.put(bucket, PROBE_KEY, CONTENT, { ifAbsent: false }, signal);
  }
}

/** @throws CheckStopped if the credentials can't read: each run might then leave another version */
async function lookBeforeWriting({ store, bucket }: At, signal: AbortSignal): Promise<Stored | undefined> {
  try {
    return await store.get(bucket, PROBE_KEY, signal);
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'denied') throw error;
    const detail = `${store.name} does not support conditional writes, and the credentials can’t read: each run might leave another version.`;
    throw new CheckStopped(skip(`writing to ${bucket} could not be tested`, { detail, evidence: { bucket } }));
  }
}
