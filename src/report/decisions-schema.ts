/** The JSON Schema of decisions in a report or a matrix. */
import type { Accepted, Decisions, SkippedRules } from '../config/decisions.ts';
import { described, flag, list, map, object, optional, type SchemaOf, text } from './json-schema.ts';

export const acceptedForm = (): SchemaOf<Accepted> =>
  object<Accepted>({
    reason: text(),
    who: optional(described(text(), 'Who accepted it.')),
    until: optional(described(text(), 'The last day, YYYY-MM-DD.')),
    isExpired: optional(described(flag(), 'Whether that day is over (UTC): the warning counts again.')),
    where: optional(described(text(), 'The file and the line.')),
  });

export const decisionsForm = (): SchemaOf<Decisions> =>
  object<Decisions>({
    file: text(),
    profile: optional(text()),
    accepted: described(map(acceptedForm()), 'By finding ID, whether or not the warning was found.'),
    skipped: list(object<SkippedRules>({ id: text(), reason: text(), where: text() })),
    required: described(list(text()), 'Patterns of rules that must not be skipped.'),
    options: described(map(text()), 'By name, as on the command line.'),
  });
