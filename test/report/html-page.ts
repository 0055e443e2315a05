/** The HTML report as a page. */
import { renderHtml } from '../../src/report/html.ts';
import type { Report, ReportFinding } from '../../src/report/report.ts';
import { PLAIN } from '../../src/report/style.ts';
import { type Element, elementsOf } from './page.ts';
import { sampleReport } from './sample.ts';

export const render = (report: Report): string => String(renderHtml(report, PLAIN));

export const pageOf = (report: Report): Element[] => elementsOf(render(report));

export const named = (page: readonly Element[], tag: string) => page.filter(({ tagName }) => tagName === tag);

/** The findings of the first check, as told. */
export async function having(...findings: Partial<ReportFinding>[]): Promise<Report> {
  const report = await sampleReport();
  const [first] = report.checks;
  if (first === undefined) throw new Error('an empty report');
  const blank = {
    id: 'a/b',
    status: 'pass',
    title: 'fine',
    detail: '',
    startMs: 0,
    durationMs: 0,
    evidence: {},
  } as const;
  const check = { ...first, findings: findings.map((finding) => ({ ...blank, ...finding })) };
  return { ...report, durationMs: 100, checks: [check] };
}
