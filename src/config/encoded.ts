/** Values that are base64 where Spacelift reads plain text: in a Secret, they were encoded twice. */
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { firstOf, plural } from '../util/format.ts';
import { DOCS, isVariable } from './contract.ts';
import type { Entry } from './entry.ts';
import type { Resolved } from './resolve.ts';
import { judgeValue } from './values.ts';

/** Maximum number of names in a text. */
const MOST_NAMES = 8;
const MOST_ORIGINS = 4;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Which variables are encoded, and the one finding for those that were encoded in the same way. */
export function judgeEncoded({ entries }: Resolved): ReadonlyMap<string, Issue> {
  const candidates = [...entries.values()].filter(({ name, kind }) => kind === 'known' && isVariable(name));
  const encoded = [...Map.groupBy(candidates, ({ origin }) => origin).values()].flatMap((group) => {
    const proven = group.filter(isEncoded);
    // Nothing else says of a password whether it is encoded.
    const isWhole = group.every(({ value }) => value.trim() === '' || decodedText(value) !== undefined);
    return proven.length > 0 && isWhole ? group : proven;
  });
  const issues = new Map<string, Issue>();
  for (const [isTwice, group] of Map.groupBy(encoded, ({ decoded }) => decoded === true)) {
    const issue = stillEncoded(group, isTwice);
    for (const { name } of group) issues.set(name, issue);
  }
  return issues;
}

/** Whether the value is wrong as it is, and right when it is decoded. */
function isEncoded(entry: Entry): boolean {
  const { name } = entry;
  const text = decodedText(entry.value);
  if (text === undefined || !isVariable(name)) return false;
  const isWrong = (value: string) => judgeValue(name, { ...entry, value })?.outcome.status === 'fail';
  return isWrong(entry.value.trim()) && !isWrong(text.trim());
}

/** The printable text behind base64; `undefined` for anything else. */
function decodedText(value: string): string | undefined {
  const base64 = value.replace(/\s/g, '');
  if (base64.length < 4 || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const text = UTF8.decode(Buffer.from(base64, 'base64'));
    return /[^\P{Cc}\s]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function stillEncoded(encoded: readonly Entry[], isTwice: boolean): Issue {
  const names = encoded.map(({ name }) => name);
  const origins = [...new Set(encoded.map(({ origin }) => origin))];
  const isMap = encoded.every(({ location }) => location?.kind === undefined && location?.container === undefined);
  const whole = isMap ? '; if this is the data of a Secret, pass the whole Secret' : '';
  const count = plural(names.length, 'value');
  const [is, was] = names.length === 1 ? ['is', 'was'] : ['are', 'were'];
  const found = isTwice ? `${count} ${was} encoded with base64 twice` : `${count} ${is} still base64`;
  return fail(`${found}, in ${firstOf(origins, MOST_ORIGINS)}`, {
    detail: `${firstOf(names, MOST_NAMES)}: the data of a Secret is decoded once, and nothing else is decoded.`,
    expected: isTwice ? 'values that are encoded once, or plain values in stringData' : 'the values themselves',
    fix: isTwice
      ? advice`encode each value once: printf %s "$VALUE" | base64; or leave that to kubectl create secret, or to stringData`
      : advice`put the values in as they are: only the data of a Secret is base64, not stringData, a ConfigMap, a container or an env file${whole}`,
    docs: DOCS.general,
    evidence: { variables: names, origins },
    cause: cause.variable(names[0] ?? ''),
  });
}
