/** Policy documents and what they say of one action on one resource (IAM user guide, "Policy evaluation logic"). */

type OneOrMore = string | string[];

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | { AWS?: OneOrMore };
  Action?: OneOrMore;
  NotAction?: OneOrMore;
  Resource?: OneOrMore;
  NotResource?: OneOrMore;
  Condition?: Record<string, Record<string, OneOrMore>>;
}

export interface PolicyDocument {
  Version?: string;
  Id?: string;
  Statement: Statement | Statement[];
}

export interface Question {
  action: string;
  resource: string;
  /** Condition keys and their values, such as `aws:SecureTransport`. */
  context: Record<string, string>;
}

/** Matches `*` (any run of characters) and `?` (one character). */
export function wildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** What a policy decides; undefined when no statement that `counts` applies.
 * @throws {Error} for a condition that this evaluator does not know. */
export function decide(
  policy: PolicyDocument | undefined,
  question: Question,
  counts: (statement: Statement) => boolean = () => true,
): 'Allow' | 'Deny' | undefined {
  let effect: 'Allow' | undefined;
  for (const statement of list(policy?.Statement)) {
    if (!counts(statement) || !applies(statement, question)) continue;
    if (statement.Effect === 'Deny') return 'Deny';
    effect = 'Allow';
  }
  return effect;
}

/** Whether a statement of a resource's policy is about everyone. */
export function everyone({ Principal }: Statement): boolean {
  return Principal === '*' || (Principal !== undefined && list(Principal.AWS).includes('*'));
}

/** Whether a statement of a resource's policy names one of these principals. */
export function names({ Principal }: Statement, principals: readonly string[]): boolean {
  return typeof Principal === 'object' && list(Principal.AWS).some((principal) => principals.includes(principal));
}

function applies(statement: Statement, { action, resource, context }: Question): boolean {
  const actionMatches = (pattern: string) => wildcard(pattern.toLowerCase(), action.toLowerCase());
  const resourceMatches = (pattern: string) => wildcard(pattern, resource);
  return (
    (statement.NotAction === undefined
      ? list(statement.Action).some(actionMatches)
      : !list(statement.NotAction).some(actionMatches)) &&
    (statement.NotResource === undefined
      ? list(statement.Resource).some(resourceMatches)
      : !list(statement.NotResource).some(resourceMatches)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => condition(operator, context[key], list(values))),
    )
  );
}

function condition(operator: string, actual: string | undefined, expected: string[]): boolean {
  switch (operator) {
    case 'Bool':
      return actual !== undefined && expected.some((value) => value.toLowerCase() === actual);
    case 'StringEquals':
      return actual !== undefined && expected.includes(actual);
    case 'StringLike':
      return actual !== undefined && expected.some((value) => wildcard(value, actual));
    default:
      throw new Error(`The test server's policies do not know the condition ${operator}`);
  }
}

export function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
