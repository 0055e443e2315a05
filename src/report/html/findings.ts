/** All findings, in a group per check, with a search and filters. */
import { isIssue, type Status } from '../../outcome/status.ts';
import { html, type Markup } from './markup.ts';
import { icon, WORDS } from './parts.ts';
import { MOST_OPEN } from './steps.ts';

const STATUSES = Object.keys(WORDS) as readonly Status[];

export interface Group {
  /** Of the check. */
  readonly id: string;
  readonly status: Status;
  /** Its heading, after the icon. */
  readonly heading: Markup;
  readonly rows: readonly { readonly status: Status; readonly row: Markup }[];
}

/**
 * If something failed, only that is open, and if that is much, nothing: it is in the list of what to fix.
 * @param summary findings by status
 */
export function findable(summary: Readonly<Record<Status, number>>, groups: readonly Group[]): Markup {
  const chips = STATUSES.filter((status) => summary[status] > 0).map(
    (status) =>
      html`<label class="${status}"><input type="checkbox" value="${status}" checked>${WORDS[status]} ${summary[status]}</label>`,
  );
  const isFailed = summary.fail > 0;
  const isLong = summary.fail + summary.warn > MOST_OPEN;
  return html`<section aria-labelledby="findings"><div class="bar"><h2 id="findings" tabindex="-1">All findings</h2>
${isFailed && html`<button type="button" class="unfold" hidden>open all</button>`}</div>
<search class="tools" hidden>
<fieldset><legend class="unseen">Filter by status</legend>${chips}</fieldset>
<label class="text"><span>Search</span><input type="search" placeholder="ID, title or evidence" autocomplete="off" spellcheck="false"></label>
<output role="status"></output>
</search>
<p class="none card" hidden>No matching findings.</p>
${groups.map((group) => groupOf(group, !isFailed || (isIssue(group.status) && !isLong), isFailed))}
</section>`;
}

function groupOf({ id, status, heading, rows }: Group, isOpen: boolean, isFailed: boolean): Markup {
  const first = isFailed ? rows.filter(({ status }) => isIssue(status)) : rows;
  const rest = isFailed ? rows.filter(({ status }) => !isIssue(status)) : [];
  return html`<details class="check card ${status}" id="check-${id}"${isOpen && html` open`}>
<summary><h3>${icon(status)}${heading}</h3></summary>
${first.length > 0 && listOf(first)}
${rest.length > 0 && (first.length > 0 ? html`<details class="rest"><summary>${countsOf(rest)}</summary>${listOf(rest)}</details>` : listOf(rest))}
</details>`;
}

const listOf = (rows: Group['rows']): Markup => html`<ul>
${rows.map(({ row }) => row)}
</ul>`;

/** "9 passed, 2 skipped" */
const countsOf = (rows: Group['rows']): string =>
  STATUSES.map((status) => ({ status, count: rows.filter((row) => row.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${WORDS[status]}`)
    .join(', ');
