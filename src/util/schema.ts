/**
 * Builds the schemas of JSON documents. A schema is the one source of a type, of its JSON Schema, of its published declaration,
 * and of the errors for documents that differ. Descriptions are for the last three.
 */
import * as v from 'valibot';
import { isTimestamp } from './format.ts';

/** The type of the values of a schema, all readonly. `build/declarations.ts` replaces it in the published declarations. */
export type TypeOf<Schema extends v.GenericSchema> = Frozen<v.InferOutput<Schema>>;

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** Adds a description. */
export const described = <const Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

export const text = () => v.string('expected a text');
/** At most so many that every one of them is exact. */
export const wholeNumber = () => {
  const says = 'expected a whole number';
  return v.pipe(v.number(says), v.integer(says), v.safeInteger(says), v.minValue(0, 'expected at least 0'));
};
export const number = () => v.pipe(v.number('expected a number'), v.finite('expected a number'));
export const flag = () => v.boolean('expected true or false');
/** ISO 8601, as `toISOString` writes it. */
export const time = () => {
  const says = 'expected a time such as 2026-01-31T12:00:00.000Z';
  return described(v.pipe(text(), v.isoTimestamp(says), v.check(isTimestamp, says)), 'ISO 8601.');
};
export const url = () => v.pipe(text(), v.url('expected a URL'));
export const matching = (pattern: RegExp) => v.pipe(text(), v.regex(pattern, 'unexpected characters'));
export const constant = <const T extends string | number>(value: T) => v.literal(value, `expected ${value}`);
/** One of these texts. */
export const among = <T extends string>(values: readonly T[]) =>
  v.picklist(values, `expected one of ${values.join(', ')}`);
/** One of the table's keys, each with its meaning. */
export const oneOf = <T extends string>(table: Readonly<Record<T, string>>) =>
  described(
    among(Object.keys(table) as T[]),
    Object.entries(table)
      .map(([value, meaning]) => `${value}: ${meaning}`)
      .join('; '),
  );
export const orNull = <const Schema extends v.GenericSchema>(schema: Schema, when: string) =>
  v.union([schema, described(v.null(), when)]);
export const list = <const Schema extends v.GenericSchema>(schema: Schema) => v.array(schema, 'expected a list');
export const optional = <const Schema extends v.GenericSchema>(schema: Schema) => v.exactOptional(schema);

/** An object with these fields. Additional ones are allowed, because a version can add fields. */
export const object = <const Fields extends v.ObjectEntries>(fields: Fields) =>
  v.pipe(anyObject(), v.object(fields, 'it is missing'));

/** Any keys, each with a value of the schema. */
export const map = <const Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(anyObject(), v.check(hasOnlyOwnKeys, 'unexpected characters'), v.record(text(), schema));

/** Valibot also accepts lists as objects. */
const anyObject = () =>
  v.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object',
  );

/** Valibot does not look at the values of these keys. */
const PASSED_OVER = ['__proto__', 'prototype', 'constructor'];
const hasOnlyOwnKeys = (value: object): boolean => !PASSED_OVER.some((key) => Object.hasOwn(value, key));
