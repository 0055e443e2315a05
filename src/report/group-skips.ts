/** Many skips, few reasons: what an engineer needs to know of them in as few lines as possible. */
import type { ReportFinding } from './report.ts';
import { reasonOf } from './summary.ts';

export interface SkipGroup {
  readonly reason: string;
  /** The id of one, or how many and of which rules. */
  readonly who: string;
  readonly findings: readonly ReportFinding[];
}

/** Words in which two reasons may differ and still be one: the names of what each is about. */
const NAMES = 2;
const ELLIPSIS = '…';

/** In the order in which the reasons first occur. */
export function groupSkips(findings: readonly ReportFinding[]): SkipGroup[] {
  const groups: { reason: string; rule: string; findings: ReportFinding[] }[] = [];
  for (const finding of findings) {
    const reason = reasonOf(finding);
    const rule = ruleOf(finding);
    const group = groups.find(
      (candidate) => candidate.reason === reason || (candidate.rule === rule && common(candidate.reason, reason)),
    );
    if (group === undefined) groups.push({ reason, rule, findings: [finding] });
    else {
      group.reason = common(group.reason, reason) ?? reason;
      group.findings.push(finding);
    }
  }
  return groups.map((group) => ({ reason: group.reason, who: whoOf(group.findings), findings: group.findings }));
}

function whoOf(findings: readonly ReportFinding[]): string {
  const [first] = findings;
  if (findings.length === 1 && first !== undefined) return first.id;
  const rules = [...new Set(findings.map(ruleOf))];
  return `${findings.length} skipped${rules.length <= 3 ? ` (${rules.join(', ')})` : ''}`;
}

const ruleOf = ({ id }: ReportFinding): string => id.slice(id.lastIndexOf('/') + 1);

/** What two reasons have in common, when they differ in names alone. */
function common(a: string, b: string): string | undefined {
  if (a === b) return a;
  const [left, right] = [a.split(' '), b.split(' ')];
  if (left.length !== right.length) return undefined;
  const merged = left.map((word, index) => (word === right[index] ? word : blank(word, right[index] ?? '')));
  const names = merged.filter((word) => word.startsWith(ELLIPSIS)).length;
  return names <= NAMES && names < merged.length / 2 ? merged.join(' ') : undefined;
}

/** Punctuation after a name stays. */
function blank(a: string, b: string): string {
  const end = /[:,;]$/.exec(a)?.[0] ?? '';
  return ELLIPSIS + (b.endsWith(end) ? end : '');
}
