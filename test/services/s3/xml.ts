/** S3's XML: a writer for plain objects, a parser that knows which elements repeat. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './errors.ts';

export type XmlValue = string | number | boolean | undefined | XmlValue[] | { [name: string]: XmlValue };

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
const repeated = new Set(
  'Rule CORSRule AllowedOrigin AllowedMethod AllowedHeader ExposeHeader Object Part Tag Transition'.split(' '),
);
const numeric = new Set(
  'Days NoncurrentDays NewerNoncurrentVersions DaysAfterInitiation MaxAgeSeconds PartNumber'.split(' '),
);

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => repeated.has(name),
  tagValueProcessor: (name, value) => (numeric.has(name) ? Number(value) : value),
});

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (c) => entities[c] ?? c);
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('');
  if (typeof value !== 'object') return `<${name}>${escaped(String(value))}</${name}>`;
  let attributes = '';
  let content = '';
  for (const [key, child] of Object.entries(value)) {
    if (key.startsWith('@')) attributes += ` ${key.slice(1)}="${escaped(String(child))}"`;
    else content += element(key, child);
  }
  return `<${name}${attributes}>${content}</${name}>`;
}

/** Writes a document. Arrays repeat their element, undefined leaves it out, a key that starts with `@` is an attribute. */
export function toXml(root: string, value: { [name: string]: XmlValue }): string {
  const attributes = root === 'Error' ? {} : { '@xmlns': namespace };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, { ...attributes, ...value })}`;
}

/** Reads the content of a document's root element.
 * @throws {S3Error} MalformedXML when it is not well-formed or has another root. */
export function fromXml<T>(text: string, root: string): T {
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML');
  const parsed: Record<string, unknown> = parser.parse(text);
  if (!(root in parsed)) throw new S3Error('MalformedXML');
  const content = parsed[root];
  return (typeof content === 'object' && content !== null ? content : {}) as T;
}
