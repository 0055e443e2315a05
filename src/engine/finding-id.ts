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
