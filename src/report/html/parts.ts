/** The parts of a page that reports and matrices share. */
import { createHash } from 'node:crypto';
import type { Leftover } from '../../engine/cleanup.ts';
import type { Status } from '../../outcome/status.ts';
import { affectedOf, type Explained, isWebAddress } from '../phrases.ts';
import { ICONS } from '../style.ts';
import type { Report } from '../types.ts';
import { html, Markup } from './markup.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** The labels of findings and filters. */
export const WORDS: Readonly<Record<Status, string>> = {
  fail: 'failed',
  warn: 'warning',
  pass: 'passed',
  skip: 'skipped',
};
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

/** @param words the verdict */
export function pageOf({
  words,
  tool,
  head,
  main,
}: {
  readonly words: string;
  readonly tool: Report['tool'];
  readonly head: Markup;
  readonly main: Markup;
}): string {
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
${head}
<main>
${main}
</main>
<footer>${tool.name} ${tool.version}. Reports contain no secret values.</footer>
<div id="said" class="unseen" role="status"></div>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.source;
}

export function headOf(
  { status, words }: { readonly status: Status; readonly words: string },
  counts: string,
  facts: readonly (readonly [term: string, fact: Markup])[],
): Markup {
  return html`<header>
<div class="verdict ${status}">
<div class="mark" aria-hidden="true">${ICONS[status].unicode}</div>
<div><h1><small>Spacelift preflight</small> <b>${words}</b></h1>
<p>${counts}</p></div>
</div>
<dl class="facts">${facts.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>
</header>`;
}

/** @param iso ISO 8601 */
export const time = (iso: string): Markup =>
  html`<time datetime="${iso}">${iso.replace('T', ' ').slice(0, 19)} UTC</time>`;

/**
 * A card with everything about a failure or warning.
 * @param more terms before the others
 * @param anchor of its row
 */
export function step(
  finding: Explained & { readonly status: Status },
  more: readonly (readonly [term: string, says: string | undefined])[] = [],
  anchor = finding.id,
): Markup {
  const { id, status, title, detail, expected, accepted, docs } = finding;
  const terms: readonly (readonly [string, Markup | string | undefined])[] = [
    ...more,
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['fix', fixOf(finding)],
    ['accepted', accepted],
    ['docs', docs === undefined ? undefined : link(docs)],
  ];
  return html`<li class="step card ${status}" id="fix-${anchor}">
<div class="where"><b>${WORDS[status]}</b> <a href="#${anchor}">${named(id)}</a></div>
<h3>${title}</h3>
${detail !== '' && html`<p>${detail}</p>`}
<dl class="terms">${terms.map(([term, says]) => html`${says && html`<dt>${term}</dt><dd>${says}</dd>`}`)}</dl>
</li>`;
}

/** Only commands and settings can be copied. */
function fixOf({ fix, fixKind }: Explained): Markup | undefined {
  if (fix === undefined) return undefined;
  return fixKind === 'command' || fixKind === 'setting' ? copyable(fix) : html`${fix}`;
}

/** The script shows the button. */
const copyable = (text: string): Markup =>
  html`<div class="fix"><pre><code>${text}</code></pre><button type="button" hidden>copy</button></div>`;

const link = (url: string): Markup =>
  isWebAddress(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : html`${url}`;

export function leftBehind(leftovers: readonly Leftover[]): Markup[] {
  if (leftovers.length === 0) return [];
  return [
    html`<section aria-labelledby="left"><h2 id="left">Left behind</h2>
<ul class="notes card">${leftovers.map(({ what, command }) => html`<li><p>${what}</p>${copyable(command)}</li>`)}</ul>
</section>`,
  ];
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** All findings, with a search and filters. @param summary findings by status */
export function findable(summary: Readonly<Record<Status, number>>, checks: readonly Markup[]): Markup {
  const chips = STATUSES.filter((status) => summary[status] > 0).map(
    (status) =>
      html`<label class="${status}"><input type="checkbox" value="${status}" checked>${WORDS[status]} ${summary[status]}</label>`,
  );
  return html`<section aria-labelledby="findings"><h2 id="findings" tabindex="-1">All findings</h2>
<search class="tools" hidden>
<fieldset><legend class="unseen">Filter by status</legend>${chips}</fieldset>
<label class="text"><span>Search</span><input type="search" placeholder="ID, title or evidence" autocomplete="off" spellcheck="false"></label>
<output role="status"></output>
</search>
<p class="none card" hidden>No matching findings.</p>
${checks}
</section>`;
}

export const icon = (status: Status): Markup =>
  html`<span class="icon" aria-hidden="true">${ICONS[status].unicode}</span><span class="unseen">${WORDS[status]}: </span>`;

/** An ID that can be broken after its slashes, and before its variable. */
export const named = (id: string): Markup =>
  html`<code>${id.split(/(?<=\/)|(?=\[)/).map((part, index) => html`${index > 0 && html`<wbr>`}${part}`)}</code>`;
