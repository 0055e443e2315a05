/** SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS), for reports and for matrices. */
import { createHash } from 'node:crypto';
import { DOCS } from '../../config/docs.ts';
import { acceptancePhrase } from '../accepted.ts';
import { changesOf } from '../comparison/phrases.ts';
import type { Comparison } from '../comparison/types.ts';
import { escapedProse } from '../markdown/prose.ts';
import { proseOf } from '../phrases.ts';
import type { DescribeRule, RuleText } from '../render.ts';
import type { Explained, Report } from '../types.ts';
import { ROOT } from './locations.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** A failure or a warning. */
export interface Result {
  readonly finding: Explained;
  readonly status: 'fail' | 'warn';
  /** The key of the rule, such as `object-storage/<bucket>/access`. */
  readonly rule: string;
  /** What tells it apart from the other results, in this run and in the next ones. */
  readonly identity: readonly string[];
  readonly locations: readonly object[];
  /** Rows of the message before the others. */
  readonly rows?: readonly (readonly [label: string, text: string | undefined])[];
}

/** The run as a whole. */
export interface About {
  readonly tool: Report['tool'];
  /** The services that were checked together: each has its own results on GitHub. */
  readonly category: string;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly durationMs: number;
  readonly isComplete: boolean;
  readonly notes: readonly { readonly level: 'note' | 'warning'; readonly text: string }[];
  readonly properties: Readonly<Record<string, string>>;
}

/** What changed since the baseline, if there is one. */
export function changeNotes(document: { readonly comparison?: Comparison }): About['notes'] {
  const lines = changesOf(document);
  return lines.length === 0 ? [] : [{ level: 'note', text: lines.join('\n') }];
}

const LEVELS = { fail: 'error', warn: 'warning' } as const;

export function documentOf(results: readonly Result[], about: About, describe: DescribeRule): object {
  const { tool, category, startedAt, durationMs, isComplete, notes, properties } = about;
  const groups = [...Map.groupBy(results, ({ rule }) => rule)];
  const indexes = new Map(groups.map(([rule], index) => [rule, index]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: tool.name,
            version: tool.version,
            semanticVersion: tool.version,
            informationUri: DOCS.dependencies,
            rules: groups.map(([rule, those]) => ruleOf(rule, those, describe(rule))),
          },
        },
        automationDetails: { id: `${tool.name}/${category}/` },
        originalUriBaseIds: { [ROOT]: { description: { text: `the directory in which ${tool.name} ran` } } },
        invocations: [
          {
            executionSuccessful: isComplete,
            ...(startedAt !== null && timesOf(startedAt, durationMs)),
            toolExecutionNotifications: notes.map(({ level, text }) => ({ level, message: { text: unlinked(text) } })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        properties,
        results: results.map((result) => resultOf(result, indexes.get(result.rule) ?? 0)),
      },
    ],
  };
}

function resultOf({ finding, status, rule, identity, locations, rows = [] }: Result, ruleIndex: number): object {
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[status],
    message: { text: unlinked([finding.title, ...proseOf(finding, rows)].join('\n')) },
    locations,
    // GitHub reads only the first, and would otherwise make one from the line, which moves.
    partialFingerprints: { primaryLocationLineHash: `${hash.slice(0, 16)}:1`, 'findingId/v1': hash },
    suppressions:
      finding.accepted === undefined
        ? []
        : [{ kind: 'external', status: 'accepted', justification: unlinked(acceptancePhrase(finding) ?? '') }],
    properties: { id: finding.id },
  };
}

function ruleOf(id: string, results: readonly Result[], text: RuleText | undefined): object {
  const defaultConfiguration = { level: LEVELS[results.some(({ status }) => status === 'fail') ? 'fail' : 'warn'] };
  if (text === undefined) {
    const unknown = { text: 'A rule of another version of the tool; its results describe it.' };
    return { id, shortDescription: { text: id }, fullDescription: unknown, help: unknown, defaultConfiguration };
  }
  const { title, rationale, docs } = text;
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: rationale },
    help: {
      text: helpOf(text, (label) => `${label}: `, String),
      markdown: helpOf(text, (label) => `**${label}:** `, escapedProse),
    },
    helpUri: docs,
    defaultConfiguration,
    properties: { tags: ['spacelift', id.slice(0, id.indexOf('/'))] },
  };
}

function helpOf(
  { procedure, rationale, permission, fix, docs }: RuleText,
  labelled: (label: string) => string,
  written: (text: string) => string,
): string {
  const rows = [
    ['Fix', fix],
    ['What it does', procedure],
    ['Why it matters', rationale],
    ...(permission === undefined ? [] : [['Permission', permission] as const]),
  ] as const;
  return [
    ...rows.map(([label, text]) => `${labelled(label)}${written(text)}`),
    `${labelled('Documentation')}${docs}`,
  ].join('\n\n');
}

const timesOf = (startedAt: string, durationMs: number) => ({
  startTimeUtc: startedAt,
  endTimeUtc: new Date(Date.parse(startedAt) + durationMs).toISOString(),
});

/** A message may contain links, `[text](target)` (3.11.6): a text from outside must not become one. */
const unlinked = (text: string): string => text.replaceAll('](', '] (');
