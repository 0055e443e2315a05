/** Compares a parsed JSON value with a JSON Schema, as far as `json-schema.ts` writes schemas. */
import { isTimestamp } from '../util/format.ts';
import type { JsonSchema } from './json-schema.ts';

/** Where a value differs from the schema first, and how: "checks[0].status: expected one of pass, warn, fail, skip". */
export function mismatch(value: unknown, schema: JsonSchema): string | undefined {
  const found = differenceIn(value, schema);
  return found === undefined ? undefined : `${found.at.join('').replace(/^\./, '') || 'it'}: ${found.says}`;
}

interface Difference {
  /** Names of fields in the schema, and indexes. */
  readonly at: readonly string[];
  readonly says: string;
}

const differs = (says: string): Difference => ({ at: [], says });
const under = (step: string, difference: Difference | undefined): Difference | undefined =>
  difference && { ...difference, at: [step, ...difference.at] };

function differenceIn(value: unknown, schema: JsonSchema): Difference | undefined {
  for (const keyword of KEYWORDS) {
    const found = keyword(value, schema);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Keyword = (value: unknown, schema: JsonSchema) => Difference | undefined;

const TYPES: Readonly<Record<string, { readonly noun: string; is(value: unknown): boolean }>> = {
  object: { noun: 'an object', is: isObject },
  array: { noun: 'a list', is: Array.isArray },
  string: { noun: 'a text', is: (value) => typeof value === 'string' },
  integer: { noun: 'a whole number', is: Number.isSafeInteger },
  number: { noun: 'a number', is: Number.isFinite },
  boolean: { noun: 'true or false', is: (value) => typeof value === 'boolean' },
  null: { noun: 'null', is: (value) => value === null },
};

const FORMATS: Readonly<Record<string, { readonly noun: string; is(text: string): boolean }>> = {
  'date-time': { noun: 'a time such as 2026-01-31T12:00:00.000Z', is: isTimestamp },
  uri: { noun: 'a URL', is: URL.canParse },
};

/** A type is compared first: the others assume it. */
const KEYWORDS: readonly Keyword[] = [
  (value, { type }) => {
    const expected = typeof type === 'string' ? TYPES[type] : undefined;
    return expected === undefined || expected.is(value) ? undefined : differs(`expected ${expected.noun}`);
  },
  (value, { const: constant }) =>
    constant === undefined || value === constant ? undefined : differs(`expected ${constant}`),
  (value, { enum: allowed }) =>
    !Array.isArray(allowed) || allowed.includes(value) ? undefined : differs(`expected one of ${allowed.join(', ')}`),
  (value, { minimum }) =>
    typeof minimum !== 'number' || Number(value) >= minimum ? undefined : differs(`expected at least ${minimum}`),
  (value, { pattern }) =>
    typeof pattern !== 'string' || new RegExp(pattern).test(String(value))
      ? undefined
      : differs('unexpected characters'),
  (value, { format }) => {
    const expected = typeof format === 'string' ? FORMATS[format] : undefined;
    return expected === undefined || expected.is(String(value)) ? undefined : differs(`expected ${expected.noun}`);
  },
  (value, { anyOf }) => {
    if (!Array.isArray(anyOf)) return undefined;
    const all = anyOf.map((schema: JsonSchema) => differenceIn(value, schema));
    return all.includes(undefined) ? undefined : all[0];
  },
  (value, { items }) => {
    if (!isSchema(items) || !Array.isArray(value)) return undefined;
    return firstOf(value, (item, index) => under(`[${index}]`, differenceIn(item, items)));
  },
  (value, { required }) => {
    if (!Array.isArray(required) || !isObject(value)) return undefined;
    const missing = required.find((name) => !Object.hasOwn(value, name));
    return missing === undefined ? undefined : under(`.${missing}`, differs('it is missing'));
  },
  (value, { properties }) => {
    if (!isSchema(properties) || !isObject(value)) return undefined;
    return firstOf(Object.entries(properties), ([name, schema]) =>
      Object.hasOwn(value, name) && isSchema(schema) ? under(`.${name}`, differenceIn(value[name], schema)) : undefined,
    );
  },
  (value, { additionalProperties }) => {
    if (!isSchema(additionalProperties) || !isObject(value)) return undefined;
    return firstOf(Object.values(value), (held) => differenceIn(held, additionalProperties));
  },
];

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => Difference | undefined) {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isSchema = (value: unknown): value is JsonSchema => isObject(value);
