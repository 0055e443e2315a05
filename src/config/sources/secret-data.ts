/** What Secrets and ConfigMaps hold. */
import { isKnown } from '../contract.ts';
import { type Entry, InputError, type RejectedType, type RejectedValue } from '../entry.ts';
import { SERVICES, type Service } from '../options.ts';
import { isMask } from '../placeholders.ts';
import { isSopsValue } from './encrypted.ts';
import { copied, placeIn, replacedIn, variablesIn } from './lines.ts';
import { type Located, labelOf, nameIn, namespaceIn } from './objects.ts';
import { named } from './quote.ts';
import {
  aType,
  entryOf,
  isMap,
  nameOf,
  originIn,
  type Place,
  rejectedType,
  typeOf,
  type Value,
  type ValueMap,
  Veiled,
} from './value.ts';

/** @throws InputError if it can't be read */
export function readObject(
  { object, location }: Located,
  file: string,
): { entries: Entry[]; rejected: RejectedValue[] } {
  const [name, namespace, kind] = [nameIn(object), namespaceIn(object), nameOf(object.kind) ?? ''];
  const label = labelOf(object);
  const place: Place = {
    service: serviceOf(name),
    origin: originIn(file, location, label),
    location: {
      ...location,
      kind,
      name: named(name, 'object'),
      ...(namespace !== undefined && { namespace: named(namespace, 'object') }),
    },
  };
  const where = `${file}: ${label}`;
  refuseOtherField(object, kind, where);
  refuseNested(object, where);
  const plain = (field: string) =>
    variablesIn(mapIn(object, field, where), place).map(({ key, value, place }) => entryOf(key, value, place));
  if (kind === 'ConfigMap') return { entries: plain('data'), rejected: [] };
  const written = plain('stringData');
  const overrides = new Map(written.map((entry) => [entry.name, entry]));
  const encoded = mapIn(object, 'data', where);
  const data = Object.entries(encoded);
  const decoded = data.flatMap(
    ([key, value]) => overrides.get(key) ?? decodedEntry(key, value, placeIn(encoded, key, place), where),
  );
  return {
    entries: [
      ...replacedIn(encoded, place).flatMap(({ key, value, place }) => decodedEntry(key, value, place, where)),
      // What a later value replaces must not come after it.
      ...new Set([...written.filter((entry) => overrides.get(entry.name) !== entry), ...decoded, ...written]),
    ],
    // stringData overrides data, but the API rejects the object anyway.
    rejected: data.flatMap(([key, value]) => {
      const type = overrides.has(key) ? rejectedData(value) : undefined;
      return type === undefined ? [] : [{ name: key, type, origin: place.origin }];
    }),
  };
}

/** Values in other objects that the API rejects. */
export function rejectedIn(object: ValueMap, file: string): RejectedValue[] {
  const label = labelOf(object);
  if (/^(Secret|ConfigMap)$/.test(nameOf(object.kind) ?? '') && (nameOf(object.apiVersion) ?? 'v1') === 'v1') {
    const typesIn = (field: string, typeOfValue: (value: Value) => RejectedType | undefined) =>
      Object.entries(isMap(object[field]) ? object[field] : {}).flatMap(([name, value]) => {
        const type = typeOfValue(value);
        return type === undefined ? [] : [{ name, type, origin: `${file} (${label})` }];
      });
    return [
      ...typesIn('data', object.kind === 'Secret' ? rejectedData : rejectedType),
      ...typesIn('stringData', rejectedType),
    ];
  }
  return [];
}

/** The service whose Secret has this name, as the vendor's templates name them. */
export function serviceOf(name: string): Service | 'all' {
  return SERVICES.find((service) => name.endsWith(`-${service}`)) ?? 'all';
}

function mapIn(object: ValueMap, field: string, where: string): ValueMap {
  const value = object[field];
  if (isMap(value)) return isMap(object.sops) ? withoutCiphers(value) : value;
  if (typeOf(value) === 'null') return {};
  throw new InputError(`${where}: ${field} is ${aType(value)}, expected an object`);
}

const withoutCiphers = (map: ValueMap): ValueMap =>
  copied(map, (value) => (typeof value === 'string' && isSopsValue(value) ? new Veiled('sops') : value));

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Like `rejectedType`, for the `data` of a Secret. The API ignores newlines in base64 and nothing else. */
function rejectedData(value: Value): RejectedType | undefined {
  if (typeof value !== 'string') return rejectedType(value);
  if (isMask(value)) return undefined;
  const base64 = value.replace(/[\r\n]/g, '');
  return base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? undefined : 'plaintext';
}

/** A field that the API rejects or ignores, with the values in it: the wrong case, or that of the other kind. */
function refuseOtherField(object: ValueMap, kind: string, where: string): void {
  const [best, ...others] = kind === 'ConfigMap' ? ['data', 'binaryData'] : ['stringData', 'data'];
  const given = Object.entries(object).find(
    ([field, map]) =>
      /^(?:string|binary)?_?data$/i.test(field) &&
      field !== best &&
      !others.includes(field) &&
      isMap(map) &&
      Object.keys(map).some(isKnown),
  );
  if (given === undefined) return;
  throw new InputError(`${where}: a ${kind} has no ${given[0]}; put the values into ${best}`);
}

/** Variables one level too deep. */
function refuseNested(object: ValueMap, where: string): void {
  for (const field of ['data', 'stringData']) {
    const map = object[field];
    const inner = isMap(map)
      ? Object.values(map).find((value) => isMap(value) && Object.keys(value).some(isKnown))
      : undefined;
    if (inner !== undefined)
      throw new InputError(`${where}: the variables are in a map in ${field}; put them into ${field} itself`);
  }
}

/** None for bytes that no variable can contain. */
function decodedEntry(key: string, value: Value, place: Place, where: string): Entry[] {
  const rejected = rejectedData(value);
  if (rejected !== undefined) return [{ name: key, kind: 'not-a-string', value: rejected, ...place }];
  if (typeof value !== 'string' || isMask(value)) return [entryOf(key, value, place)];
  try {
    return [{ ...entryOf(key, UTF8.decode(Buffer.from(value, 'base64')), place), decoded: true }];
  } catch {
    if (!isKnown(key)) return [];
    const line = place.location?.line;
    throw new InputError(
      `${where}: data.${named(key, 'variable')}${line === undefined ? '' : ` in line ${line}`} is not text after base64 decoding; if it is the value itself, put it into stringData, or encode it: printf %s "$VALUE" | base64`,
    );
  }
}
