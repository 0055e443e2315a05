/** Removes an object that a store has not listed, and verifies that it is gone. */
import type { Store } from './store.ts';

/** An object that stays, which the end of the run reports. */
export class StaysError extends Error {}

/**
 * Removes an object that the store has not listed.
 * @throws StaysError if it is still there afterward
 */
export async function removeUnlisted(
  { store, bucket, key }: { store: Store; bucket: string; key: string },
  signal: AbortSignal,
): Promise<void> {
  const found = await store.get(bucket, key, signal);
  // Deleted before: with versions, an older one and a delete marker are left, whose ids only a listing would tell.
  if (found === undefined && (await store.leftMarker?.(bucket, key, signal))) throw new StaysError();
  if (found === undefined) return;
  if (found.versionId === undefined) await store.remove(bucket, key, signal);
  else await store.removeVersion?.(bucket, key, found.versionId, signal);
  if ((await store.get(bucket, key, signal)) !== undefined) throw new StaysError();
}
