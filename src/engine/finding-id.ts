/** Typed finding IDs, derived from a check's table of rules, so that a misspelled ID does not compile. */

declare const KNOWN: unique symbol;
export type FindingId = string & { readonly [KNOWN]: true };

/** `<queue>/exists` → `iot/exists`, for each subject. */
type OfSubject<Key extends string, Subject extends string> = Key extends `<${string}>/${infer Rest}`
  ? `${Subject}/${Rest}`
  : Key;

/** Exported by a check's `rules.ts` for `dependsOn` in other checks: `findingIds<QueueRule, Queue>('message-queues')`. */
export const findingIds =
  <Key extends string, Subject extends string = never>(check: string) =>
  (key: OfSubject<Key, Subject>): FindingId =>
    `${check}/${key}` as FindingId;

const PARTS = /^([^[]*)(?:\[(.*)\])?$/s;

/** `configuration/value[SERVER_DOMAIN]` → the rule's ID, and the variable if there is one. */
export function partsOf(id: string): { readonly base: string; readonly variable?: string } {
  const [, base = id, variable] = PARTS.exec(id) ?? [];
  return variable === undefined ? { base } : { base, variable };
}

/** The ID of a finding about one variable, host or image: what a shell, a pattern or a list could misread is percent-encoded. */
export const idWithVariable = (base: string, variable: string | undefined): string =>
  variable === undefined ? base : `${base}[${variable.replace(/[^\w.:/@+-]/g, encoded)}]`;

const encoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
