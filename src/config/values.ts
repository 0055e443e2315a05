/** Checks a single value: whitespace, leftover placeholders, and type. */
import * as v from 'valibot';
import { cause } from '../outcome/cause.ts';
import { advice, type Fix } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { CONTRACT, type Variable, type VariableName } from './contract.ts';
import { type Entry, placeOf } from './entry.ts';
import type { ValueRule } from './finding.ts';
import { looksSecret, maskValue } from './logins.ts';
import { isMask, isPlaceholder } from './placeholders.ts';
import { isQuoted } from './quoted.ts';
import type { Redact } from './redact.ts';

/** Values that only their own check examines, because it distinguishes more causes. */
const JUDGED_BY_THEIR_CHECK: readonly VariableName[] = ['ENCRYPTION_RSA_PRIVATE_KEY', 'MQTT_BROKER_ENDPOINT'];

/**
 * The problem with a value, or `undefined`. Never quotes a secret.
 * @param redact applied before a quoted value is truncated, because a redactor can't recognize half a secret
 */
export function judgeValue(
  name: VariableName,
  entry: Entry,
  redact: Redact = maskValue,
): { rule: ValueRule; outcome: Issue } | undefined {
  return judgeAs(CONTRACT[name], name, entry, redact);
}

/** What a variable must be: a row of the contract, or of the table of variables that the SDKs read. */
export type Expectation = Pick<Variable, 'type' | 'secret' | 'docs'>;

/** Like `judgeValue`, for any variable. */
export function judgeAs(
  variable: Expectation,
  name: string,
  entry: Entry,
  redact: Redact = maskValue,
): { rule: ValueRule; outcome: Issue } | undefined {
  const found = (rule: ValueRule, title: string, more: Pick<Issue, 'detail'> & { expected: string; fix: Fix }) => ({
    rule,
    outcome: fail(title, {
      ...more,
      docs: variable.docs,
      evidence: { variable: name, origin: entry.origin },
      cause: cause.variable(name),
    }),
  });
  if (entry.kind !== 'known') return undefined;
  const { value } = entry;
  if (value.includes('\0')) {
    return found('value', `${name} contains a NUL character`, {
      expected: 'text: an environment variable can’t contain NUL',
      fix: advice`remove it in ${placeOf(entry)}`,
    });
  }
  if (JUDGED_BY_THEIR_CHECK.some((judged) => judged === name)) return undefined;
  if (variable.type.exact && value !== value.trim()) {
    return found('whitespace', `${name} ${whereWhite(value)}`, {
      expected: variable.type.expected,
      fix: advice`remove it in ${placeOf(entry)}; to encode a value for a Secret, use printf or echo -n, not echo`,
    });
  }
  if (variable.type.exact && isQuoted(value)) {
    return found('whitespace', `${name} contains quotes`, {
      expected: variable.type.expected,
      fix: advice`remove the inner quotes in ${placeOf(entry)}`,
    });
  }
  if (isPlaceholder(name, value)) {
    const reference = unreplacedIn(entry);
    if (reference !== undefined) {
      return found('placeholder', `${name} contains $(${reference}), which Kubernetes does not replace`, {
        detail:
          'It replaces $(NAME) by variables of the same container that are defined before it: above it in env, or in envFrom.',
        expected: variable.type.expected,
        fix: advice`define ${reference} before ${name} in ${placeOf(entry)}, or correct the reference`,
      });
    }
    if (isMask(value))
      return found('placeholder', `${name} is masked`, {
        detail: 'A program has replaced the value, because it is secret.',
        expected: variable.type.expected,
        fix: advice`pass the config with the value of ${name}, which is masked in ${placeOf(entry)}`,
      });
    return found('placeholder', `${name} still contains a placeholder`, {
      expected: variable.type.expected,
      fix: advice`fill in ${name} in ${placeOf(entry)}`,
    });
  }
  if (!v.is(variable.type.schema, value)) {
    const isSecret = variable.secret === true || entry.secret === true;
    const shown = isSecret ? '' : excerpt(redact(value));
    const meant = isSecret ? undefined : meantBy(value, variable.type, redact);
    const detail = variable.type.whyNot?.(value);
    return found('value', `${name} is not ${essence(variable.type.expected)}${shown}`, {
      ...(detail !== undefined && { detail }),
      expected: variable.type.expected,
      fix:
        meant === undefined
          ? advice`correct ${name} in ${placeOf(entry)}`
          : advice`set ${name}=${meant} in ${placeOf(entry)}`,
    });
  }
  return undefined;
}

/** The value that a wrong one stands for, if it may be shown and is right. */
function meantBy(value: string, { meant, schema }: Variable['type'], redact: Redact): string | undefined {
  const found = meant?.(value);
  const isRight = found !== undefined && v.is(schema, found);
  return isRight && redact(found) === found && !looksSecret(found) ? found : undefined;
}

/** The name in a reference of a container in Kubernetes that was left as it is, because no variable before it has that name. */
function unreplacedIn({ location, ...entry }: Entry): string | undefined {
  if (entry.kind !== 'known' || location?.kind === undefined || location.container === undefined) return undefined;
  return /\$\(([A-Z_][A-Z0-9_]{0,99})\)/.exec(entry.value)?.[1];
}

function whereWhite(value: string): string {
  if (value.endsWith('\n')) return 'ends with a newline';
  return value.trimEnd() === value ? 'starts with whitespace' : 'ends with whitespace';
}

/** The short form of a type for a one-line title. */
const essence = (expected: string) => expected.split(/ \(|, without /)[0] ?? expected;

function excerpt(safe: string): string {
  if (looksSecret(safe.trim())) return '';
  return `: ${JSON.stringify(safe.length > 60 ? `${safe.slice(0, 57)}…` : safe)}`;
}
