/** The schema of the report, of any version of this tool with this `schemaVersion`. Its JSON is a public interface. */
import { union } from 'valibot';
import { ACCEPTED, DECISIONS, LOCATION, PINNED } from '../config/schema.ts';
import { LEFTOVER } from '../engine/leftover.ts';
import {
  constant,
  described,
  flag,
  list,
  map,
  matching,
  number,
  object,
  optional,
  orNull,
  type TypeOf,
  text,
  time,
  url,
  wholeNumber,
} from '../util/schema.ts';
import { COMPARISON } from './comparison/schema.ts';
import { REPORT_KIND, SCHEMA_VERSION } from './kinds.ts';
import {
  FIX_KIND,
  FIX_LANGUAGE,
  PERSPECTIVE,
  PHASE,
  PLACE,
  RELEASE_SOURCE,
  SERVICE_OF_VALUE,
  STATUS,
  TOOL,
  VERDICT,
  versionOfSchema,
} from './vocabulary.ts';

/** The checks of another version can be other ones. The published JSON Schema names those of its own. */
export const CHECK_ID = matching(/^[a-z][a-z0-9-]*$/);
/** The same for findings. */
export const FINDING_ID = described(
  matching(/^[a-z][a-z0-9-]*(\/[a-z0-9-]+)+(\[[\w.:/@+%-]+\])?$/),
  '<check>/<rule> or <check>/<subject>/<rule>; with the variable in brackets where there can be a finding per variable.',
);

export const REPORT_CHANGE = described(
  object({
    since: described(text(), 'The first release with it.'),
    change: text(),
    action: optional(described(text(), 'What to do about it, if anything.')),
    docs: url(),
  }),
  'A difference between two releases.',
);
export type ReportChange = TypeOf<typeof REPORT_CHANGE>;

export const REPORT_RELEASE = described(
  object({
    version: orNull(text(), 'not known: the reference documentation applies'),
    source: RELEASE_SOURCE,
    reason: described(text(), 'How it is known, or why it is not, for people.'),
    from: optional(described(text(), 'The release in the config, if --release names another one.')),
    changes: optional(
      described(list(REPORT_CHANGE), 'With from: what an upgrade changes, or what an older release lacks.'),
    ),
  }),
  'The release of Self-Hosted that the rules are for.',
);
export type ReportRelease = TypeOf<typeof REPORT_RELEASE>;

/** The rule of a finding; the same in a matrix. */
export const ruleFields = {
  rule: optional(described(text(), 'The key of the rule, such as object-storage/<bucket>/access.')),
  subject: optional(described(text(), 'The bucket, queue or variable, for rules that apply to each of several.')),
} as const;

/** The texts below the title of a result; the same in a matrix. */
export const textFields = {
  detail: described(text(), 'An observation that adds to the title, or empty.'),
  expected: optional(text()),
  fix: optional(described(text(), 'The fix; can have several lines.')),
  fixKind: optional(FIX_KIND),
  fixLanguage: optional(FIX_LANGUAGE),
  docs: optional(url()),
} as const;

/** What is accepted, and what else a result says for itself; the same in a matrix. */
export const resultFields = {
  accepted: optional(
    described(
      text(),
      'The reason for accepting the warning (--accept, or a decisions file); absent if the decision expired.',
    ),
  ),
  decision: optional(described(ACCEPTED, 'The decision about the warning in a decisions file.')),
  dependsOn: optional(described(text(), 'The finding that explains why this one was not checked.')),
  affected: optional(
    described(list(text()), 'All findings with the same cause, including this one, if there is more than one.'),
  ),
} as const;

export const REPORT_FINDING = object({
  id: FINDING_ID,
  ...ruleFields,
  variable: optional(
    described(text(), 'The variable that it is about, if there is one; where it is set is in variables.'),
  ),
  status: STATUS,
  title: described(text(), 'One line.'),
  ...textFields,
  fixDestructive: optional(
    described(flag(), 'Whether the command removes or replaces something that may be needed: review it first.'),
  ),
  ...resultFields,
  startMs: described(wholeNumber(), 'Milliseconds since the start of the run.'),
  durationMs: wholeNumber(),
  evidence: described(
    map(union([text(), flag(), number(), list(text())])),
    'Facts by name, for people. dependsOn: the finding that prevented this one from being checked. affected: the findings with the same cause.',
  ),
  unknownVariable: optional(described(text(), 'For a skip: the variable whose value is unknown.')),
  withheldFrom: optional(described(text(), 'For a skip: the host to which the caller’s credentials were not sent.')),
  inProgress: optional(described(flag(), 'For a skip: it was being checked when the run was interrupted.')),
  unreachable: optional(
    described(flag(), 'For a failure: no connection was made, by DNS, a firewall, a route, or nothing that listens.'),
  ),
  planned: optional(described(flag(), 'Whether it is about a resource in a Terraform plan, which need not exist yet.')),
});
export type ReportFinding = TypeOf<typeof REPORT_FINDING>;

export const REPORT_OPERATION = described(
  object({
    rules: described(list(text()), 'The IDs of the findings that depend on it.'),
    does: described(text(), 'Such as “writes an object of 64 bytes, reads it back and deletes it”.'),
    at: described(list(text()), 'Hosts, buckets, queues; empty for operations on the machine itself.'),
  }),
  'What a check tried, so that two reports are comparable.',
);
export type ReportOperation = TypeOf<typeof REPORT_OPERATION>;

export const REPORT_CHECK = object({
  id: CHECK_ID,
  title: text(),
  status: described(STATUS, 'The worst of its findings: fail, warn, pass, skip.'),
  summary: described(text(), 'A short summary: the result, the number of failures, or the reason for a skip.'),
  startMs: described(wholeNumber(), 'Milliseconds since the start of the run.'),
  durationMs: wholeNumber(),
  findings: list(REPORT_FINDING),
  operations: optional(
    described(
      list(REPORT_OPERATION),
      'What the check tried. Absent if it only read the config, and in reports of earlier versions.',
    ),
  ),
});
export type ReportCheck = TypeOf<typeof REPORT_CHECK>;

export const REPORT_VARIABLE = described(
  object({
    name: text(),
    service: described(SERVICE_OF_VALUE, 'The services that the value is for.'),
    origin: described(text(), 'Where it is set, for people.'),
    location: optional(described(LOCATION, 'Where it is set, for programs; absent for the environment.')),
    used: described(flag(), 'Whether the value is in effect for a service; otherwise, another one overrides it.'),
  }),
  'Where a variable is set; its value is not part of the report.',
);
export type ReportVariable = TypeOf<typeof REPORT_VARIABLE>;

export const NOT_VERIFIED = described(
  object({ title: text(), detail: text(), fix: text() }),
  'A dependency that neither the config nor an option names.',
);
export type NotVerified = TypeOf<typeof NOT_VERIFIED>;

export const REPORT = object({
  kind: optional(described(constant(REPORT_KIND), 'Absent in reports of earlier versions.')),
  schemaVersion: versionOfSchema(SCHEMA_VERSION),
  tool: TOOL,
  startedAt: time(),
  durationMs: wholeNumber(),
  host: optional(
    described(
      text(),
      'The name of the machine, container or pod on which it ran. Absent in reports of earlier versions.',
    ),
  ),
  configFiles: optional(
    described(
      list(text()),
      'The config files as given, or "standard input"; empty if the environment was the config. Absent in reports of earlier versions.',
    ),
  ),
  domain: optional(
    described(text(), 'The value of SERVER_DOMAIN. Absent if it is not known, and in reports of earlier versions.'),
  ),
  from: optional(described(PLACE, 'Where it ran. Absent in reports of earlier versions.')),
  readOnly: optional(
    described(flag(), 'Whether nothing was written (--read-only). Absent in reports of earlier versions.'),
  ),
  phase: PHASE,
  phaseReason: optional(
    described(text(), 'How the phase is known, for people. Absent in reports of earlier versions.'),
  ),
  service: orNull(PERSPECTIVE, 'all services were checked together'),
  release: optional(
    described(
      REPORT_RELEASE,
      'The release of Self-Hosted that the rules are for. Absent in reports of earlier versions.',
    ),
  ),
  interrupted: described(flag(), 'Whether SIGINT or SIGTERM ended the run.'),
  verdict: VERDICT,
  summary: described(
    object({ pass: wholeNumber(), warn: wholeNumber(), fail: wholeNumber(), skip: wholeNumber() }),
    'Findings by status.',
  ),
  checks: described(list(REPORT_CHECK), 'One per dependency, in a fixed order.'),
  variables: described(
    list(REPORT_VARIABLE),
    'The variables that Spacelift or a cloud SDK reads and that are set, without their values; at most 1,000. Several values of one are in order.',
  ),
  notVerified: described(list(NOT_VERIFIED), 'Dependencies that neither the config nor an option names.'),
  leftovers: described(list(LEFTOVER), 'Items that the run created and did not remove.'),
  pinned: optional(
    described(
      PINNED,
      'What can’t be changed after installation, for a later run with this baseline. Absent in reports of earlier versions.',
    ),
  ),
  decisions: optional(DECISIONS),
  comparison: optional(described(COMPARISON, 'With --baseline: what changed since then.')),
});
export type Report = TypeOf<typeof REPORT>;
