/** What a report is of: the facts in the head of the page. */

import { ENVIRONMENT } from '../../config/entry.ts';
import { firstOf } from '../../util/format.ts';
import { decisionLines } from '../accepted.ts';
import { releasePhrase } from '../release.ts';
import type { Report } from '../types.ts';

export type Fact = readonly [term: string, says: string];

/** The number of config files that it names. */
const MOST_FILES = 4;

export const factsOf = (report: Report): Fact[] => [
  ...known('domain', report.domain),
  ...known('config', report.configFiles && (firstOf(report.configFiles, MOST_FILES) || ENVIRONMENT)),
  ...known('host', report.host),
  ...known(
    'from',
    report.from && (report.from === 'inside' ? 'inside Spacelift’s network' : 'outside Spacelift’s network'),
  ),
  ...(report.readOnly ? known('writes', 'nothing (--read-only)') : []),
  ['phase', `${report.phase}${report.phaseReason === undefined ? '' : `: ${report.phaseReason}`}`],
  ['service', report.service ?? 'all'],
  ...known('release', report.release && releasePhrase(report.release)),
  ...decisionLines(report.decisions).flatMap((line) => known('decisions', line)),
];

/** Nothing for reports of earlier versions. */
const known = (term: string, fact: string | undefined): Fact[] => (fact === undefined ? [] : [[term, fact]]);

/** What is true of all of them. */
export function commonFacts(reports: readonly Report[]): Fact[] {
  const [first = [], ...others] = reports.map(factsOf);
  return first.filter(([term, says]) =>
    others.every((facts) => facts.some((fact) => fact[0] === term && fact[1] === says)),
  );
}
