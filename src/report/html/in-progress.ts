/** What was being checked when a run was interrupted. */
import { duration } from '../phrases.ts';
import type { Report } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { fold, line, named } from './parts.ts';

/** Nothing if it is not known. @param runs with the names of the columns of a matrix */
export function inProgress(runs: readonly { readonly run?: string; readonly report: Report }[]): Markup | undefined {
  const items = runs.flatMap(({ run, report }) =>
    report.checks
      .flatMap(({ findings }) => findings.filter((finding) => finding.inProgress === true))
      .map(({ id, durationMs }) =>
        line(
          'skip',
          `for ${duration(durationMs)}`,
          run === undefined ? html`<a href="#${id}">${named(id)}</a>` : html`${run}: ${named(id)}`,
        ),
      ),
  );
  if (items.length === 0) return undefined;
  const many = items.length > 1;
  return html`<section aria-labelledby="interrupted"><h2 id="interrupted">Interrupted</h2>
${fold(`${items.length} ${many ? 'rules were' : 'rule was'} being checked, and ${many ? 'have' : 'has'} no result`, items)}
</section>`;
}
