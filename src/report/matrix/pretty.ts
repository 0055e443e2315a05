/** The matrix for people: services × checks, then what to fix, the verdict last. */
import { isIssue, type Status } from '../../outcome/status.ts';
import { acceptancePhrase } from '../accepted.ts';
import { linesOf } from '../comparison/pretty.ts';
import { groupSkips } from '../group-skips.ts';
import { affectedOf, countsOf, POSIX_SHELL } from '../phrases.ts';
import { type Block, INDENT, Printer, spaced } from '../pretty/printer.ts';
import type { Style } from '../style.ts';
import type { Explained } from '../types.ts';
import { padTo, widthOf, wrap } from '../wrap.ts';
import {
  differsOf,
  type Entry,
  entriesIn,
  explained,
  hasShellCommands,
  leftoversIn,
  lostIn,
  servicesOf,
  toldOf,
  verdictOf,
  WORDS,
} from './phrases.ts';
import type { Matrix, MatrixCheck, MatrixRun } from './types.ts';

/** Columns of a cell: an icon, a word, and a mark. */
const CELL = 8;
const GAP = 2;
/** The narrowest column for the names of checks. */
const LEAST_NAME = 12;

export function renderPretty(matrix: Matrix, style: Style): string {
  return `${new Page(style).matrix(matrix).join('\n')}\n`;
}

class Page extends Printer {
  matrix(matrix: Matrix): string[] {
    const { verbosity } = this.style;
    const blocks: Block[] = [{ lines: this.#grid(matrix), apart: true }];
    for (const run of lostIn(matrix)) blocks.push({ lines: this.#issue('fail', explained(run)), apart: true });
    for (const status of ['fail', 'warn'] as const)
      for (const entry of entriesIn(matrix, status)) blocks.push({ lines: this.#entry(entry), apart: true });
    if (verbosity === 'verbose') {
      for (const status of ['skip', 'pass'] as const)
        blocks.push({ lines: entriesIn(matrix, status).flatMap((entry) => this.#entry(entry)), apart: true });
    }
    if (verbosity === 'quiet') blocks.push({ lines: this.skipped(entriesIn(matrix, 'skip')), apart: true });
    if (verbosity === 'normal') blocks.push({ lines: this.#skips(matrix), apart: true });
    blocks.push({ lines: this.#leftovers(matrix), apart: true });
    if (verbosity !== 'quiet') blocks.push({ lines: this.#notes(matrix), apart: true });
    if (matrix.comparison !== undefined) blocks.push({ lines: linesOf(matrix.comparison, this.style), apart: true });
    if (this.style.posixShell === false && hasShellCommands(matrix))
      blocks.push({ lines: wrap(this.text(POSIX_SHELL), this.style.width), apart: true });
    blocks.push({ lines: this.verdict(verdictOf(matrix), countsOf(matrix)), apart: true });
    return spaced(blocks.filter(({ lines }) => lines.length > 0));
  }

  /** Checks × services if that fits, otherwise a line per service. */
  #grid(matrix: Matrix): string[] {
    const rows = matrix.checks.filter(({ status }) => this.style.verbosity !== 'quiet' || isIssue(status));
    const column = Math.max(LEAST_NAME, ...rows.map(({ id }) => id.length)) + GAP;
    const widths = matrix.runs.map(({ name }) => Math.max(CELL, widthOf(this.text(name))) + GAP);
    const width = column + widths.reduce((sum, one) => sum + one, 0) - GAP;
    if (width > this.style.width) return this.#list(matrix);
    const line = (name: string, cells: readonly string[]) =>
      `${padTo(name, column)}${cells.map((cell, index) => padTo(cell, widths[index] ?? 0)).join('')}`.trimEnd();
    const wasLost = matrix.runs.some(({ lost }) => lost !== undefined);
    if (rows.length === 0 && !wasLost) return [];
    const results = matrix.runs.map(
      ({ lost }) => (lost === undefined ? ['pass', 'done'] : ['fail', 'lost']) as [Status, string],
    );
    const told = rows.some(({ cells }) => cells.some(({ toldBy }) => toldBy !== undefined));
    const head = line(
      '',
      matrix.runs.map(({ name }) => this.text(name)),
    );
    return [
      this.color.bold(head),
      ...(wasLost
        ? [
            line(
              'run',
              results.map(([status, word]) => this.#cell(status, word)),
            ),
          ]
        : []),
      ...rows.map((row) => line(isIssue(row.status) ? this.color.bold(row.id) : row.id, this.#cells(row, matrix.runs))),
      ...(told ? wrap(this.text(TOLD), this.style.width).map((text) => this.color.dim(text)) : []),
    ];
  }

  #cells({ cells }: MatrixCheck, runs: readonly MatrixRun[]): string[] {
    const byRun = new Map(cells.map((cell) => [cell.run, cell]));
    return runs.map(({ name }) => {
      const cell = byRun.get(name);
      if (cell === undefined) return '';
      return this.#cell(cell.status, `${WORDS[cell.status]}${cell.toldBy === undefined ? '' : '*'}`);
    });
  }

  #cell = (status: Status, word: string): string => this.paint[status](`${this.icon(status)} ${word}`);

  #list({ runs, checks }: Matrix): string[] {
    const failed = new Map<string, string[]>();
    for (const { id, cells } of checks) {
      for (const { run, status } of cells) {
        if (!isIssue(status)) continue;
        const those = failed.get(run);
        if (those === undefined) failed.set(run, [`${id} ${WORDS[status]}`]);
        else those.push(`${id} ${WORDS[status]}`);
      }
    }
    return runs.flatMap(({ name, lost }) => {
      const issues = lost === undefined ? (failed.get(name) ?? []) : ['lost'];
      if (issues.length === 0 && this.style.verbosity === 'quiet') return [];
      const status =
        lost !== undefined || issues.some((one) => one.endsWith(WORDS.fail))
          ? 'fail'
          : issues.length > 0
            ? 'warn'
            : 'pass';
      const says = issues.length === 0 ? 'no failures or warnings' : issues.join(', ');
      return wrap(this.text(`${name}: ${says}`), this.style.width - 2).map((text, index) =>
        index === 0 ? `${this.painted(status)} ${text}` : `  ${text}`,
      );
    });
  }

  #entry(entry: Entry): string[] {
    return this.#issue(entry.status, entry, [
      ['services', servicesOf(entry)],
      ['differs', differsOf(entry)],
      ['told', toldOf(entry)],
      ['hint', entry.hint],
    ]);
  }

  #issue(
    status: Status,
    finding: Explained,
    rows: readonly (readonly [label: string, text: string | undefined])[] = [],
  ): string[] {
    const words = isIssue(status) ? this.color.bold : this.plain;
    const room = this.style.width - INDENT;
    return [
      `${this.painted(status)} ${words(this.text(finding.id))}`,
      ...this.indented(wrap(this.text(finding.title), room).map((line) => words(line))),
      ...this.indented(finding.detail === '' ? [] : wrap(this.text(finding.detail), room)),
      ...rows.flatMap(([label, text]) => this.row(label, text)),
      ...this.row('affects', affectedOf(finding)),
      ...this.row('expected', finding.expected),
      ...this.fix(finding),
      ...this.row('accepted', acceptancePhrase(finding)),
      ...this.docs(finding),
    ];
  }

  /** By the services that skipped the same. */
  #skips(matrix: Matrix): string[] {
    const groups = Map.groupBy(entriesIn(matrix, 'skip'), servicesOf);
    return [...groups].flatMap(([services, entries]) =>
      groupSkips(entries).flatMap(({ reason, who }) =>
        wrap(this.text(`${services}: ${who}: ${reason}`), this.style.width - 2).map((line, index) =>
          this.color.dim(`${index === 0 ? this.icon('skip').trimEnd() : ' '} ${line}`),
        ),
      ),
    );
  }

  #leftovers(matrix: Matrix): string[] {
    const leftovers = leftoversIn(matrix);
    return leftovers.length === 0 ? [] : this.leftovers(leftovers, 'these runs');
  }

  #notes({ notes }: Matrix): string[] {
    return notes.flatMap((note) =>
      wrap(this.text(`note: ${note}`), this.style.width).map((line) => this.color.dim(line)),
    );
  }
}

const TOLD = '* skipped by the service itself, but passes for another one that tried the same';
