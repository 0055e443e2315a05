/** Detects the format of a text and reads it. */
import { isVariable } from '../contract.ts';
import { InputError } from '../entry.ts';
import { isCompose, readCompose } from './compose.ts';
import { dig } from './dig.ts';
import { isDotenv, readDotenv } from './dotenv.ts';
import { isEcs, readEcs } from './ecs.ts';
import { readKubernetes } from './kubernetes.ts';
import { readMap } from './map.ts';
import { isKubernetes } from './objects.ts';
import { firstLineOf, opened, parseText } from './open.ts';
import { getSecrets, reasonFor, refuseText } from './refused.ts';
import { isUnit, readUnit } from './unit.ts';
import { aType, type Document, isList, isMap, joined, type Reading, typeOf, type Value } from './value.ts';

const EXPECTED = 'a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map';

/**
 * @param name the path, or `-`
 * @throws InputError
 */
export async function readShape(name: string, file: string, text: string): Promise<Reading> {
  const firstLine = firstLineOf(text);
  if (firstLine === undefined) throw empty(file);
  refuseText(name, file, text);
  if (isUnit(firstLine)) {
    const { document, files } = readUnit(text, file);
    const reading = readDocuments([{ ...document, location: { file } }], file);
    return files.length > 0 ? { ...reading, incomplete: true, unseen: 'unit', missing: files } : reading;
  }
  if (isDotenv(text)) return readDotenv(text, file);
  return readValues(await parseText(file, text, true), file);
}

/** @throws InputError */
export async function readValues(values: readonly Value[], file: string): Promise<Reading> {
  if (values.every(isBlank)) throw empty(file);
  const documents: Document[] = [];
  for (const [index, value] of values.entries()) {
    const location = { file, ...(values.length > 1 && { document: index + 1 }) };
    documents.push(...(await opened({ value, location })));
  }
  return readDocuments(documents, file);
}

const empty = (file: string): InputError =>
  new InputError(`${file}: empty; expected ${EXPECTED}; pass the config: ${getSecrets()}`);

/** `{}`, `[]`, `null`: commands print these when they found nothing. */
const isBlank = (value: Value): boolean =>
  value === '' ||
  typeOf(value) === 'null' ||
  (isList(value) && value.length === 0) ||
  (isMap(value) && Object.keys(value).length === 0);

const FORMATS: readonly {
  readonly is: (value: Value) => boolean;
  readonly read: (documents: readonly Document[], file: string) => Reading;
}[] = [
  { is: isKubernetes, read: readKubernetes },
  { is: isEcs, read: readEcs },
  { is: isCompose, read: readCompose },
  { is: () => true, read: readOthers },
];

/** @throws InputError */
export function readDocuments(documents: readonly Document[], file: string): Reading {
  const groups = Map.groupBy(documents, ({ value }) => FORMATS.find(({ is }) => is(value)));
  const readings = FORMATS.flatMap((format) => {
    const group = groups.get(format);
    return group === undefined ? [] : [format.read(group, file)];
  });
  return joined(readings);
}

/** Flat maps, and values of Helm charts with variables in them. */
function readOthers(documents: readonly Document[], file: string): Reading {
  const flat: Document[] = [];
  const objects: Document[] = [];
  for (const document of documents) {
    const { value, location } = document;
    const reason = reasonFor(value);
    if (reason !== undefined) throw new InputError(`${file}: ${reason}`);
    if (!isMap(value)) {
      if (typeof value === 'string' && location.address !== undefined)
        throw new InputError(
          `${file}: ${location.address} holds one value, without the name of a variable; pass it in a dotenv file: DATABASE_URL=…`,
        );
      const found = typeof value === 'string' ? 'plain text' : aType(value);
      throw new InputError(`${file}: expected ${EXPECTED}; found ${found}; pass the config: ${getSecrets()}`);
    }
    const isOwn = Object.keys(value).some(isVariable) || Object.values(value).every((inner) => !isMap(inner));
    const inside = isOwn ? [] : dig(value, location);
    if (inside.length === 0) flat.push(document);
    for (const one of inside) (isKubernetes(one.value) ? objects : flat).push(one);
  }
  return joined([
    ...(flat.length > 0 ? [readMap(flat, file, EXPECTED)] : []),
    ...(objects.length > 0 ? [readKubernetes(objects, file)] : []),
  ]);
}
