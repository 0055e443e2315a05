/** The schema of what changed between two reports, or two matrices, of one installation. Its JSON is a public interface. */
import {
  constant,
  described,
  list,
  object,
  oneOf,
  optional,
  orNull,
  type TypeOf,
  text,
  time,
  wholeNumber,
} from '../../util/schema.ts';
import { COMPARISON_KIND, COMPARISON_VERSION } from '../kinds.ts';
import { STATUS, TOOL, VERDICT, versionOfSchema } from '../vocabulary.ts';

export const CHANGE = oneOf({
  new: 'a failure or warning that was not there',
  changed: 'it was there with another status or title',
  gone: 'it passes now',
  unchecked: 'it was there, and was skipped or left out now',
});
export type Change = TypeOf<typeof CHANGE>;

const RUN_NAME = optional(described(text(), 'The column of a matrix.'));

export const COMPARED_SIDE = described(
  object({
    kind: oneOf({
      report: 'the report of one run',
      matrix: 'the merged reports of several services',
    }),
    startedAt: orNull(time(), 'all runs of the matrix were lost'),
    verdict: VERDICT,
    version: described(text(), 'The version of spacelift-preflight.'),
    domain: optional(described(text(), 'The value of SERVER_DOMAIN, if it is known.')),
    release: optional(described(text(), 'The release of Self-Hosted, if it is known.')),
  }),
  'One of the two.',
);
export type ComparedSide = TypeOf<typeof COMPARED_SIDE>;

export const CHANGED_FINDING = object({
  change: CHANGE,
  id: text(),
  run: RUN_NAME,
  before: orNull(STATUS, 'there was no such finding'),
  after: orNull(STATUS, 'there is no such finding'),
  title: described(text(), 'The present title; for one that is gone or unchecked, the earlier one.'),
  titleBefore: optional(described(text(), 'For a change, if the title is another one.')),
});
export type ChangedFinding = TypeOf<typeof CHANGED_FINDING>;

export const CHANGED_FACT = described(
  object({ id: text(), run: RUN_NAME, before: text(), after: text() }),
  'Something that passes in both, but is not the same: a version, a size.',
);
export type ChangedFact = TypeOf<typeof CHANGED_FACT>;

export const SLOWER_CHECK = described(
  object({ check: text(), run: RUN_NAME, beforeMs: wholeNumber(), afterMs: wholeNumber() }),
  'A check that takes at least twice as long as before, and 250 ms longer.',
);
export type SlowerCheck = TypeOf<typeof SLOWER_CHECK>;

export const COMPARISON = object({
  kind: constant(COMPARISON_KIND),
  schemaVersion: versionOfSchema(COMPARISON_VERSION),
  tool: TOOL,
  before: COMPARED_SIDE,
  after: COMPARED_SIDE,
  summary: described(
    object({
      new: wholeNumber(),
      changed: wholeNumber(),
      gone: wholeNumber(),
      unchecked: wholeNumber(),
      same: wholeNumber(),
    }),
    'Failures and warnings by what became of them.',
  ),
  findings: described(list(CHANGED_FINDING), 'Failures and warnings that changed; new failures come first.'),
  facts: described(list(CHANGED_FACT), 'What passes in both, but is not the same: versions, sizes.'),
  slower: described(list(SLOWER_CHECK), 'Checks that take at least twice as long, and 250 ms longer.'),
  notes: described(list(text()), 'Differences between the two that can explain others, for people.'),
});
export type Comparison = TypeOf<typeof COMPARISON>;
