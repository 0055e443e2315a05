/** The timeline: a row per check, a bar per finding. */
import { partsOf } from '../../engine/finding-id.ts';
import type { Status } from '../../outcome/status.ts';
import { worst } from '../checks.ts';
import { duration } from '../phrases.ts';
import type { Report, ReportCheck, ReportFinding } from '../report.ts';
import { html, type Markup } from './markup.ts';

/** Pixels. */
const BAR = 6;
const STEP = 7;
const MARGIN = 7;
/** The height of a line of text. */
const LEAST_HEIGHT = 28;
/** With more findings in progress at once, each bar is a bucket or a queue. */
const MOST_LANES = 12;
/** Percent: the width of the shortest bars. */
const THINNEST = 0.35;
/** The fraction of the run by which bars of one lane may overlap, too small to be visible. */
const SLACK = 0.005;
const MOST_TICKS = 5;

interface Interval {
  readonly startMs: number;
  readonly durationMs: number;
}

interface Bar extends Interval {
  readonly id: string;
  readonly status: Status;
}

export function timeline(report: Report): Markup {
  const total = Math.max(1, report.durationMs, ...report.checks.map(endOf));
  const ticks = ticksOf(total);
  const percent = (ms: number) => `${Math.round((10_000 * ms) / total) / 100}%`;
  const wide = ({ durationMs }: Interval) => `${Math.max(THINNEST, Math.round((10_000 * durationMs) / total) / 100)}%`;
  const grid = ticks.map((ms) => html`<line class="grid" x1="${percent(ms)}" x2="${percent(ms)}" y1="0" y2="100%"/>`);
  const worked = new Map(report.checks.map((check) => [check, workOf(triedIn(check))]));
  const slowest = slowestOf(worked);

  const row = (check: ReportCheck) => {
    const lanes = lanesOf(triedIn(check), SLACK * total);
    const tall = Math.max(1, lanes.length) * STEP;
    const height = Math.max(LEAST_HEIGHT, tall + 2 * MARGIN);
    const top = (height - tall) / 2;
    return html`<li class="lane${check.id === slowest?.id && ' slowest'}">
<a class="name" href="#check-${check.id}">${check.title}</a>
<svg height="${height}" aria-hidden="true">${grid}
<rect class="span" x="${percent(check.startMs)}" y="${top - 3}" width="${wide(check)}" height="${tall + 5}"/>
${lanes.flatMap((bars, lane) => bars.map((bar) => draw(bar, top + lane * STEP)))}</svg>
<span class="time">${duration(worked.get(check) ?? 0)}</span>
</li>`;
  };
  const draw = (bar: Bar, y: number) =>
    html`<rect class="work ${bar.status}" x="${percent(bar.startMs)}" y="${y}" width="${wide(bar)}" height="${BAR}"><title>${bar.id}: ${duration(bar.durationMs)}, started at ${duration(bar.startMs)}</title></rect>`;

  return html`<figure class="timeline card">
<figcaption>${slowest === undefined ? 'Nothing was checked.' : html`<b>${slowest.title}</b> took the longest: ${duration(worked.get(slowest) ?? 0)} of ${duration(total)}.`}
<span class="quiet">Each bar is a finding, or all findings of one bucket or queue. During gaps, the check was waiting.</span></figcaption>
<div class="lane axis" aria-hidden="true"><span></span><svg>${ticks.map((ms) => tick(ms, total))}</svg><span></span></div>
<ol>
${report.checks.map(row)}
</ol>
</figure>`;
}

/** Without findings that depend on a failure; of those skipped for the same reason, only the first. */
function triedIn({ findings }: ReportCheck): ReportFinding[] {
  const tried = findings.filter(
    ({ status, durationMs, dependsOn }) => dependsOn === undefined && (status !== 'skip' || durationMs > 0),
  );
  const first = new Map(tried.map((finding) => [finding.title, finding] as const).reverse());
  return tried.filter(
    (finding) => finding.status !== 'skip' || finding.inProgress === true || first.get(finding.title) === finding,
  );
}

const endOf = ({ startMs, durationMs }: Interval): number => startMs + durationMs;

function slowestOf(worked: ReadonlyMap<ReportCheck, number>): ReportCheck | undefined {
  const busy = [...worked].filter(([check]) => triedIn(check).length > 0);
  return busy.toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** The time during which at least one of a check's findings was in progress, ms. */
function workOf(tried: readonly ReportFinding[]): number {
  let work = 0;
  let until = 0;
  for (const finding of inTime(tried)) {
    work += Math.max(0, endOf(finding) - Math.max(until, finding.startMs));
    until = Math.max(until, endOf(finding));
  }
  return work;
}

function lanesOf(tried: readonly ReportFinding[], slack: number): Bar[][] {
  return packed(tried, slack, MOST_LANES) ?? packed(bySubject(tried), slack) ?? [];
}

/** Combines `object-storage/states/access` and all other findings of `object-storage/states`. */
function bySubject(findings: readonly ReportFinding[]): Bar[] {
  const groups = Map.groupBy(findings, ({ id }) => {
    const { base } = partsOf(id);
    return /^[^/]+\/[^/]+(?=\/)/.exec(base)?.[0] ?? base;
  });
  return [...groups].map(([id, group]) => {
    const startMs = group.reduce((least, finding) => Math.min(least, finding.startMs), Number.POSITIVE_INFINITY);
    const end = group.reduce((most, finding) => Math.max(most, endOf(finding)), 0);
    return { id, status: worst(group.map(({ status }) => status)), startMs, durationMs: end - startMs };
  });
}

/** Puts overlapping bars into separate lanes. @returns nothing if these are more than `most` */
function packed(bars: readonly Bar[], slack: number, most = Number.POSITIVE_INFINITY): Bar[][] | undefined {
  const lanes: { readonly bars: Bar[]; until: number }[] = [];
  for (const bar of inTime(bars)) {
    const free = lanes.find(({ until }) => until <= bar.startMs + slack);
    if (free !== undefined) {
      free.bars.push(bar);
      free.until = Math.max(free.until, endOf(bar));
    } else if (lanes.length < most) lanes.push({ bars: [bar], until: endOf(bar) });
    else return undefined;
  }
  return lanes.map((lane) => lane.bars);
}

const inTime = <T extends Interval>(intervals: readonly T[]): T[] =>
  intervals.toSorted((a, b) => a.startMs - b.startMs || b.durationMs - a.durationMs);

/** Round numbers: 1, 2 or 5 times a power of 10. */
function ticksOf(total: number): number[] {
  const rough = total / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10));
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step);
}

function tick(ms: number, total: number): Markup {
  const place = ms / total;
  const anchor = place < 0.05 ? 'start' : place > 0.92 ? 'end' : 'middle';
  return html`<text x="${Math.round(10_000 * place) / 100}%" y="13" text-anchor="${anchor}">${ms === 0 ? '0' : short(ms)}</text>`;
}

const short = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`);
