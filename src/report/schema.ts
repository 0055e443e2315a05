/** The JSON Schema of the report: `schema` prints it, `schemas/report.schema.json` is what it prints. */
import type { Perspective, Phase } from '../config/options.ts';
import { type Check, idsOf } from '../engine/check.ts';
import type { Leftover } from '../engine/cleanup.ts';
import type { FixKind, FixLanguage } from '../outcome/fix.ts';
import type { Status } from '../outcome/status.ts';
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
  text,
  wholeNumber,
} from './json-schema.ts';
import {
  type NotVerified,
  type Report,
  type ReportCheck,
  type ReportFinding,
  SCHEMA_VERSION,
  type Verdict,
} from './types.ts';

/** Draft 2020-12. The ids are those of the rule tables of this version; further ones come with further rules. */
export function reportSchema(checks: readonly Check[]): JsonSchema {
  const { schema } = object<Report>({
    schemaVersion: described(
      constant(SCHEMA_VERSION),
      'Rises when a field goes away or changes its meaning; fields can be added without.',
    ),
    tool: object<Report['tool']>({ name: text(), version: text() }),
    startedAt: text({ format: 'date-time' }),
    durationMs: wholeNumber(),
    phase: oneOf<Phase>({
      'pre-install': 'before Spacelift is installed',
      'post-install': 'the database holds Spacelift’s tables, or --phase said so',
    }),
    service: orNull(
      oneOf<Perspective>({
        server: 'as the server needs it',
        drain: 'as the drain needs it',
        scheduler: 'as the scheduler needs it',
        worker: 'as a worker needs it',
      }),
      'all services were checked as one',
    ),
    interrupted: described(flag(), 'Ended by SIGINT or SIGTERM.'),
    verdict: oneOf<Verdict>({
      ready: 'nothing failed or warned',
      'ready-with-warnings': 'nothing failed, something warned',
      'not-ready': 'something failed',
      inconclusive: 'nothing failed, but what "ready" depends on was not seen working',
    }),
    summary: described(
      object<Report['summary']>({ pass: wholeNumber(), warn: wholeNumber(), fail: wholeNumber(), skip: wholeNumber() }),
      'Findings by status.',
    ),
    checks: described(list(check(checks)), 'In a fixed order, one per dependency.'),
    notVerified: described(
      list(object<NotVerified>({ title: text(), detail: text(), fix: text() })),
      'What no check can look at.',
    ),
    leftovers: described(
      list(object<Leftover>({ what: text(), command: described(text(), 'What removes it.') })),
      'What the run wrote and did not remove.',
    ),
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:spacelift-preflight:report:${SCHEMA_VERSION}`,
    title: 'The report of spacelift-preflight',
    ...schema,
  };
}

const STATUSES: Readonly<Record<Status, string>> = {
  pass: 'it holds',
  warn: 'it works, and may not for long or not well',
  fail: 'Spacelift would not work',
  skip: 'not verified; the title says why',
};

const check = (checks: readonly Check[]) =>
  object<ReportCheck>({
    id: text({ enum: checks.map(({ id }) => id) }),
    title: text(),
    status: described(oneOf(STATUSES), 'The worst of its findings: fail, warn, pass, skip.'),
    summary: described(text(), 'What was found, how much failed, or why it was skipped, in a few words.'),
    startMs: described(wholeNumber(), 'From the start of the run, ms.'),
    durationMs: wholeNumber(),
    findings: list(finding(checks)),
  });

const finding = (checks: readonly Check[]) =>
  object<ReportFinding>({
    id: described(text({ enum: checks.flatMap(idsOf) }), '<check>/<rule> or <check>/<subject>/<rule>.'),
    rule: optional(described(text(), 'The key in the tables of rules: object-storage/<bucket>/access.')),
    subject: optional(described(text(), 'The bucket or queue, where the rule is about each of several.')),
    status: oneOf(STATUSES),
    title: described(text(), 'One line.'),
    detail: described(text(), 'What was observed where that says more than the title, else empty.'),
    expected: optional(text()),
    fix: optional(described(text(), 'What mends it; lines are kept.')),
    fixKind: optional(
      oneOf<FixKind>({
        command: 'can be pasted as it stands; fixLanguage says into what',
        setting: 'a variable of the config and its value',
        advice: 'prose for a person, never to be run',
      }),
    ),
    fixLanguage: optional(oneOf<FixLanguage>({ sh: 'commands for a POSIX shell', sql: 'statements for psql' })),
    docs: optional(text({ format: 'uri' })),
    accepted: optional(described(text(), 'Why the warning was accepted (--accept).')),
    startMs: described(wholeNumber(), 'From the start of the run, ms.'),
    durationMs: wholeNumber(),
    evidence: described(
      map(either(either(text(), flag()), either(number(), list(text())))),
      'Facts, by name. dependsOn: the finding that this one could not be judged for. affected: the findings that the same cause hit.',
    ),
    dependsOn: optional(described(text(), 'The finding that tells why this one was not judged.')),
    affected: optional(
      described(list(text()), 'What the cause hits, this finding included, when that is more than one.'),
    ),
    unknownVariable: optional(described(text(), 'Of a skip: the variable whose value is not known here.')),
    withheldFrom: optional(described(text(), 'Of a skip: where the caller’s credentials were not sent.')),
  });
