/** What one file refers to, and another one has: objects of Kubernetes, and env files. */
import { basename } from 'node:path';
import type { Source } from '../entry.ts';

/** The sources, of which those that lack nothing else are complete. */
export function completed(sources: readonly Source[]): Source[] {
  return sources.map((source) => {
    const { missing, unresolved, ...rest } = source;
    if (missing === undefined && unresolved === undefined) return source;
    const has = new Set(sources.filter((other) => other !== source).flatMap(contentsOf));
    const open = unresolved?.filter(({ kind, name, key }) => key !== undefined || !has.has(`${kind} ${name}`)) ?? [];
    const kept = { ...rest, ...(open.length > 0 && { unresolved: open }) };
    if (missing === undefined || !missing.every((name) => has.has(name)))
      return { ...kept, ...(missing !== undefined && { missing }) };
    const { unseen: _, ...complete } = kept;
    return { ...complete, incomplete: false };
  });
}

const contentsOf = ({ file, entries }: Source): string[] => [
  ...(file === undefined ? [] : [basename(file)]),
  ...entries.flatMap(({ location: { kind, name } = { file: '' } }) => (kind === undefined ? [] : [`${kind} ${name}`])),
];
