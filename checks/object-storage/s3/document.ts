/** The documents of the S3 protocol. */
import { type At, StoreError } from '../store.ts';
import type { Element } from '../xml.ts';

/** What a document is about: entries, versions, or one setting of a bucket, by its name in the query. */
export type DocumentKind =
  | 'listing'
  | 'versions'
  | 'versioning'
  | 'lifecycle'
  | 'object-lock'
  | 'policyStatus'
  | 'publicAccessBlock';

/**
 * Tells whether a document is what was asked for. Its root’s name only contains what it is about: it is not the same in all
 * stores (`ListBucketVersionsResult` of rclone, `GetBucketVersioningResponse` of moto).
 * @param root `undefined` if the response is not XML
 * @throws StoreError of kind `not-a-store` if nothing like a document came instead of a listing, and else of kind `unsupported`:
 *   stores that do not know what was asked for list the bucket, send nothing, or send an error with a success status
 */
export function documentOf(
  root: Element | undefined,
  kind: DocumentKind,
  { action, bucket, status }: At & { readonly status: number | undefined },
): Element {
  const isAsked = root !== undefined && (kind === 'listing' ? /^List/.test(root.name) : isAbout(root, kind));
  if (isAsked) return root;
  const isNone = kind === 'listing' && (root === undefined || /^html$/i.test(root.name));
  throw new StoreError(isNone ? 'not-a-store' : 'unsupported', { action, bucket, status });
}

const isAbout = ({ name }: Element, setting: string): boolean =>
  name.toLowerCase().includes(setting.replace('-', '').toLowerCase());
