/** `--accept <id> --reason <text>`: warnings that do not count, each with its reason. */
import { InvalidArgumentError, Option } from 'commander';
import { repeated, split } from './option-values.ts';

export interface Acceptance {
  readonly id: string;
  readonly reason?: string;
  /** Given as `<id>=<reason>`, which is deprecated. */
  readonly isOneValue?: true;
}

/** Both fill one list, so that each reason belongs to the accept before it. */
export function acceptOptions(): Option[] {
  const reason = new Option('--reason <text>', 'why the warning of the --accept before it is accepted (repeatable)');
  reason.attributeName = () => 'accept';
  reason.argParser<readonly Acceptance[]>((value, given) => withReason(given ?? [], value));
  return [
    repeated('--accept <id>', 'accept this warning under --strict; <id>=<reason> is deprecated', acceptance),
    reason,
  ];
}

function acceptance(value: string): Acceptance {
  const [id, reason] = split(value);
  if (id === '') throw new InvalidArgumentError('expected the ID of a finding.');
  return reason === undefined ? { id } : { id, reason: reasonIn(reason), isOneValue: true };
}

function withReason(given: readonly Acceptance[], value: string): readonly Acceptance[] {
  const last = given.at(-1);
  if (last === undefined) throw new InvalidArgumentError('expected an --accept before it.');
  if (last.reason !== undefined) throw new InvalidArgumentError('expected one reason for each --accept.');
  return [...given.slice(0, -1), { ...last, reason: reasonIn(value) }];
}

/** One reason for each. */
export const withReasons = (given: readonly Acceptance[], reasons: readonly string[]): readonly Acceptance[] =>
  given.map(({ id }, index) => ({ id, reason: reasons[index] ?? '' }));

function reasonIn(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected a reason.');
  return text.trim();
}
