/** Groups skips by reason, so that the report can explain them in few lines. */
import { partsOf } from '../engine/finding-id.ts';
import { plural } from '../util/format.ts';
import type { ReportFinding } from './report.ts';
import { reasonOf, reasonsOf } from './summary.ts';

export type Skipped = Pick<ReportFinding, 'id' | 'title' | 'dependsOn'>;

export interface SkipGroup<T> {
  readonly reason: string;
  /** The ID of a single finding, otherwise their number and rules. */
  readonly who: string;
  readonly findings: readonly T[];
}

/** The number of words in which two reasons of one rule can differ: the names of buckets, hosts and so on. */
const NAMES = 2;

/** In the order in which the reasons first occur. */
export function groupSkips<T extends Skipped>(findings: readonly T[]): SkipGroup<T>[] {
  const groups: { rule: string; findings: T[] }[] = [];
  for (const finding of findings) {
    const group = groups.find(({ rule, findings: [first] }) => {
      if (first === undefined) return false;
      if (isDependent(first) && isDependent(finding)) return true;
      return reasonOf(first) === reasonOf(finding) || (rule === ruleOf(finding) && differInNames(first, finding));
    });
    if (group === undefined) groups.push({ rule: ruleOf(finding), findings: [finding] });
    else group.findings.push(finding);
  }
  return groups.map((group) => ({
    reason: commonReason(group.findings),
    who: whoOf(group.findings),
    findings: group.findings,
  }));
}

function commonReason(findings: readonly Skipped[]): string {
  const [first] = findings;
  if (first === undefined) return '';
  const reason = reasonOf(first);
  if (findings.length === 1) return reason;
  const reasons = reasonsOf(findings).size;
  if (!isDependent(first)) return reasons === 1 ? reason : `${reason} (same for ${plural(reasons - 1, 'other')})`;
  return reasons === 1
    ? `they ${reason.replace(/^depends/, 'depend')}`
    : `they depend on the ${reasons} failures above`;
}

/** Skipped because another finding failed. */
const isDependent = (finding: Skipped): boolean => reasonOf(finding) !== finding.title;

function whoOf(findings: readonly Skipped[]): string {
  const [first] = findings;
  if (findings.length === 1 && first !== undefined) return first.id;
  const rules = [...new Set(findings.map(ruleOf))];
  return `${findings.length} skipped${rules.length <= 3 ? ` (${rules.join(', ')})` : ''}`;
}

const ruleOf = ({ id }: Skipped): string => partsOf(id).base.split('/').at(-1) ?? id;

function differInNames(a: Skipped, b: Skipped): boolean {
  const [left, right] = [a, b].map((finding) => reasonOf(finding).split(' ')) as [string[], string[]];
  if (left.length !== right.length) return false;
  const names = left.filter((word, index) => word !== right[index]).length;
  return names <= NAMES && names < left.length / 2;
}

/** The number of reasons in one line. */
const MOST_REASONS = 3;
/** The number of IDs in one line; more are named by their checks. */
const MOST_IDS = 4;

/** "5 skipped: they depend on the 2 failures above (4); Spacelift is not installed yet (1)"; `undefined` without skips. */
export function skippedInShort(findings: readonly Skipped[]): string | undefined {
  if (findings.length === 0) return undefined;
  const groups = groupSkips(findings).toSorted((a, b) => b.findings.length - a.findings.length);
  const shown = groups.slice(0, groups.length > MOST_REASONS ? MOST_REASONS - 1 : MOST_REASONS);
  const rest = groups.slice(shown.length).flatMap((group) => group.findings.map(({ id }) => id));
  const checks = new Set(rest.map((id) => id.slice(0, id.indexOf('/'))));
  const named = [...(rest.length > MOST_IDS ? checks : rest)].join(', ');
  const reasons = [
    ...shown.map(({ reason, findings: those }) => (groups.length === 1 ? reason : `${reason} (${those.length})`)),
    ...(rest.length > 0 ? [`for other reasons, shown without -q: ${named} (${rest.length})`] : []),
  ];
  return `${findings.length} skipped: ${reasons.join('; ').replace(/(^|; )skipped /g, '$1')}`;
}
