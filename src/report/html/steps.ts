/** What to fix: a list that is open if it is short, with an anchor for each failure. */
import type { Status } from '../../outcome/status.ts';
import { plural } from '../../util/format.ts';
import { acceptancePhrase } from '../accepted.ts';
import { affectedOf, isWebAddress } from '../phrases.ts';
import type { Explained } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { copyable, named, WORDS } from './parts.ts';

/** With more, only the titles are shown until they are opened. */
export const MOST_OPEN = 5;

/** A failure or warning of the list. */
export interface Step {
  readonly finding: Explained & { readonly status: Status };
  /** Of its row; default: its ID. */
  readonly anchor?: string | undefined;
  /** Terms before the others. */
  readonly rows?: readonly (readonly [term: string, says: string | undefined])[];
  /** What became of it since the baseline: "new", "changed". */
  readonly change?: string | undefined;
}

interface Steps {
  readonly steps: readonly Step[];
  readonly failures: number;
  /** The fixes as a script; none for reports of others. */
  readonly script?: string | undefined;
  /** The findings that can be checked afterward. */
  readonly waiting?: number;
}

/** Nothing if there is nothing to fix. */
export function fixing({ steps, failures, script, waiting = 0 }: Steps): Markup | undefined {
  if (steps.length === 0) return undefined;
  const isOpen = steps.length <= MOST_OPEN;
  return html`<section aria-labelledby="fix"><div class="bar"><h2 id="fix">${failures > 0 ? 'What to fix' : 'Warnings'}</h2>
${script !== undefined && html`<button type="button" class="all" hidden>copy all fixes</button>`}
${!isOpen && html`<button type="button" class="unfold" hidden>open all</button>`}</div>
<ol class="steps">
${steps.map((step) => stepOf(step, isOpen))}
</ol>
${script !== undefined && scripted(script)}
${waiting > 0 && html`<p class="then">Then run it again to check ${plural(waiting, 'skipped finding')}.</p>`}
</section>`;
}

const scripted = (script: string): Markup => html`<details class="script card">
<summary>All fixes as a Bash script, to review and run</summary>
<p class="quiet">Settings, advice, and commands that remove or replace something are comments in it.</p>
${copyable(script)}
</details>`;

function stepOf({ finding, rows = [], anchor = finding.id, change }: Step, isOpen: boolean): Markup {
  const { id, status, title, detail, expected, docs } = finding;
  const terms: readonly (readonly [string, Markup | string | undefined])[] = [
    ...rows,
    ['affects', affectedOf(finding)],
    ['expected', expected],
    ['fix', fixOf(finding)],
    ['accepted', acceptancePhrase(finding)],
    ['docs', docs === undefined ? undefined : link(docs)],
    ['finding', html`<a href="#${anchor}">${named(id)}</a>`],
  ];
  return html`<li><details class="step card ${status}" id="fix-${anchor}"${isOpen && html` open`}>
<summary><div class="where"><b>${WORDS[status]}</b> ${named(id)}${change !== undefined && html` <span class="change">${change}</span>`}</div>
<h3>${title}</h3></summary>
${detail !== '' && html`<p>${detail}</p>`}
<dl class="terms">${terms.map(([term, says]) => html`${says && html`<dt>${term}</dt><dd>${says}</dd>`}`)}</dl>
</details></li>`;
}

/** Only commands and settings; advice is prose. */
export const canBePasted = ({ fixKind }: Pick<Explained, 'fixKind'>): boolean =>
  fixKind === 'command' || fixKind === 'setting';

export function fixOf(finding: Pick<Explained, 'fix' | 'fixKind'>): Markup | undefined {
  const { fix } = finding;
  if (fix === undefined) return undefined;
  return canBePasted(finding) ? copyable(fix) : html`${fix}`;
}

const link = (url: string): Markup =>
  isWebAddress(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : html`${url}`;
