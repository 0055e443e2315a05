/** Declares the types that come from schemas as they are written by hand, so that the published declarations need no other package. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path/posix';
import { pathToFileURL } from 'node:url';

/** `export type Report = TypeOf<typeof REPORT>;` */
const DERIVED = /^export type (\w+) = TypeOf<typeof (\w+)>;$/gm;

/** What a schema consists of, as `src/util/schema.ts` builds them. */
interface Schema {
  readonly kind: string;
  readonly type: string;
  readonly pipe?: readonly Schema[];
  readonly description?: string;
  readonly wrapped?: Schema;
  readonly entries?: Fields;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly options?: readonly (Schema | string)[];
  readonly literal?: string | number;
}

type Fields = Readonly<Record<string, Schema>>;

/** A type with the module that exports it, and its schema. */
interface Named {
  readonly name: string;
  readonly module: string;
  readonly schema: Schema;
}

/**
 * The declarations of the modules that export such types, by their path; nothing else that these export is declared.
 * @param root the folder of `src`
 * @throws if a schema has a part that can't be declared
 */
export async function derivedDeclarations(root: string): Promise<ReadonlyMap<string, string>> {
  const all: Named[] = [];
  const headers = new Map<string, string>();
  for (const file of await readdir(join(root, 'src'), { recursive: true })) {
    const module = join('src', file.replaceAll('\\', '/'));
    if (!module.endsWith('.ts')) continue;
    const text = await readFile(join(root, module), 'utf8');
    const types = [...text.matchAll(DERIVED)];
    if (types.length === 0) continue;
    headers.set(module, /^\/\*\*.*?\*\/\n/s.exec(text)?.[0] ?? '');
    const exported = (await import(pathToFileURL(join(root, module)).href)) as Readonly<Record<string, Schema>>;
    for (const [, name = '', constant = ''] of types) {
      const schema = exported[constant];
      if (schema === undefined) throw new Error(`${module}: ${constant} is not exported`);
      all.push({ name, module, schema });
    }
  }
  return new Map([...headers].map(([module, header]) => [module, header + declared(module, all)]));
}

function declared(module: string, all: readonly Named[]): string {
  const used = new Map<string, Set<string>>();
  const nameOf = (fields: Fields): string | undefined => {
    const found = all.find(({ schema }) => bare(schema).entries === fields);
    if (found !== undefined && found.module !== module)
      used.set(found.module, (used.get(found.module) ?? new Set()).add(found.name));
    return found?.name;
  };
  const types = all
    .filter((one) => one.module === module)
    .map(({ name, schema }) => {
      const { entries } = bare(schema);
      const doc = comment(describedAs(schema), '');
      return entries === undefined
        ? `${doc}export type ${name} = ${typeOf(schema, nameOf, '')};\n`
        : `${doc}export interface ${name} ${fieldsOf(entries, nameOf, '')}\n`;
    });
  const imports = [...used].map(
    ([from, names]) =>
      `import type { ${[...names].sort().join(', ')} } from '${relative(dirname(module), from).replace(/^(?!\.)/, './')}';\n`,
  );
  return [...imports.sort(), ...types].join('');
}

type NameOf = (fields: Fields) => string | undefined;

function typeOf(schema: Schema, nameOf: NameOf, indent: string): string {
  const { type, entries, item, value, options = [], literal } = bare(schema);
  const inner = (part: Schema | undefined): string => {
    if (part === undefined) throw new Error(`a schema "${type}" without its part`);
    return typeOf(part, nameOf, indent);
  };
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type;
    case 'literal':
      return JSON.stringify(literal);
    case 'picklist':
      return options.map((option) => JSON.stringify(option)).join(' | ');
    case 'union':
      return options.map((option) => inner(option as Schema)).join(' | ');
    case 'array': {
      const held = inner(item);
      return `readonly ${held.includes(' | ') ? `(${held})` : held}[]`;
    }
    case 'record':
      return `Readonly<Record<string, ${inner(value)}>>`;
    case 'object':
      return nameOf(entries ?? {}) ?? fieldsOf(entries ?? {}, nameOf, indent);
    default:
      throw new Error(`a schema "${type}" can't be declared`);
  }
}

function fieldsOf(fields: Fields, nameOf: NameOf, indent: string): string {
  const more = `${indent}  `;
  const lines = Object.entries(fields).map(([name, schema]) => {
    const mark = schema.type === 'exact_optional' ? '?' : '';
    return `${comment(describedAs(schema), more)}${more}readonly ${name}${mark}: ${typeOf(schema, nameOf, more)};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

const comment = (text: string | undefined, indent: string): string =>
  text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n`;

/** Without what is around it: optional, checks, descriptions. */
function bare(schema: Schema): Schema {
  const inner = schema.wrapped ?? schema.pipe?.findLast(({ kind }) => kind === 'schema');
  return inner === undefined ? schema : bare(inner);
}

/** The outermost description; without one, those of the alternatives. */
function describedAs({ wrapped, pipe = [], type, options = [], description }: Schema): string | undefined {
  if (wrapped !== undefined) return describedAs(wrapped);
  if (type === 'union') {
    const said = (options as readonly Schema[]).flatMap((option) => {
      const text = describedAs(option);
      return text === undefined ? [] : [bare(option).type === 'null' ? `null: ${text}` : text];
    });
    return said.length > 0 ? said.join('; ') : undefined;
  }
  for (const part of pipe.toReversed()) {
    const found = describedAs(part);
    if (found !== undefined) return found;
  }
  return description;
}
