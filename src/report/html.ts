/** The report as a self-contained HTML page for desktop, mobile and print. */
import { createHash } from 'node:crypto';
import type { Status } from '../outcome/status.ts';
import { plural } from '../util/format.ts';
import { html, Markup } from './html/markup.ts';
import { SCRIPT } from './html/script.ts';
import { STYLE } from './html/style.ts';
import { timeline } from './html/timeline.ts';
import { stepsOf } from './next-steps.ts';
import {
  affectedOf,
  countsOf,
  duration,
  evidenceOf,
  hasShellCommands,
  POSIX_SHELL,
  verdictOf,
  withStatus,
} from './phrases.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Render } from './render.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';
import { ICONS } from './style.ts';

/** The labels of findings and filters. */
const WORDS: Readonly<Record<Status, string>> = { fail: 'failed', warn: 'warning', pass: 'passed', skip: 'skipped' };
const STATUSES = Object.keys(WORDS) as readonly Status[];

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
/** Loads nothing, and runs only the inline script. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export const renderHtml: Render = (report) => {
  const { words } = verdictOf(report);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${words}: spacelift-preflight</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip-link" href="#findings">Skip to findings</a>
${head(report)}
<main>
${[...fixing(report), ...leftBehind(report)]}
${hasShellCommands(report) && html`<p class="then">${POSIX_SHELL}</p>`}
<section aria-labelledby="times"><h2 id="times">Timeline</h2>
${timeline(report)}
</section>
${changes(report)}
${everything(report)}
${notVerified(report)}
</main>
<footer>${report.tool.name} ${report.tool.version}. Reports contain no secret values.</footer>
<div id="said" class="unseen" role="status"></div>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.source;
};

function head(report: Report): Markup {
  const { status, words } = verdictOf(report);
  const facts = [
    [
      'started',
      html`<time datetime="${report.startedAt}">${report.startedAt.replace('T', ' ').slice(0, 19)} UTC</time>`,
    ],
    ['phase', html`${report.phase}`],
    ['service', html`${report.service ?? 'all'}`],
    ...(report.release === undefined ? [] : [['release', html`${releasePhrase(report.release)}`] as const]),
  ] as const;
  return html`<header>
<div class="verdict ${status}">
<div class="mark" aria-hidden="true">${ICONS[status].unicode}</div>
<div><h1><small>Spacelift preflight</small> <b>${words}</b></h1>
<p>${countsOf(report)}</p></div>
</div>
<dl class="facts">${facts.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>
</header>`;
}

/** Failures, warnings, then accepted warnings. */
function fixing(report: Report): Markup[] {
  const { findings, waiting } = stepsOf(report);
  const accepted = withStatus(report, 'warn').filter((finding) => finding.accepted !== undefined);
  if (findings.length + accepted.length === 0) return [];
  return [
    html`<section aria-labelledby="fix"><h2 id="fix">${report.summary.fail > 0 ? 'What to fix' : 'Warnings'}</h2>
<ol class="steps">
${[...findings, ...accepted].map(step)}
</ol>
${waiting > 0 && html`<p class="then">Then run it again to check ${plural(waiting, 'skipped finding')}.</p>`}
</section>`,
  ];
}

function step(finding: ReportFinding): Markup {
  const { id, status, title, detail, expected, accepted, docs } = finding;
  const terms = [
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['fix', fixOf(finding)],
    ['accepted', accepted],
    ['docs', docs && link(docs)],
  ] as const;
  return html`<li class="step card ${status}" id="fix-${id}">
<div class="where"><b>${WORDS[status]}</b> <a href="#${id}">${named(id)}</a></div>
<h3>${title}</h3>
${detail !== '' && html`<p>${detail}</p>`}
<dl class="terms">${terms.map(([term, says]) => html`${says && html`<dt>${term}</dt><dd>${says}</dd>`}`)}</dl>
</li>`;
}

/** Only commands and settings can be copied. */
function fixOf({ fix, fixKind }: ReportFinding): Markup | undefined {
  if (fix === undefined) return undefined;
  return fixKind === 'command' || fixKind === 'setting' ? copyable(fix) : html`${fix}`;
}

/** The script shows the button. */
const copyable = (text: string): Markup =>
  html`<div class="fix"><pre><code>${text}</code></pre><button type="button" hidden>copy</button></div>`;

/** Only http(s) addresses become links. */
const link = (url: string): Markup =>
  /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : html`${url}`;

function leftBehind({ leftovers }: Report): Markup[] {
  if (leftovers.length === 0) return [];
  return [
    html`<section aria-labelledby="left"><h2 id="left">Left behind</h2>
<ul class="notes card">${leftovers.map(({ what, command }) => html`<li><p>${what}</p>${copyable(command)}</li>`)}</ul>
</section>`,
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

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

function everything(report: Report): Markup {
  const present = STATUSES.filter((status) => report.summary[status] > 0);
  const chips = present.map(
    (status) =>
      html`<label class="${status}"><input type="checkbox" value="${status}" checked>${WORDS[status]} ${report.summary[status]}</label>`,
  );
  return html`<section aria-labelledby="findings"><h2 id="findings" tabindex="-1">All findings</h2>
<search class="tools" hidden>
<fieldset><legend class="unseen">Filter by status</legend>${chips}</fieldset>
<label class="text"><span>Search</span><input type="search" placeholder="ID, title or evidence" autocomplete="off" spellcheck="false"></label>
<output role="status"></output>
</search>
<p class="none card" hidden>No matching findings.</p>
${report.checks.map(checkOf)}
</section>`;
}

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

const icon = (status: Status): Markup =>
  html`<span class="icon" aria-hidden="true">${ICONS[status].unicode}</span><span class="unseen">${WORDS[status]}: </span>`;

/** An ID that can be broken after its slashes, and before its variable. */
const named = (id: string): Markup =>
  html`<code>${id.split(/(?<=\/)|(?=\[)/).map((part, index) => html`${index > 0 && html`<wbr>`}${part}`)}</code>`;

function notVerified({ notVerified }: Report): Markup {
  const items = notVerified.map(
    ({ title, detail, fix }) => html`<li><p><b>${title}</b>: ${detail}</p><p class="quiet">${fix}</p></li>`,
  );
  return html`<section aria-labelledby="unverified"><h2 id="unverified">Not verified</h2>
<ul class="notes card">${items}</ul>
</section>`;
}
