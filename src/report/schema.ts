/** The JSON Schema of the report, as printed by `schema` and saved in `schemas/report.schema.json`. */
import type { Location } from '../config/entry.ts';
import type { Perspective, Pinned, Place, ReportPhase, Service } from '../config/options.ts';
import { type Check, idsOf, perVariable } from '../engine/check.ts';
import type { Leftover } from '../engine/cleanup.ts';
import type { FixKind, FixLanguage } from '../outcome/fix.ts';
import { comparisonForm } from './comparison/schema.ts';
import { acceptedForm, decisionsForm } from './decisions-schema.ts';
import {
  constant,
  described,
  either,
  flag,
  type JsonSchema,
  list,
  map,
  number,
  object,
  oneOf,
  optional,
  orNull,
  type SchemaOf,
  text,
  wholeNumber,
} from './json-schema.ts';
import { STATUSES, VERDICTS } from './status-schema.ts';
import {
  type NotVerified,
  REPORT_KIND,
  type Report,
  type ReportChange,
  type ReportCheck,
  type ReportFinding,
  type ReportOperation,
  type ReportRelease,
  type ReportVariable,
  SCHEMA_VERSION,
} from './types.ts';

/** Draft 2020-12. The IDs are those of this version's rules; new rules add new ones. */
export const reportSchema = (checks: readonly Check[]): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:spacelift-preflight:report:${SCHEMA_VERSION}`,
  title: 'The report of spacelift-preflight',
  ...reportForm(idsFrom(checks)).schema,
});

/** What the IDs of checks and findings can be. */
export interface Ids {
  readonly check: SchemaOf<string>;
  readonly finding: SchemaOf<string>;
}

/** @param ids what the IDs of checks and findings can be */
export function reportForm(ids: Ids): SchemaOf<Report> {
  return object<Report>({
    kind: optional(described(constant(REPORT_KIND), 'Absent in reports of earlier versions.')),
    schemaVersion: described(
      constant(SCHEMA_VERSION),
      'Increases when a field is removed or changes its meaning, but not when a field is added.',
    ),
    tool: object<Report['tool']>({ name: text(), version: text() }),
    startedAt: text({ format: 'date-time' }),
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
    from: optional(
      described(
        oneOf<Place>({ inside: 'inside Spacelift’s network', outside: 'outside of it (--from outside)' }),
        'Where it ran. Absent in reports of earlier versions.',
      ),
    ),
    readOnly: optional(
      described(flag(), 'Whether nothing was written (--read-only). Absent in reports of earlier versions.'),
    ),
    phase: oneOf<ReportPhase>({
      'pre-install': 'before Spacelift is installed',
      'post-install': 'the database contains Spacelift’s tables, or --phase was set',
      plan: 'a Terraform plan was checked, and nothing was contacted',
    }),
    phaseReason: optional(
      described(text(), 'How the phase is known, for people. Absent in reports of earlier versions.'),
    ),
    service: orNull(oneOf(PERSPECTIVES), 'all services were checked together'),
    release: optional(
      described(release(), 'The release of Self-Hosted that the rules are for. Absent in reports of earlier versions.'),
    ),
    interrupted: described(flag(), 'Whether SIGINT or SIGTERM ended the run.'),
    verdict: oneOf(VERDICTS),
    summary: described(
      object<Report['summary']>({ pass: wholeNumber(), warn: wholeNumber(), fail: wholeNumber(), skip: wholeNumber() }),
      'Findings by status.',
    ),
    checks: described(list(check(ids)), 'One per dependency, in a fixed order.'),
    variables: described(
      list(variable()),
      'The variables that Spacelift or a cloud SDK reads and that are set, without their values; at most 1,000.',
    ),
    notVerified: described(
      list(object<NotVerified>({ title: text(), detail: text(), fix: text() })),
      'Dependencies that neither the config nor an option names.',
    ),
    leftovers: described(
      list(
        object<Leftover>({
          what: text(),
          command: described(text(), 'The command that removes it.'),
          mayStay: optional(
            described(
              flag(),
              'true: it does no harm, later runs use it again, and this account is not allowed to remove it.',
            ),
          ),
        }),
      ),
      'Items that the run created and did not remove.',
    ),
    pinned: optional(
      described(
        object<Pinned>({
          encryption: optional(
            described(map(text()), 'The method and the identity of its keys, as in the evidence of encryption/choice.'),
          ),
          objectStorage: optional(
            object<NonNullable<Pinned['objectStorage']>>({
              type: text(),
              buckets: described(map(text()), 'The names of the buckets by their purpose.'),
              uploadsUrl: optional(described(text(), 'The value of OBJECT_STORAGE_BUCKET_UPLOADS_URL.')),
            }),
          ),
          mqttBroker: optional(object<NonNullable<Pinned['mqttBroker']>>({ type: text(), endpoint: text() })),
        }),
        'What can’t be changed after installation, for a later run with this baseline. Absent in reports of earlier versions.',
      ),
    ),
    decisions: optional(described(decisionsForm(), 'What a decisions file (preflight.yaml) decided.')),
    comparison: optional(described(comparisonForm(), 'With --baseline: what changed since then.')),
  });
}

const release = () =>
  object<ReportRelease>({
    version: orNull(text(), 'not known: the reference documentation applies'),
    source: oneOf<ReportRelease['source']>({
      option: 'from --release',
      config: 'from LAUNCHER_IMAGE_TAG',
      none: 'not known',
    }),
    reason: described(text(), 'How it is known, or why it is not, for people.'),
    from: optional(described(text(), 'The release in the config, if --release names another one.')),
    changes: optional(
      described(
        list(
          object<ReportChange>({
            since: described(text(), 'The first release with it.'),
            change: text(),
            action: optional(described(text(), 'What to do about it.')),
            docs: text({ format: 'uri' }),
          }),
        ),
        'With from: what an upgrade changes, or what an older release lacks.',
      ),
    ),
  });

const SERVICES_OF_VALUES: Readonly<Record<Service | 'all', string>> = {
  all: 'shared by all services',
  server: 'only for the server',
  drain: 'only for the drain',
  scheduler: 'only for the scheduler',
  'vcs-gateway': 'only for the VCS gateway',
};

export const PERSPECTIVES: Readonly<Record<Perspective, string>> = {
  server: 'only what the server needs',
  drain: 'only what the drain needs',
  scheduler: 'only what the scheduler needs',
  'vcs-gateway': 'only what the VCS gateway needs',
  worker: 'only what a worker needs',
};

export const FIX_KINDS: Readonly<Record<FixKind, string>> = {
  command: 'complete and ready to paste; see fixLanguage',
  setting: 'a config variable and its value',
  advice: 'text for a person to read, not to run',
};

export const FIX_LANGUAGES: Readonly<Record<FixLanguage, string>> = {
  sh: 'commands for a POSIX shell',
  sql: 'statements for psql',
};

const variable = () =>
  object<ReportVariable>({
    name: text(),
    service: described(oneOf<Service | 'all'>(SERVICES_OF_VALUES), 'The services that the value is for.'),
    origin: described(text(), 'Where it is set, for people.'),
    location: optional(
      described(
        object<Location>({
          file: described(text(), 'The path as given, or "standard input".'),
          document: optional(described(wholeNumber(), 'From 1, if the file contains more than one.')),
          line: optional(
            described(wholeNumber(), 'Of the variable in the file, from 1; known for env files and YAML.'),
          ),
          kind: optional(described(text(), 'Of the Kubernetes object.')),
          name: optional(described(text(), 'Of the Kubernetes object.')),
          namespace: optional(described(text(), 'Of the Kubernetes object.')),
          container: optional(described(text(), 'In a task definition, a workload or a Compose file.')),
          address: optional(described(text(), 'Of the Terraform resource or output, or the secret of a secret store.')),
        }),
        'Where it is set, for programs; absent for the environment.',
      ),
    ),
    used: described(flag(), 'Whether the value is in effect for a service; otherwise, another one overrides it.'),
  });

export function idsFrom(checks: readonly Check[]): Ids {
  return {
    check: text({ enum: checks.map(({ id }) => id) }),
    finding: text({ anyOf: [{ enum: checks.flatMap(idsOf) }, { pattern: variablePattern(checks) }] }),
  };
}

/** `configuration/value[SERVER_DOMAIN]` */
const variablePattern = (checks: readonly Check[]): string =>
  `^(${checks.flatMap(idsOf).filter(perVariable(checks)).join('|')})\\[[^\\[\\]]+\\]$`;

const check = (ids: Ids) =>
  object<ReportCheck>({
    id: ids.check,
    title: text(),
    status: described(oneOf(STATUSES), 'The worst of its findings: fail, warn, pass, skip.'),
    summary: described(text(), 'A short summary: the result, the number of failures, or the reason for a skip.'),
    startMs: described(wholeNumber(), 'Milliseconds since the start of the run.'),
    durationMs: wholeNumber(),
    findings: list(finding(ids)),
    operations: optional(
      described(
        list(
          object<ReportOperation>({
            rules: described(list(text()), 'The IDs of the findings that depend on it.'),
            does: text(),
            at: described(list(text()), 'Hosts, buckets, queues; empty for operations on the machine itself.'),
          }),
        ),
        'What the check tried. Absent if it only read the config, and in reports of earlier versions.',
      ),
    ),
  });

/** The rule of a finding; the same in a matrix. */
export const ruleFields = () => ({
  rule: optional(described(text(), 'The key of the rule, such as object-storage/<bucket>/access.')),
  subject: optional(described(text(), 'The bucket, queue or variable, for rules that apply to each of several.')),
});

/** The texts below the title of a result; the same in a matrix. */
export const textFields = () => ({
  detail: described(text(), 'An observation that adds to the title, or empty.'),
  expected: optional(text()),
  fix: optional(described(text(), 'The fix; can have several lines.')),
  fixKind: optional(oneOf(FIX_KINDS)),
  fixLanguage: optional(oneOf(FIX_LANGUAGES)),
  docs: optional(text({ format: 'uri' })),
});

const finding = (ids: Ids) =>
  object<ReportFinding>({
    id: described(
      ids.finding,
      '<check>/<rule> or <check>/<subject>/<rule>; with the variable in brackets where there can be a finding per variable.',
    ),
    ...ruleFields(),
    variable: optional(
      described(text(), 'The variable that it is about, if there is one; where it is set is in variables.'),
    ),
    status: oneOf(STATUSES),
    title: described(text(), 'One line.'),
    ...textFields(),
    fixDestructive: optional(
      described(flag(), 'Whether the command removes or replaces something that may be needed: review it first.'),
    ),
    accepted: optional(
      described(
        text(),
        'The reason for accepting the warning (--accept, or a decisions file); absent if the decision expired.',
      ),
    ),
    decision: optional(described(acceptedForm(), 'The decision about the warning in a decisions file.')),
    startMs: described(wholeNumber(), 'Milliseconds since the start of the run.'),
    durationMs: wholeNumber(),
    evidence: described(
      map(either(either(text(), flag()), either(number(), list(text())))),
      'Facts by name. dependsOn: the finding that prevented this one from being checked. affected: the findings with the same cause.',
    ),
    dependsOn: optional(described(text(), 'The finding that explains why this one was not checked.')),
    affected: optional(
      described(list(text()), 'All findings with the same cause, including this one, if there is more than one.'),
    ),
    unknownVariable: optional(described(text(), 'For a skip: the variable whose value is unknown.')),
    withheldFrom: optional(described(text(), 'For a skip: the host to which the caller’s credentials were not sent.')),
    inProgress: optional(described(flag(), 'For a skip: it was being checked when the run was interrupted.')),
    unreachable: optional(
      described(flag(), 'For a failure: no connection was made, by DNS, a firewall, a route, or nothing that listens.'),
    ),
    planned: optional(
      described(flag(), 'Whether it is about a resource in a Terraform plan, which need not exist yet.'),
    ),
  });

/** Of any version of this tool with this `schemaVersion`: its rules can be other ones. */
export const ANY_IDS: Ids = {
  check: text({ pattern: '^[a-z][a-z0-9-]*$' }),
  finding: text({ pattern: '^[a-z][a-z0-9-]*(/[a-z0-9-]+)+(\\[[\\w.:/@+%-]+\\])?$' }),
};

export const ANY_REPORT: SchemaOf<Report> = reportForm(ANY_IDS);
