/** The documents of the S3 protocol. */
import { type At, StoreError } from '../store.ts';
import type { Element } from '../xml.ts';

/** What a document is about: entries, or one setting of a bucket. */
export type DocumentKind = 'listing' | 'setting';

/**
 * Tells whether a document is what was asked for. Its root’s name tells only the kind: it is not the same in all stores
 * (`ListBucketVersionsResult` of rclone, `GetBucketVersioningResponse` of moto), and no client of Spacelift reads it.
 * @param root `undefined` if the response is not XML
 * @throws StoreError of kind `not-a-store` if it is not XML or a page, and of kind `unsupported` for a listing instead of a
 *   setting, as some stores send that do not know the setting
 */
export function documentOf(root: Element | undefined, kind: DocumentKind, { action, bucket }: At): Element {
  const isListing = root !== undefined && /^List/.test(root.name);
  if (root === undefined || /^html$/i.test(root.name) || (kind === 'listing' && !isListing))
    throw new StoreError('not-a-store', { action, bucket, status: 200 });
  if (kind === 'setting' && isListing) throw new StoreError('unsupported', { action, bucket, status: 200 });
  return root;
}
