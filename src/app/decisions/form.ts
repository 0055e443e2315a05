/** Compares a YAML document with a JSON Schema, as far as `schema.ts` writes one: the first difference, with its line. */
import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { JsonSchema } from '../../report/json-schema.ts';
import { isTimestamp } from '../../util/format.ts';
import { lookup } from '../../util/lookup.ts';
import { similarTo } from '../../util/similar.ts';

export interface Place {
  /** In the text, from 0. */
  readonly offset: number;
  readonly says: string;
}

const NOUNS: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'a text; quote what YAML reads as something else',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

/** Keys are quoted only if they can be nothing else. */
const PROPER_KEY = /^[\w.-]{1,40}$/;

export function differenceIn(node: unknown, schema: JsonSchema, offset = 0): Place | undefined {
  const at = offsetOf(node) ?? offset;
  const differs = (says: string): Place => ({ offset: at, says });
  if (isAlias(node)) return differs('expected no alias');
  const tag = (node as { readonly tag?: string } | null)?.tag;
  if (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:')) return differs('expected no tag');
  const { type, enum: allowed, pattern, format } = schema;
  const isOfType = typeof type !== 'string' || isOf(node, type);
  if (format === 'date' && !(isOfType && isScalar(node) && isDate(String(node.value))))
    return differs('expected a date such as 2026-12-31');
  if (!isOfType) return differs(`expected ${NOUNS[type] ?? type}`);
  if (isMap(node)) return inMap(node.items, schema, at);
  if (isSeq(node)) {
    for (const item of node.items) {
      const found = differenceIn(item, schema.items as JsonSchema, at);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const value = String(isScalar(node) ? node.value : '');
  if (Array.isArray(allowed) && !allowed.includes(value)) return differs(`expected one of ${allowed.join(', ')}`);
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) return differs('expected a text');
  return undefined;
}

function inMap(items: readonly Pair[], schema: JsonSchema, at: number): Place | undefined {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const others = schema.additionalProperties;
  const seen = new Set<string>();
  for (const item of items) {
    const { key, value } = item;
    const offset = offsetOf(key) ?? at;
    if (!isScalar(key) || typeof key.value !== 'string') return { offset, says: 'expected a key that is a text' };
    const name = key.value;
    const quoted = PROPER_KEY.test(name) ? ` ${name}` : '';
    if (seen.has(name)) return { offset, says: `the key${quoted} is there twice` };
    seen.add(name);
    const own = lookup(properties, name) ?? (typeof others === 'object' && others !== null ? others : undefined);
    if (own === undefined) {
      const names = Object.keys(properties);
      const near = similarTo(name, names);
      const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${near}?`;
      return { offset, says: `unknown key${quoted}; ${hint}` };
    }
    if (others !== false && !PROPER_KEY.test(name)) return { offset, says: 'expected a name of letters and digits' };
    const found = differenceIn(value, own as JsonSchema, offset);
    if (found !== undefined) {
      const isOwn = found.offset === (offsetOf(value) ?? offset) && !isMap(value);
      return isOwn ? { ...found, says: `${name}: ${found.says}` } : found;
    }
  }
  const missing = ((schema.required ?? []) as readonly string[]).find((name) => !seen.has(name));
  return missing === undefined ? undefined : { offset: at, says: `${missing} is missing` };
}

function isOf(node: unknown, type: string): boolean {
  if (type === 'object') return isMap(node);
  if (type === 'array') return isSeq(node);
  if (!isScalar(node)) return false;
  const { value } = node;
  if (type === 'integer') return Number.isSafeInteger(value);
  return type === 'number' ? Number.isFinite(value) : typeof value === type;
}

export function offsetOf(node: unknown): number | undefined {
  if (isPair(node)) return offsetOf(node.key);
  return (node as Node | null)?.range?.[0];
}

const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && isTimestamp(`${text}T00:00:00.000Z`);
