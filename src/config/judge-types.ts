/** Values that the API of Kubernetes or ECS rejects, and with them the whole Secret, ConfigMap or task definition. */
import { cause } from '../outcome/cause.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { plural } from '../util/format.ts';
import { CONTRACT, DOCS, isVariable } from './contract.ts';
import type { RejectedType, RejectedValue, Source } from './entry.ts';
import { isNamed, named } from './sources/quote.ts';

const IS: Readonly<Record<RejectedType, string>> = {
  number: 'a number, not a string',
  boolean: 'a boolean, not a string',
  array: 'an array, not a string',
  object: 'an object, not a string',
  null: 'null, not a string',
  plaintext: 'not base64',
};
/** The number of names in one title or fix. */
const MOST_NAMED = 10;

/** The rejected values of one variable; `name` is printable. */
interface Rejected {
  readonly name: string;
  readonly type: RejectedType;
  /** The objects that contain it. */
  readonly origins: readonly string[];
}

/**
 * One failure per variable, by its name; failures in the same object have the same cause. Names that could be secrets are
 * one failure without a name.
 */
export function judgeTypes(sources: readonly Source[]): Map<string | undefined, Issue> {
  const byObject = Map.groupBy(rejectedIn(sources), ({ origins }) => origins.join(' and '));
  return new Map(
    [...byObject].flatMap(([where, group]) =>
      group.map((one) => [isNamed(one.name, 'key') ? one.name : undefined, rejection(one, group, where)] as const),
    ),
  );
}

function rejectedIn(sources: readonly Source[]): Rejected[] {
  const values = sources.flatMap(({ entries, rejected = [] }): RejectedValue[] => [
    ...entries.flatMap(({ name, kind, value, origin }) =>
      kind === 'not-a-string' ? [{ name, type: value as RejectedType, origin }] : [],
    ),
    ...rejected,
  ]);
  return [...Map.groupBy(values, (value) => named(value.name, 'key'))].flatMap(([name, [first, ...others]]) => {
    if (first === undefined) return [];
    return [{ name, type: first.type, origins: [...new Set([first, ...others].map(({ origin }) => origin))] }];
  });
}

function rejection({ name, type, origins }: Rejected, group: readonly Rejected[], all: string): Issue {
  const count = group.length;
  const where = origins.length === 1 ? all : `${origins[0]} and ${plural(origins.length - 1, 'other object')}`;
  const kinds = group.map((one) => `${one.name} is ${IS[one.type]}`);
  const detail = [
    ...(count > 1 ? [`${listed(kinds, '; ')}.`] : []),
    ...(origins.length > 1 ? [`In ${listed(origins, ', ')}.`] : []),
  ].join(' ');
  return fail(`${name} is ${IS[type]}, in ${where}`, {
    ...(detail !== '' && { detail }),
    expected: 'only strings: Kubernetes and ECS reject the whole object because of any other value',
    fix: fixFor(group),
    docs: isVariable(name) ? CONTRACT[name].docs : DOCS.general,
    evidence: { variable: name, origin: all },
    cause: cause.rejectedObject(all).titled(count > 1 ? `${count} values are not strings, in ${where}` : undefined),
  });
}

/** For everything in the object: it is rejected until all of it is fixed. */
function fixFor(group: readonly Rejected[]): Fix {
  const names = (types: readonly RejectedType[]) =>
    listed(
      group.filter(({ type }) => types.includes(type)).map(({ name }) => name),
      ', ',
    );
  const [scalars, nested, plain] = [
    names(['number', 'boolean', 'null']),
    names(['array', 'object']),
    names(['plaintext']),
  ];
  const steps = [
    ...(scalars === '' ? [] : [`put the value of ${scalars} in quotes`]),
    ...(nested === '' ? [] : [`write ${nested} as one string`]),
    ...(plain === '' ? [] : [`move ${plain} to stringData, or encode it: printf %s "$VALUE" | base64`]),
  ];
  return advice`${steps.join('; ')}`;
}

const listed = (items: readonly string[], separator: string): string =>
  items.length <= MOST_NAMED
    ? items.join(separator)
    : [...items.slice(0, MOST_NAMED - 1), `and ${items.length - MOST_NAMED + 1} more`].join(separator);
