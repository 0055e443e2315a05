/** Ids of findings that the compiler knows: made from a check's table of rules, so that a misspelt one does not compile. */

declare const KNOWN: unique symbol;
export type FindingId = string & { readonly [KNOWN]: true };

/** `<queue>/exists` → `iot/exists`, for each of the subjects. */
type OfSubject<Key extends string, Subject extends string> = Key extends `<${string}>/${infer Rest}`
  ? `${Subject}/${Rest}`
  : Key;

/** What a check's `rules.ts` exports for others to wait on: `findingIds<RuleKey, Queue>('message-queues')`. */
export const findingIds =
  <Key extends string, Subject extends string = never>(check: string) =>
  (key: OfSubject<Key, Subject>): FindingId =>
    `${check}/${key}` as FindingId;
