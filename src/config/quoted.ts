/** Quotes around many values at once: a reader of an env file that does not remove them (`docker run --env-file`, kubectl). */
import { cause } from '../outcome/cause.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { firstOf } from '../util/format.ts';
import { CONTRACT, DOCS, isForSdk, isVariable } from './contract.ts';
import { ENVIRONMENT, type Entry } from './entry.ts';
import type { Resolved } from './resolve.ts';

/** One variable alone is a slip of its own. */
const FEWEST = 2;
/** Maximum number of names in a text. */
const MOST_NAMES = 8;

/** As word processors and chats write them. */
const isTypographic = (value: string): boolean => /^[“”„‘’«].*[“”‘’»]$/s.test(value);

/** The whole value is in quotes. */
export const isQuoted = (value: string): boolean =>
  (/^(['"`]).*\1$/s.test(value) || isTypographic(value)) && value.length > 1;

/** Which variables are in quotes together, and the one finding for each place that they are from. */
export function judgeQuoted({ entries }: Resolved): ReadonlyMap<string, Issue> {
  const candidates = [...entries.values()].filter(
    ({ name, kind, value }) => kind === 'known' && (isVariable(name) || isForSdk(name)) && isQuoted(value),
  );
  const issues = new Map<string, Issue>();
  for (const [origin, quoted] of Map.groupBy(candidates, (entry) => entry.origin)) {
    if (quoted.filter(isBroken).length < FEWEST) continue;
    const issue = keptQuotes(quoted, origin);
    for (const { name } of quoted) issues.set(name, issue);
  }
  return issues;
}

/** Quotes can be part of a text, such as a password. */
const isBroken = ({ name }: Entry): boolean => isVariable(name) && CONTRACT[name].type.exact;

function keptQuotes(quoted: readonly Entry[], origin: string): Issue {
  const names = quoted.map(({ name }) => name);
  const shown = firstOf(names, MOST_NAMES);
  const told = (why: string, detail: string, fix: Fix) =>
    fail(`${names.length} values are in quotes${why}`, {
      detail: `In ${origin}: ${shown}. ${detail}`,
      expected: 'values without quotes',
      fix,
      docs: DOCS.general,
      evidence: { variables: names, origin },
      cause: cause.variable(names[0] ?? ''),
    });
  if (quoted.every(({ value }) => isTypographic(value)))
    return told(
      ' that no program removes',
      'They are typographic quotes (“”), which are part of the values.',
      advice`replace the typographic quotes in ${origin} by straight ones, or remove them`,
    );
  if (quoted.some(({ location }) => location?.container !== undefined))
    return told(
      '',
      'Inside of a value, quotes are part of it.',
      advice`remove the quotes around the values in ${origin}; in a list of YAML, put them around the whole item: "NAME=value"`,
    );
  const from = origin === ENVIRONMENT ? 'the file that the environment is from' : `the file that ${origin} is from`;
  return told(
    ': docker run --env-file and kubectl --from-env-file keep them',
    'Docker Compose and shells remove quotes from the same file.',
    advice`remove the quotes around the values in ${from}: the options --env-file of docker run and --from-env-file of kubectl read each line as it is`,
  );
}
