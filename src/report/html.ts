/** The report as a self-contained HTML page for desktop, mobile and print. */
import { ENVIRONMENT } from '../config/entry.ts';
import { firstOf, plural } from '../util/format.ts';
import { html, type Markup } from './html/markup.ts';
import { capital, findable, headOf, icon, leftBehind, named, pageOf, step, time } from './html/parts.ts';
import { timeline } from './html/timeline.ts';
import { stepsOf } from './next-steps.ts';
import { countsOf, duration, evidenceOf, hasShellCommands, POSIX_SHELL, verdictOf, withStatus } from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';

export const renderHtml: Render = (report) => {
  const { words } = verdictOf(report);
  return pageOf({
    words,
    tool: report.tool,
    head: head(report),
    main: html`${[...fixing(report), ...leftBehind(report.leftovers)]}
${hasShellCommands(report) && html`<p class="then">${POSIX_SHELL}</p>`}
<section aria-labelledby="times"><h2 id="times">Timeline</h2>
${timeline(report)}
</section>
${changes(report)}
${everything(report)}
${notVerified(report)}`,
  });
};

function head(report: Report): Markup {
  return headOf(verdictOf(report), countsOf(report), [
    ['started', time(report.startedAt)],
    ...known('domain', report.domain),
    ...known('config', report.configFiles && (firstOf(report.configFiles, MOST_FILES) || ENVIRONMENT)),
    ...known('host', report.host),
    ...known(
      'from',
      report.from && (report.from === 'inside' ? 'inside Spacelift’s network' : 'outside Spacelift’s network'),
    ),
    ...(report.readOnly ? known('writes', 'nothing (--read-only)') : []),
    ['phase', html`${report.phase}${report.phaseReason === undefined ? '' : `: ${report.phaseReason}`}`],
    ['service', html`${report.service ?? 'all'}`],
    ...(report.release === undefined ? [] : [['release', html`${releasePhrase(report.release)}`] as const]),
  ]);
}

/** The number of config files that the head names. */
const MOST_FILES = 4;

/** Nothing for reports of earlier versions. */
const known = (term: string, fact: string | undefined): (readonly [string, Markup])[] =>
  fact === undefined ? [] : [[term, html`${fact}`]];

/** Failures, warnings, then accepted warnings. */
function fixing(report: Report): Markup[] {
  const { findings, waiting } = stepsOf(report);
  const accepted = withStatus(report, 'warn').filter((finding) => finding.accepted !== undefined);
  if (findings.length + accepted.length === 0) return [];
  return [
    html`<section aria-labelledby="fix"><h2 id="fix">${report.summary.fail > 0 ? 'What to fix' : 'Warnings'}</h2>
<ol class="steps">
${[...findings, ...accepted].map((finding) => step(finding))}
</ol>
${waiting > 0 && html`<p class="then">Then run it again to check ${plural(waiting, 'skipped finding')}.</p>`}
</section>`,
  ];
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

const everything = ({ summary, checks }: Report): Markup => findable(summary, checks.map(checkOf));

function checkOf({ id, title, status, summary, durationMs, findings }: ReportCheck): Markup {
  return html`<div class="check card ${status}">
<h3 id="check-${id}">${icon(status)}<span>${title}</span> <span class="says">${summary}</span> <span class="time">${duration(durationMs)}</span></h3>
<ul>
${findings.map(row)}
</ul>
</div>`;
}

function row(finding: ReportFinding): Markup {
  const { id, status, title, detail, fix, durationMs, dependsOn } = finding;
  const issue = status === 'fail' || status === 'warn';
  const facts = evidenceOf(finding);
  const more = [
    detail !== '' && html`${detail}`,
    facts !== undefined && html`${facts}`,
    !issue && fix !== undefined && html`${fix}`,
    issue && html`<a href="#fix-${id}">how to fix it</a>`,
    dependsOn !== undefined && html`<a href="#${dependsOn}">the finding it depends on</a>`,
  ].filter((part) => part !== false);
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
