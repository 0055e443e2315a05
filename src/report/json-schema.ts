/** Builds JSON Schemas that the compiler checks against the types they describe. */

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema for values of T; the type exists only for the compiler. */
export interface SchemaOf<T> {
  readonly schema: JsonSchema;
  readonly describes?: (value: T) => T;
}

/** An optional field. */
export interface Optional<T> {
  readonly optional: SchemaOf<T>;
}

/** Every field of T, optional exactly where the type is. */
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Required<T>[K]> : SchemaOf<T[K]>;
};

const made = <T>(schema: JsonSchema): SchemaOf<T> => ({ schema });

/** Adds a description. */
export const described = <T>({ schema }: SchemaOf<T>, description: string): SchemaOf<T> =>
  made({ ...schema, description });

export const text = (more: JsonSchema = {}): SchemaOf<string> => made({ type: 'string', ...more });
export const wholeNumber = (): SchemaOf<number> => made({ type: 'integer', minimum: 0 });
export const number = (): SchemaOf<number> => made({ type: 'number' });
export const flag = (): SchemaOf<boolean> => made({ type: 'boolean' });
export const constant = <const T extends string | number>(value: T): SchemaOf<T> => made({ const: value });
/** One of the table's keys, each with its meaning. */
export const oneOf = <T extends string>(table: Readonly<Record<T, string>>): SchemaOf<T> =>
  made({
    enum: Object.keys(table),
    description: Object.entries(table)
      .map(([value, meaning]) => `${value}: ${meaning}`)
      .join('; '),
  });
export const orNull = <T>({ schema }: SchemaOf<T>, when: string): SchemaOf<T | null> =>
  made({ anyOf: [schema, { type: 'null', description: when }] });
export const list = <T>({ schema }: SchemaOf<T>): SchemaOf<readonly T[]> => made({ type: 'array', items: schema });
export const optional = <T>(schema: SchemaOf<T>): Optional<T> => ({ optional: schema });
/** Any keys, each with a value of the schema. */
export const map = <T>({ schema }: SchemaOf<T>): SchemaOf<Record<string, T>> =>
  made({ type: 'object', additionalProperties: schema });
export const either = <A, B>(a: SchemaOf<A>, b: SchemaOf<B>): SchemaOf<A | B> =>
  made({ anyOf: [a, b].flatMap(({ schema }) => (Array.isArray(schema.anyOf) ? schema.anyOf : [schema])) });

/** An object with these fields. Additional ones are allowed, because a version can add fields. */
export function object<T>(fields: Fields<T>): SchemaOf<T> {
  const entries = Object.entries(fields as Record<string, SchemaOf<unknown> | Optional<unknown>>);
  return made({
    type: 'object',
    required: entries.flatMap(([name, field]) => ('optional' in field ? [] : [name])),
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, ('optional' in field ? field.optional : field).schema]),
    ),
  });
}
