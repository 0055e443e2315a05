/** Quotes around many values at once: a reader of an env file that does not remove them (`docker run --env-file`, kubectl). */
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { firstOf } from '../util/format.ts';
import { CONTRACT, DOCS, isForSdk, isVariable } from './contract.ts';
import { ENVIRONMENT, type Entry } from './entry.ts';
import type { Resolved } from './resolve.ts';

/** One variable alone is a slip of its own. */
const FEWEST = 2;
/** Maximum number of names in a text. */
const MOST_NAMES = 8;

/** The whole value is in quotes. */
export const isQuoted = (value: string): boolean => /^(['"`]).*\1$/s.test(value) && value.length > 1;

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
  const from = origin === ENVIRONMENT ? 'the file that the environment is from' : `the file that ${origin} is from`;
  return fail(`${names.length} values are in quotes: docker run --env-file and kubectl --from-env-file keep them`, {
    detail: `In ${origin}: ${shown}. Docker Compose and shells remove quotes from the same file.`,
    expected: 'values without quotes',
    fix: advice`remove the quotes around the values in ${from}: the options --env-file of docker run and --from-env-file of kubectl read each line as it is`,
    docs: DOCS.general,
    evidence: { variables: names, origin },
    cause: cause.variable(names[0] ?? ''),
  });
}
