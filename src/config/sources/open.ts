/** Opens what programs print around a config: secret stores, and texts in strings. */
import type { Location } from '../schema.ts';
import { isDotenv, readDotenv } from './dotenv.ts';
import { parseJson } from './json.ts';
import { mapOf } from './lines.ts';
import { openStore } from './stores.ts';
import { type Document, isList, isMap, type Value, Veiled } from './value.ts';
import { parseYaml } from './yaml.ts';

/** A text in a text in a text is no config. */
const DEEPEST = 4;

/** The first line that is no comment: `#` in most formats, `;` in those of systemd. */
export const firstLineOf = (text: string): string | undefined => /^[ \t]*([^\s#;].*)$/m.exec(text)?.[1];

const JSON_START = /^\s*[[{"]/;
/** A line that no JSON contains. */
const SEPARATOR = /^---[ \t]*$/m;

/**
 * JSON documents can be separated like those of YAML.
 * @param isWhole whether the text is a whole file
 * @throws InputError with line and column
 */
export function parseText(file: string, text: string, isWhole = false): Value[] | Promise<Value[]> {
  if (!JSON_START.test(text)) return parseYaml(file, text, isWhole);
  if (!SEPARATOR.test(text)) return parseJson(file, text);
  const isJson = text.split(SEPARATOR).every((part) => part.trim() === '' || JSON_START.test(part));
  // Blanks in place of the separators keep the positions in messages.
  return isJson
    ? parseJson(
        file,
        text.replace(/^---[ \t]*$/gm, (line) => ' '.repeat(line.length)),
      )
    : parseYaml(file, text, isWhole);
}

/**
 * The documents behind secret stores and in strings; all others as they are.
 * @throws InputError for a text that does not parse
 */
export async function opened(document: Document, depth = 0): Promise<Document[]> {
  const { value, location } = document;
  if (depth > DEEPEST) return [document];
  if (typeof value === 'string') {
    const inner = await documentsIn(value, location);
    const isPlain = inner.length === 1 && inner[0]?.value === value;
    return isPlain ? [document] : openedAll(inner, depth + 1);
  }
  const held = openStore(value);
  if (held === undefined) return [document];
  const inner = held.map(({ value: found, address, service }): Document => {
    const isAddressed = address === undefined || location.address !== undefined;
    return {
      value: found,
      location: isAddressed ? location : { ...location, address },
      ...(service !== undefined && { service }),
    };
  });
  return openedAll(inner, depth + 1);
}

async function openedAll(documents: readonly Document[], depth: number): Promise<Document[]> {
  const all: Document[] = [];
  for (const document of documents) all.push(...(await opened(document, depth)));
  return all;
}

/** The documents of a text in a string: a dotenv file becomes a flat map. */
async function documentsIn(text: string, location: Location): Promise<Document[]> {
  const { file } = location;
  if (firstLineOf(text) === undefined) return [];
  if (isDotenv(text)) {
    const { entries } = readDotenv(text, file);
    const pairs = entries.map(({ name, value, unseen }) => [name, unseen ? new Veiled(unseen) : value] as const);
    return [{ value: mapOf([], pairs), location }];
  }
  const values = await parseText(file, text);
  const place = (index: number) => (values.length > 1 ? { ...location, document: index + 1 } : location);
  return values.map((value, index) => ({ value, location: place(index) }));
}

/** A name in capitals with an underscore, as nearly all variables have. */
const VARIABLE = /[A-Z][A-Z0-9]*_[A-Z0-9]/;

/** Like `opened`, for a text that need not be a config: nothing if it can't be one. */
export async function openedIfConfig(text: string, location: Location): Promise<Document[]> {
  if (!VARIABLE.test(text)) return [];
  const documents = await opened({ value: text, location });
  return documents.filter(({ value }) => isMap(value) || isList(value));
}
