/** The report as a self-contained HTML page for desktop, mobile and print. */
import { isIssue } from '../outcome/status.ts';
import { fixesOf } from './fixes.ts';
import { changeById, changesSince } from './html/changes.ts';
import { factsOf } from './html/facts.ts';
import { findable, type Group } from './html/findings.ts';
import { inProgress } from './html/in-progress.ts';
import { html, type Markup } from './html/markup.ts';
import { capital, headOf, icon, leftBehind, named, pageOf, time } from './html/parts.ts';
import { canBePasted, fixing, fixOf } from './html/steps.ts';
import { timeline } from './html/timeline.ts';
import { stepsOf } from './next-steps.ts';
import { countsOf, duration, evidenceOf, hasShellCommands, POSIX_SHELL, verdictOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';

export const renderHtml: Render = (report) => {
  const verdict = verdictOf(report);
  return pageOf({
    words: verdict.words,
    tool: report.tool,
    head: headOf(verdict, countsOf(report), [
      ['started', time(report.startedAt)],
      ...factsOf(report).map(([term, says]) => [term, html`${says}`] as const),
    ]),
    main: html`${inProgress([{ report }])}
${toFix(report)}
${leftBehind(report.leftovers)}
${hasShellCommands(report) && html`<p class="then">${POSIX_SHELL}</p>`}
${changesSince(report)}
<section aria-labelledby="times"><h2 id="times">Timeline</h2>
${timeline(report)}
</section>
${changes(report)}
${findable(report.summary, report.checks.map(groupOf))}
${notVerified(report)}`,
  });
};

/** Failures, warnings, then accepted warnings. */
function toFix(report: Report): Markup | undefined {
  const { findings, waiting } = stepsOf(report);
  const accepted = withStatus(report, 'warn').filter((finding) => finding.accepted !== undefined);
  const changeOf = changeById(report);
  return fixing({
    steps: [...findings, ...accepted].map((finding) => ({ finding, change: changeOf(finding.id) })),
    failures: report.summary.fail,
    script: scriptOf(report, findings),
    waiting,
  });
}

/** Nothing for a single fix, which can be copied where it is. */
function scriptOf(report: Report, findings: readonly ReportFinding[]): string | undefined {
  const pasted = new Set(findings.flatMap(({ fix = [], ...finding }) => (canBePasted(finding) ? fix : [])));
  return pasted.size > 1 ? fixesOf(report) : undefined;
}

/** What is different in the release that an upgrade leads to. */
function changes({ release }: Report): Markup | undefined {
  const title = release && changesTitle(release);
  if (title === undefined) return undefined;
  const items = (release?.changes ?? []).map(
    (change) => html`<li><p><b>${changePhrase(change)}</b></p>
${change.action !== undefined && html`<p class="quiet">${change.action}</p>`}</li>`,
  );
  return html`<section aria-labelledby="changes"><h2 id="changes">${capital(title)}</h2>
${items.length > 0 && html`<ul class="notes card">${items}</ul>`}
</section>`;
}

const groupOf = ({ id, title, status, summary, durationMs, findings }: ReportCheck): Group => ({
  id,
  status,
  heading: html`<span>${title}</span> <span class="says">${summary}</span> <span class="time">${duration(durationMs)}</span>`,
  rows: findings.map((finding) => ({ status: finding.status, row: row(finding) })),
});

function row(finding: ReportFinding): Markup {
  const { id, status, title, detail, fix, durationMs, dependsOn } = finding;
  const issue = isIssue(status);
  const facts = evidenceOf(finding);
  const more = [
    detail !== '' && html`${detail}`,
    facts !== undefined && html`${facts}`,
    !issue && fix !== undefined && fixOf(finding),
    issue && html`<a href="#fix-${id}">how to fix it</a>`,
    dependsOn !== undefined && html`<a href="#${dependsOn}">the finding it depends on</a>`,
  ].filter((part) => part !== false && part !== undefined);
  return html`<li class="row ${status}" id="${id}" data-status="${status}">
${icon(status)}${named(id)} <div class="says"><span class="title">${title}</span>
${more.map((part) => html`<div class="more">${part}</div>`)}</div>
<span class="time">${duration(durationMs)}</span>
</li>`;
}

function notVerified({ notVerified }: Report): Markup {
  const items = notVerified.map(
    ({ title, detail, fix }) => html`<li><p><b>${title}</b>: ${detail}</p><p class="quiet">${fix}</p></li>`,
  );
  return html`<section aria-labelledby="unverified"><h2 id="unverified">Not verified</h2>
<ul class="notes card">${items}</ul>
</section>`;
}
