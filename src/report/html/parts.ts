/** The parts of a page that reports and matrices share. */
import { createHash } from 'node:crypto';
import type { Leftover } from '../../engine/leftover.ts';
import type { Status } from '../../outcome/status.ts';
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

/** The script shows the button. */
export const copyable = (text: string): Markup =>
  html`<div class="fix"><pre><code>${text}</code></pre><button type="button" hidden>copy</button></div>`;

/** The number of lines that are shown without being opened. */
const MOST_LINES = 10;

/** A list under a line, which is open if it is short. */
export const fold = (says: string, items: readonly Markup[]): Markup =>
  html`<details class="fold card"${items.length <= MOST_LINES && html` open`}><summary>${says}</summary>
<ul class="lines">
${items}</ul></details>`;

/** A line of such a list. */
export const line = (status: Status, word: string, says: Markup): Markup =>
  html`<li class="${status}">${icon(status)}<b>${word}</b> <div class="says">${says}</div></li>
`;

export function leftBehind(leftovers: readonly Leftover[]): Markup | undefined {
  if (leftovers.length === 0) return undefined;
  return html`<section aria-labelledby="left"><h2 id="left">Left behind</h2>
<ul class="notes card">${leftovers.map(({ what, command }) => html`<li><p>${what}</p>${copyable(command)}</li>`)}</ul>
</section>`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const icon = (status: Status): Markup =>
  html`<span class="icon" aria-hidden="true">${ICONS[status].unicode}</span><span class="unseen">${WORDS[status]}: </span>`;

/** An ID that can be broken after its slashes, and before its variable. */
export const named = (id: string): Markup =>
  html`<code>${id.split(/(?<=\/)|(?=\[)/).map((part, index) => html`${index > 0 && html`<wbr>`}${part}`)}</code>`;
