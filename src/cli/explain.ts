/** `explain`: describes one rule from the table of rules, or lists all of them. */
import { CHECKS } from '../app/checks.ts';
import { type AssumedRelease, assumeRelease, tagIn } from '../config/assumed-release.ts';
import { InputError } from '../config/entry.ts';
import { CHANGES } from '../config/releases.ts';
import { processSource } from '../config/sources/process.ts';
import { type Check, idsOf, type Rule, withSubject } from '../engine/check.ts';
import { partsOf } from '../engine/finding-id.ts';
import { quoted, suggest } from '../engine/select.ts';
import { releasePhrase } from '../report/release.ts';
import { loadWidths, type PrintedFix, padTo, shellFix, wrap, wrapFix } from '../report/wrap.ts';
import type { ExplainArguments } from './options.ts';

/** An example that starts with one of these, or with one of a check's own, is a shell command. */
const PROGRAMS: ReadonlySet<string> = new Set([
  ...['curl', 'dig', 'docker', 'getent', 'helm', 'kubectl', 'nc', 'openssl', 'psql', 'spacelift-preflight'],
  ...['terraform', 'tofu'],
  ...CHECKS.flatMap(({ programs = [] }) => programs),
]);
const WIDTH = 80;
const LABEL = 16;

/** @throws InputError if there is no rule or check with that ID */
export async function explain(
  host: NodeJS.Process,
  id: string | undefined,
  { release }: ExplainArguments,
): Promise<void> {
  await loadWidths();
  const assumed = assumeRelease(tagIn(new Map(), [processSource(host.env)]), release);
  host.stdout.write(`${textFor(id, assumed).join('\n')}\n`);
}

function textFor(id: string | undefined, assumed: AssumedRelease): string[] {
  if (id === undefined)
    return [...CHECKS.flatMap(list), 'To learn more about a rule, run: spacelift-preflight explain <id>'];
  const { base } = partsOf(id);
  const check = CHECKS.find((candidate) => candidate.id === id);
  if (check !== undefined) return list(check).slice(0, -1);
  for (const candidate of CHECKS) {
    const key = base.startsWith(`${candidate.id}/`) ? keyOf(candidate, base) : undefined;
    const rule = key === undefined ? undefined : candidate.rules[key];
    if (rule !== undefined) return describe(base, rule, releaseLine(`${candidate.id}/${key}`, assumed));
  }
  const ids = CHECKS.flatMap((candidate) => [candidate.id, ...idsOf(candidate)]);
  throw new InputError(`explain ${quoted(id, ids)}: no such rule${suggest(id, ids)}`);
}

/** The key of the rule with this ID, as it is in the table or with a subject filled in. */
function keyOf(check: Check, id: string): string | undefined {
  const forms = (key: string) => [undefined, ...(check.subjects ?? [])].map((subject) => withSubject(key, subject));
  return Object.keys(check.rules).find((key) => forms(key).includes(id.slice(check.id.length + 1)));
}

function list(check: Check): string[] {
  const rows = Object.entries(check.rules).map(([key, rule]) => ({ id: `${check.id}/${key}`, title: rule.title }));
  const column = Math.max(...rows.map(({ id }) => id.length)) + 2;
  return [check.title, ...rows.map(({ id, title }) => `  ${padTo(id, column)}${title}`), ''];
}

/** The assumed release, and what changes the rule with other ones. */
function releaseLine(key: string, assumed: AssumedRelease): string {
  const { release, source, reason } = assumed;
  const phrase = releasePhrase({ version: release?.text ?? null, source, reason });
  const changes = CHANGES.filter(({ rules }) => rules?.includes(key) === true);
  return [phrase, ...changes.map(({ since, change }) => `since ${since}, ${change}`)].join('; ');
}

function describe(id: string, rule: Rule, release: string): string[] {
  const rows = [
    ['What it does', rule.procedure],
    ['Why it matters', rule.rationale],
    ['Permission', rule.permission],
    ['Fix', rule.fix],
    ['Documentation', rule.docs],
    ['Release', release],
  ] as const;
  const labelled = (label: string, lines: readonly string[]) =>
    lines.map((line, index) => `  ${padTo(index === 0 ? label : '', LABEL)}${line}`);
  const { found, fix } = rule.example;
  return [
    id,
    ...wrap(rule.title, WIDTH),
    '',
    ...rows.flatMap(([label, text]) => (text === undefined ? [] : labelled(label, wrap(text, WIDTH - LABEL - 2)))),
    '',
    ...labelled('Example', wrap(found, WIDTH - LABEL - 2)),
    ...labelled(
      '  fix',
      fix.split('\n').flatMap((line) => wrapFix(asWritten(line), WIDTH - LABEL - 2)),
    ),
  ];
}

/** The table's examples are plain text. */
const asWritten = (line: string): PrintedFix => (isCommand(line) ? shellFix(line) : { fix: line, fixKind: 'advice' });
const isCommand = (line: string): boolean => PROGRAMS.has(/^(\S+) /.exec(line)?.[1] ?? '');
