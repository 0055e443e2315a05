/** The XML documents of the S3 protocol. */
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { NetworkError } from '../../../src/net/network-error.ts';
import { type At, StoreError } from '../store.ts';

/** Per document: a thousand versions have 20,000. A hundred thousand tiny tags would fit in a page, but need half a gigabyte to parse. */
const MOST_TAGS = 40_000;
const LESS_THAN = 0x3c;

/** An element, by the names of its children; prefixes of namespaces do not count. */
export interface Element {
  /** The text of the first child with this name; `undefined` if there is none. */
  text(name: string): string | undefined;
  all(...names: readonly string[]): readonly Element[];
}

/** What a document is about: entries, or one setting of a bucket. */
export type DocumentKind = 'listing' | 'setting';

/**
 * Reads a document. Its root’s name tells only the kind: it is not the same in all stores (`ListBucketVersionsResult` of rclone,
 * `GetBucketVersioningResponse` of moto), and no client of Spacelift reads it.
 * @throws NetworkError of kind `flood` if it has more elements than any page; StoreError of kind `not-a-store` if it is not XML or
 *   a page, and of kind `unsupported` for a listing instead of a setting, as some stores send that do not know the setting
 */
export function readDocument(body: Buffer, kind: DocumentKind, at: At): Element {
  let tags = 0;
  for (const byte of body) if (byte === LESS_THAN) tags++;
  if (tags > MOST_TAGS) throw new NetworkError('flood');
  const found = rootOf(body.toString());
  const isListing = found !== undefined && /^List/.test(localName(found));
  if (found === undefined || /^html$/i.test(found.name) || (kind === 'listing' && !isListing))
    throw new StoreError('not-a-store', { action: at.action, bucket: at.bucket, status: 200 });
  if (kind === 'setting' && isListing)
    throw new StoreError('unsupported', { action: at.action, bucket: at.bucket, status: 200 });
  return elementOf(found);
}

function rootOf(text: string): XmlElement | undefined {
  try {
    return parseXml(text.trim()).root ?? undefined;
  } catch {
    return undefined;
  }
}

function elementOf({ children }: XmlElement): Element {
  const elements = children.filter((child) => child instanceof XmlElement);
  return {
    text: (name) => elements.find((child) => localName(child) === name)?.text,
    all: (...names) => elements.filter((child) => names.includes(localName(child))).map(elementOf),
  };
}

const localName = ({ name }: XmlElement): string => name.slice(name.indexOf(':') + 1);
