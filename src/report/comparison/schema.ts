/** The JSON Schema of a comparison, as printed by `schema comparison` and saved in `schemas/comparison.schema.json`. */
import {
  constant,
  described,
  type JsonSchema,
  list,
  object,
  oneOf,
  optional,
  orNull,
  type SchemaOf,
  text,
  wholeNumber,
} from '../json-schema.ts';
import { STATUSES, VERDICTS } from '../status-schema.ts';
import {
  type Change,
  type ChangedFact,
  type ChangedFinding,
  COMPARISON_KIND,
  COMPARISON_VERSION,
  type ComparedSide,
  type Comparison,
  type SlowerCheck,
} from './types.ts';

/** Draft 2020-12. */
export const comparisonSchema = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:spacelift-preflight:comparison:${COMPARISON_VERSION}`,
  title: 'What changed between two reports of spacelift-preflight',
  ...comparisonForm().schema,
});

const CHANGES: Readonly<Record<Change, string>> = {
  new: 'a failure or warning that was not there',
  changed: 'it was there with another status or title',
  gone: 'it passes now',
  unchecked: 'it was there, and was skipped or left out now',
};

const runName = () => optional(described(text(), 'The column of a matrix.'));

export const comparisonForm = (): SchemaOf<Comparison> =>
  object<Comparison>({
    kind: constant(COMPARISON_KIND),
    schemaVersion: described(
      constant(COMPARISON_VERSION),
      'Increases when a field is removed or changes its meaning, but not when a field is added.',
    ),
    tool: object<Comparison['tool']>({ name: text(), version: text() }),
    before: side(),
    after: side(),
    summary: described(
      object<Comparison['summary']>({
        new: wholeNumber(),
        changed: wholeNumber(),
        gone: wholeNumber(),
        unchecked: wholeNumber(),
        same: wholeNumber(),
      }),
      'Failures and warnings by what became of them.',
    ),
    findings: described(list(finding()), 'Failures and warnings that changed; new failures come first.'),
    facts: described(
      list(object<ChangedFact>({ id: text(), run: runName(), before: text(), after: text() })),
      'What passes in both, but is not the same: versions, sizes.',
    ),
    slower: described(
      list(object<SlowerCheck>({ check: text(), run: runName(), beforeMs: wholeNumber(), afterMs: wholeNumber() })),
      'Checks that take at least twice as long, and 250 ms longer.',
    ),
    notes: described(list(text()), 'Differences between the two that can explain others, for people.'),
  });

const side = () =>
  object<ComparedSide>({
    kind: oneOf<ComparedSide['kind']>({
      report: 'the report of one run',
      matrix: 'the merged reports of several services',
    }),
    startedAt: orNull(text({ format: 'date-time' }), 'all runs of the matrix were lost'),
    verdict: oneOf(VERDICTS),
    version: described(text(), 'The version of spacelift-preflight.'),
    domain: optional(described(text(), 'The value of SERVER_DOMAIN, if it is known.')),
    release: optional(described(text(), 'The release of Self-Hosted, if it is known.')),
  });

const finding = () =>
  object<ChangedFinding>({
    change: oneOf(CHANGES),
    id: text(),
    run: runName(),
    before: orNull(oneOf(STATUSES), 'there was no such finding'),
    after: orNull(oneOf(STATUSES), 'there is no such finding'),
    title: described(text(), 'The present title; for one that is gone or unchecked, the earlier one.'),
    titleBefore: optional(described(text(), 'For a change, if the title is another one.')),
  });
