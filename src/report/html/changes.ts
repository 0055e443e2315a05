/** What changed since the baseline, in a report or a matrix. */
import { changesIn, comparedWith, iconOf, nameOf, sidesOf, slowerOf, wordOf } from '../comparison/phrases.ts';
import type { ChangedFinding, Comparison } from '../comparison/types.ts';
import { html, type Markup } from './markup.ts';
import { capital, fold, line } from './parts.ts';

type Compared = { readonly comparison?: Comparison };

export function changesSince({ comparison }: Compared): Markup | undefined {
  if (comparison === undefined) return undefined;
  const { findings, facts, slower, notes } = comparison;
  const items = [
    ...notes.map((note) => line('warn', 'note', html`${note}`)),
    ...findings.map((finding) => line(iconOf(finding), wordOf(finding), changed(finding))),
    ...facts.map((fact) => line('pass', 'differs', html`${nameOf(fact)}: ${fact.before} → ${fact.after}`)),
    ...sidesOf(comparison).map((text) => line('pass', 'differs', html`${text}`)),
    ...slower.map((one) => line('pass', 'slower', html`${slowerOf(one)}`)),
  ];
  const says = capital(changesIn(comparison));
  return html`<section aria-labelledby="changed"><h2 id="changed">${capital(comparedWith(comparison))}</h2>
${items.length === 0 ? html`<p>${says}.</p>` : fold(says, items)}
</section>`;
}

const changed = (finding: ChangedFinding): Markup => html`<code>${nameOf(finding)}</code>
<div>${finding.title}</div>
${finding.titleBefore !== undefined && html`<div class="quiet">before: ${finding.titleBefore}</div>`}`;

/** What became of a finding: "new" or "changed", by its ID and, in a matrix, the columns that it is in. */
export function changeById({ comparison }: Compared): (id: string, runs?: readonly string[]) => string | undefined {
  const byId = Map.groupBy(comparison?.findings ?? [], ({ id }) => id);
  return (id, runs) => {
    const found = byId.get(id)?.find((one) => runs === undefined || (one.run !== undefined && runs.includes(one.run)));
    return found?.change === 'new' || found?.change === 'changed' ? found.change : undefined;
  };
}
