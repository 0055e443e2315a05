/** The JSON Schema of a matrix, as printed by `schema matrix` and saved in `schemas/matrix.schema.json`. */
import type { Check } from '../../engine/check.ts';
import { comparisonForm } from '../comparison/schema.ts';
import { acceptedForm } from '../decisions-schema.ts';
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
import {
  ANY_IDS,
  FIX_KINDS,
  FIX_LANGUAGES,
  type Ids,
  idsFrom,
  PERSPECTIVES,
  reportForm,
  ruleFields,
  textFields,
} from '../schema.ts';
import { STATUSES, VERDICTS } from '../status-schema.ts';
import {
  type Difference,
  type Fact,
  type LostRun,
  MATRIX_KIND,
  MATRIX_VERSION,
  type Matrix,
  type MatrixCell,
  type MatrixCheck,
  type MatrixEntry,
  type MatrixFinding,
  type MatrixRun,
  type Told,
} from './types.ts';

/** Draft 2020-12. The IDs are those of this version's rules; new rules add new ones. */
export const matrixSchema = (checks: readonly Check[]): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:spacelift-preflight:matrix:${MATRIX_VERSION}`,
  title: 'The merged reports of spacelift-preflight for several services',
  ...matrixForm(idsFrom(checks)).schema,
});

/** @param ids what the IDs of checks and findings can be */
const matrixForm = (ids: Ids): SchemaOf<Matrix> =>
  object<Matrix>({
    kind: constant(MATRIX_KIND),
    schemaVersion: described(
      constant(MATRIX_VERSION),
      'Increases when a field is removed or changes its meaning, but not when a field is added.',
    ),
    tool: object<Matrix['tool']>({ name: text(), version: text() }),
    startedAt: orNull(text({ format: 'date-time' }), 'all runs were lost'),
    durationMs: described(wholeNumber(), 'From the start of the first run to the end of the last one.'),
    verdict: oneOf(VERDICTS),
    summary: described(
      object<Matrix['summary']>({ pass: wholeNumber(), warn: wholeNumber(), fail: wholeNumber(), skip: wholeNumber() }),
      'Rules by their worst status; each lost run is one more failure.',
    ),
    runs: described(list(run(ids)), 'The columns.'),
    checks: described(list(check(ids)), 'The rows.'),
    notes: described(list(text()), 'Observations that are no failures, for people.'),
    comparison: optional(described(comparisonForm(), 'With --baseline: what changed since then.')),
  });

const runName = (description: string) => described(text(), description);

const run = (ids: Ids) =>
  object<MatrixRun>({
    name: runName('The service, with its host where there are several reports of one service: server@host.'),
    service: oneOf(PERSPECTIVES),
    facts: described(
      list(object<Fact>({ name: text(), value: text() })),
      'In what services can differ: service account, role, Secrets, node, network policies.',
    ),
    verdict: optional(
      described(oneOf(VERDICTS), 'With what the other runs say about its skips; absent for a lost run.'),
    ),
    report: optional(described(reportForm(ids), 'As it was; absent for a lost run.')),
    lost: optional(
      described(
        object<LostRun>({
          title: described(text(), 'One line.'),
          detail: text(),
          fix: text(),
          fixKind: optional(oneOf(FIX_KINDS)),
          fixLanguage: optional(oneOf(FIX_LANGUAGES)),
        }),
        'Why there is no report.',
      ),
    ),
  });

const check = (ids: Ids) =>
  object<MatrixCheck>({
    id: ids.check,
    title: text(),
    status: described(oneOf(STATUSES), 'The worst of its cells: fail, warn, pass, skip.'),
    cells: described(
      list(
        object<MatrixCell>({
          run: runName('The name of the run.'),
          status: oneOf(STATUSES),
          summary: text(),
          toldBy: optional(runName('For a pass that the service itself skipped: the run that tried the same.')),
        }),
      ),
      'One per service; a service without a cell was not asked.',
    ),
    findings: list(finding(ids)),
  });

const finding = (ids: Ids) =>
  object<MatrixFinding>({
    id: ids.finding,
    ...ruleFields(),
    status: described(oneOf(STATUSES), 'The worst of its entries.'),
    entries: described(list(entry()), 'Results with the same status, title, detail and fix are one entry.'),
  });

const entry = () =>
  object<MatrixEntry>({
    status: oneOf(STATUSES),
    title: described(text(), 'One line; if other services pass, it says so.'),
    ...textFields(),
    accepted: optional(described(text(), 'The reason for accepting the warning; absent if the decision expired.')),
    decision: optional(described(acceptedForm(), 'The decision about the warning in a decisions file.')),
    dependsOn: optional(described(text(), 'The finding that explains why this one was not checked.')),
    affected: optional(described(list(text()), 'All findings with the same cause, if there is more than one.')),
    runs: described(list(text()), 'The names of the runs.'),
    told: optional(
      described(
        list(object<Told>({ run: text(), by: text() })),
        'For a pass: the runs that skipped it, although they tried the same.',
      ),
    ),
    differences: optional(
      described(
        list(
          object<Difference>({
            name: text(),
            here: described(list(text()), 'The values of the services with this entry.'),
            there: described(list(text()), 'The values of the services that pass.'),
          }),
        ),
        'For a failure or warning, if other services pass.',
      ),
    ),
    hint: optional(described(text(), 'What the results of all services together point to.')),
  });

/** The form of a matrix of any version of this tool with this `schemaVersion`. */
export const ANY_MATRIX: SchemaOf<Matrix> = matrixForm(ANY_IDS);
