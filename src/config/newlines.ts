/** Newlines at the end of many values at once: `echo` added them before the values were encoded, or a YAML block did. */
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { firstOf } from '../util/format.ts';
import { CONTRACT, DOCS, isVariable } from './contract.ts';
import type { Entry } from './entry.ts';
import { judgeReference } from './references.ts';
import type { Resolved } from './resolve.ts';

/** One variable alone is a slip of its own. */
const FEWEST = 2;
/** Maximum number of names in a text. */
const MOST_NAMES = 8;
const MOST_ORIGINS = 4;

/**
 * Which variables end with a newline together, and the one finding for those that got it in the same way.
 * @param isTold whether another finding is about the variable
 */
export function judgeNewlines({ entries }: Resolved, isTold: (name: string) => boolean): ReadonlyMap<string, Issue> {
  const candidates = [...entries.values()].filter((entry) => isBroken(entry) && !isTold(entry.name));
  const issues = new Map<string, Issue>();
  for (const [isDecoded, ending] of Map.groupBy(candidates, ({ decoded }) => decoded === true)) {
    if (ending.length < FEWEST) continue;
    const issue = newlines(ending, isDecoded);
    for (const { name } of ending) issues.set(name, issue);
  }
  return issues;
}

/** A newline can be part of a text, such as a key, and a reference that nothing resolves is worse. */
const isBroken = (entry: Entry): boolean =>
  entry.kind === 'known' &&
  entry.value.endsWith('\n') &&
  isVariable(entry.name) &&
  CONTRACT[entry.name].type.exact &&
  judgeReference(entry) === undefined;

function newlines(ending: readonly Entry[], isDecoded: boolean): Issue {
  const names = ending.map(({ name }) => name);
  const origins = [...new Set(ending.map(({ origin }) => origin))];
  const where = firstOf(origins, MOST_ORIGINS);
  const why = isDecoded ? 'echo adds one before the value is encoded' : 'Spacelift reads it as part of the value';
  return fail(`${names.length} values end with a newline, in ${where}`, {
    detail: `${firstOf(names, MOST_NAMES)}: ${why}.`,
    expected: 'values without a newline at the end',
    fix: isDecoded
      ? advice`encode each value without it: printf %s "$VALUE" | base64; or leave that to kubectl create secret, or to stringData`
      : advice`remove it from each value in ${where}; a block in YAML ends without one after |- instead of |`,
    docs: DOCS.general,
    evidence: { variables: names, origins },
    cause: cause.variable(names[0] ?? ''),
  });
}
