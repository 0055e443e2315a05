/** The schema of the merged reports of several services: what is the same is one entry that names its services. Its JSON is a public interface. */
import {
  constant,
  described,
  list,
  object,
  optional,
  orNull,
  type TypeOf,
  text,
  time,
  wholeNumber,
} from '../../util/schema.ts';
import { COMPARISON } from '../comparison/schema.ts';
import { MATRIX_KIND, MATRIX_VERSION } from '../kinds.ts';
import { CHECK_ID, FINDING_ID, REPORT, resultFields, ruleFields, textFields } from '../schema.ts';
import { FIX_KIND, FIX_LANGUAGE, PERSPECTIVE, STATUS, TOOL, VERDICT, versionOfSchema } from '../vocabulary.ts';

export const FACT = described(
  object({ name: text(), value: text() }),
  'Something in which services can differ: service account, role, Secrets, node, network policies.',
);
export type Fact = TypeOf<typeof FACT>;

export const LOST_SERVICE = described(
  object({
    title: described(text(), 'One line.'),
    detail: text(),
    fix: text(),
    fixKind: optional(FIX_KIND),
    fixLanguage: optional(FIX_LANGUAGE),
  }),
  'Why there is no report of a service: a failure of its own.',
);
export type LostRun = TypeOf<typeof LOST_SERVICE>;

export const MATRIX_RUN = described(
  object({
    name: described(text(), 'The service, with its host where there are several reports of one service: server@host.'),
    service: PERSPECTIVE,
    facts: described(
      list(FACT),
      'In what services can differ: service account, role, Secrets, node, network policies.',
    ),
    verdict: optional(described(VERDICT, 'With what the other runs say about its skips; absent for a lost run.')),
    report: optional(described(REPORT, 'As it was; absent for a lost run.')),
    lost: optional(described(LOST_SERVICE, 'Why there is no report.')),
  }),
  'A column of the matrix.',
);
export type MatrixRun = TypeOf<typeof MATRIX_RUN>;

export const MATRIX_CELL = described(
  object({
    run: described(text(), 'The name of the run.'),
    status: STATUS,
    summary: text(),
    toldBy: optional(described(text(), 'For a pass that the service itself skipped: the run that tried the same.')),
  }),
  'One check of one service. A service without a cell was not asked.',
);
export type MatrixCell = TypeOf<typeof MATRIX_CELL>;

export const TOLD = described(
  object({ run: text(), by: text() }),
  'A skip that another service’s pass answers, because it tried the same.',
);
export type Told = TypeOf<typeof TOLD>;

export const DIFFERENCE = described(
  object({
    name: text(),
    here: described(list(text()), 'The values of the services with this entry.'),
    there: described(list(text()), 'The values of the services that pass.'),
  }),
  'In what the services with a failure differ from those that pass.',
);
export type Difference = TypeOf<typeof DIFFERENCE>;

export const MATRIX_ENTRY = described(
  object({
    status: STATUS,
    title: described(text(), 'One line; if other services pass, it says so.'),
    ...textFields,
    ...resultFields,
    runs: described(list(text()), 'The names of the runs.'),
    told: optional(described(list(TOLD), 'For a pass: the runs that skipped it, although they tried the same.')),
    differences: optional(described(list(DIFFERENCE), 'For a failure or warning, if other services pass.')),
    hint: optional(described(text(), 'What the results of all services together point to.')),
  }),
  'One result of a rule with all services that have it: status, title, detail and fix are the same.',
);
export type MatrixEntry = TypeOf<typeof MATRIX_ENTRY>;

export const MATRIX_FINDING = described(
  object({
    id: FINDING_ID,
    ...ruleFields,
    status: described(STATUS, 'The worst of its entries.'),
    entries: described(list(MATRIX_ENTRY), 'Results with the same status, title, detail and fix are one entry.'),
  }),
  'All results of one rule.',
);
export type MatrixFinding = TypeOf<typeof MATRIX_FINDING>;

export const MATRIX_CHECK = described(
  object({
    id: CHECK_ID,
    title: text(),
    status: described(STATUS, 'The worst of its cells: fail, warn, pass, skip.'),
    cells: described(list(MATRIX_CELL), 'One per service; a service without a cell was not asked.'),
    findings: list(MATRIX_FINDING),
  }),
  'A row of the matrix.',
);
export type MatrixCheck = TypeOf<typeof MATRIX_CHECK>;

export const MATRIX = object({
  kind: constant(MATRIX_KIND),
  schemaVersion: versionOfSchema(MATRIX_VERSION),
  tool: TOOL,
  startedAt: orNull(time(), 'all runs were lost'),
  durationMs: described(wholeNumber(), 'From the start of the first run to the end of the last one.'),
  verdict: VERDICT,
  summary: described(
    object({ pass: wholeNumber(), warn: wholeNumber(), fail: wholeNumber(), skip: wholeNumber() }),
    'Rules by their worst status; each lost run is one more failure.',
  ),
  runs: described(list(MATRIX_RUN), 'The columns.'),
  checks: described(list(MATRIX_CHECK), 'The rows.'),
  notes: described(list(text()), 'Observations that are no failures, for people.'),
  comparison: optional(described(COMPARISON, 'With --baseline: what changed since then.')),
});
export type Matrix = TypeOf<typeof MATRIX>;
