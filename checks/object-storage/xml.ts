/** The XML documents that stores send. */
import type { IncomingMessage } from 'node:http';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { boundBody } from '../../src/net/limits.ts';
import { brokenOffOr, NetworkError } from '../../src/net/network-error.ts';

/** In bytes: a thousand versions of a run's objects need half of it. */
const LONGEST_DOCUMENT = 1.5 * 1024 * 1024;
/** Per document: a thousand versions have 20,000. A hundred thousand tiny tags would fit in a page, but need half a gigabyte to parse. */
const MOST_TAGS = 40_000;
const LESS_THAN = 0x3c;

/** An element, by the names of its children; prefixes of namespaces do not count. */
export interface Element {
  readonly name: string;
  /** The text of the first child with this name; `undefined` if there is none. */
  text(name: string): string | undefined;
  all(...names: readonly string[]): readonly Element[];
}

/**
 * The root of the document in a response; `undefined` if it is not XML.
 * @throws NetworkError, of kind `flood` if it is longer than any document, or has more elements
 */
export async function readXml(answer: IncomingMessage): Promise<Element | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of boundBody(answer, LONGEST_DOCUMENT) as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw brokenOffOr(error);
  }
  return rootIn(Buffer.concat(chunks));
}

/** @throws NetworkError of kind `flood` */
export function rootIn(body: Buffer): Element | undefined {
  let tags = 0;
  for (let at = body.indexOf(LESS_THAN); at !== -1; at = body.indexOf(LESS_THAN, at + 1)) tags++;
  if (tags > MOST_TAGS) throw new NetworkError('flood');
  try {
    const { root } = parseXml(body.toString().trim());
    return root === null ? undefined : elementOf(root);
  } catch {
    return undefined;
  }
}

function elementOf(element: XmlElement): Element {
  const elements = element.children.filter((child) => child instanceof XmlElement);
  return {
    name: localName(element),
    text: (name) => elements.find((child) => localName(child) === name)?.text,
    all: (...names) => elements.filter((child) => names.includes(localName(child))).map(elementOf),
  };
}

const localName = ({ name }: XmlElement): string => name.slice(name.indexOf(':') + 1);
