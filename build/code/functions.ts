/** The functions of a chunk, by names that stay the same in other builds, as far as the sources do. */
import { parseSync } from 'rolldown/utils';
import { wrapped } from './loader.ts';

/** Where a chunk starts in what V8 compiles. */
const BEFORE = wrapped('').indexOf('{') + 1;

/** Offsets in the chunk as V8 compiles it, which is wrapped. */
export interface Place {
  /** The offset of its end. */
  readonly end: number;
  /** An offset in the function, but in none of those that are in it. */
  readonly inside: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** @returns by the path of their names; those without a name, and of the same name, are counted: `prepare/retry/~2` */
export function functionsIn(source: string): Map<string, Place> {
  const found = new Map<string, Place>();
  const counts = new Map<string, number>();
  const keyOf = (parent: string, name: string): string => {
    const key = `${parent}/${name}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 && name !== '' ? key : `${key}~${count}`;
  };
  const visit = (node: Node, name: string, parent: string): void => {
    let path = parent;
    if (isFunction(node)) {
      path = keyOf(parent, nameIn(node.id) || name);
      found.set(path, { end: BEFORE + node.end, inside: BEFORE + insideOf(node, source) });
    } else if (node.type.startsWith('Class')) path = keyOf(parent, nameIn(node.id) || name);
    for (const [field, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) visit(child, nameOf(node, field), path);
      }
    }
  };
  visit(parseSync('chunk.cjs', source, { sourceType: 'commonjs' }).program as unknown as Node, '', '');
  return found;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string';

/** Some have no body: declarations of types. */
const isFunction = ({ type, body }: Node): boolean => /Function/.test(type) && isNode(body);

function insideOf({ type, body }: Node, source: string): number {
  const { start } = body as Node;
  // The body of an arrow function can be another one.
  return type === 'ArrowFunctionExpression' ? source.lastIndexOf('=>', start) : start;
}

/** The name that a function gets from where it is. */
function nameOf({ id, key, left }: Node, field: string): string {
  if (field === 'init') return nameIn(id);
  if (field === 'value') return nameIn(key);
  return field === 'right' ? nameIn(left) : '';
}

function nameIn(node: unknown): string {
  if (!isNode(node)) return '';
  const { name, value, property } = node;
  if (node.type === 'MemberExpression') return nameIn(property);
  return String(name ?? value ?? '');
}
