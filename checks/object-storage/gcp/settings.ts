/** Interprets a bucket's settings, as the JSON API returns them. */

export interface LifecycleRule {
  readonly action?: { readonly type?: string };
  readonly condition?: Readonly<Record<string, unknown>>;
}

/** Conditions that only older versions meet (Cloud Storage documentation, "Object Lifecycle Management"). */
const NONCURRENT = ['daysSinceNoncurrentTime', 'noncurrentTimeBefore', 'numNewerVersions'];

/** Describes a condition. All conditions of a rule must be met. */
const SAYS: readonly (readonly [name: string, words: (value: unknown) => string])[] = [
  ['age', (days) => `after ${days} day${Number(days) === 1 ? '' : 's'}`],
  ['createdBefore', (date) => `when created before ${date}`],
  ['customTimeBefore', (date) => `when their custom time is before ${date}`],
  ['daysSinceCustomTime', (days) => `${days} days after their custom time`],
  ['matchesPrefix', (names) => `under ${[names].flat().join(', ')}`],
  ['matchesSuffix', (names) => `ending in ${[names].flat().join(', ')}`],
  ['matchesStorageClass', (classes) => `in storage class ${[classes].flat().join(', ')}`],
];

/** Describes the rules that delete current objects, by number: rules have no names here. */
export function expiryRules(rules: readonly LifecycleRule[]): string[] {
  return rules.flatMap(({ action, condition = {} }, index) => {
    const older = condition.isLive === false || NONCURRENT.some((name) => condition[name] !== undefined);
    if (action?.type !== 'Delete' || older) return [];
    const words = SAYS.flatMap(([name, say]) => (condition[name] === undefined ? [] : [say(condition[name])]));
    return [`rule ${index + 1}: ${words.join(', ') || 'always'}`];
  });
}

export interface Binding {
  readonly members?: readonly string[];
}

/** Whether an IAM policy allows access to everyone, or to everyone with a Google account. */
export function isPublicPolicy(bindings: readonly Binding[]): boolean {
  return bindings.some(({ members = [] }) =>
    members.some((member) => member === 'allUsers' || member === 'allAuthenticatedUsers'),
  );
}
