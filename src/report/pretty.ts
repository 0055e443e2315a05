/** The report for people: grouped by check, failures with their fixes, the verdict last. */
import { BY_REQUEST } from '../engine/select.ts';
import { isIssue, type Status } from '../outcome/status.ts';
import { plural } from '../util/format.ts';
import { acceptancePhrase, decisionLines } from './accepted.ts';
import { linesOf } from './comparison/pretty.ts';
import { groupSkips } from './group-skips.ts';
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
import { type Block, INDENT, Printer, spaced } from './pretty/printer.ts';
import { changePhrase, changesTitle, releasePhrase } from './release.ts';
import type { Report, ReportCheck, ReportFinding } from './report.ts';
import type { Style } from './style.ts';
import { reasonsOf } from './summary.ts';
import { cut, padTo, widthOf, wrap } from './wrap.ts';

/** The number of findings under "next steps". */
const MOST_STEPS = 9;
/** The width of a step's number and icon. */
const STEP = 7;
/** A fix with more lines is only shown above. */
const SHORT = 2;
/** The fewest columns for text beside an ID. */
const LEAST_ROOM = 30;

export function renderPretty(report: Report, style: Style): string {
  return prettyParts([], style).rest(report);
}

/** The report in parts, which are together what `renderPretty` returns; each ends with a line break or is empty. */
export interface PrettyParts {
  /** The next check of the report. */
  next(check: ReportCheck): string;
  /** What follows the checks of `next`. */
  rest(report: Report): string;
}

/** @param ids of all checks */
export function prettyParts(ids: readonly string[], style: Style): PrettyParts {
  const page = new Page(style);
  const column = columnFor(ids);
  let [count, last]: [number, Block | undefined] = [0, undefined];
  const after = (blocks: readonly Block[]): string => {
    const lines = last === undefined ? spaced(blocks) : spaced([last, ...blocks]).slice(last.lines.length);
    return lines.map((line) => `${line}\n`).join('');
  };
  return {
    next: (check) => {
      count += 1;
      if (!page.shows(check)) return '';
      const block = page.check(check, column);
      const text = after([block]);
      last = block;
      return text;
    },
    rest: (report) => after(page.blocks(report, report.checks.slice(count))),
  };
}

const columnFor = (ids: readonly string[]): number => Math.max(12, ...ids.map((id) => id.length)) + 2;

class Page extends Printer {
  /** @param checks of the report; whatever is not about one of them follows */
  blocks(report: Report, checks: readonly ReportCheck[]): Block[] {
    const { verbosity } = this.style;
    const column = columnFor(report.checks.map(({ id }) => id));
    const blocks = checks.filter((check) => this.shows(check)).map((check) => this.check(check, column));
    if (report.leftovers.length > 0) blocks.push({ lines: this.leftovers(report.leftovers, 'this run'), apart: true });
    if (verbosity === 'quiet') blocks.push({ lines: this.skipped(withStatus(report, 'skip')), apart: true });
    if (verbosity !== 'quiet') blocks.push({ lines: this.#notes(report, column), apart: false });
    if (verbosity === 'quiet') blocks.push({ lines: this.#skippedByFile(report), apart: true });
    if (verbosity !== 'quiet') blocks.push({ lines: this.#changes(report), apart: true });
    if (verbosity !== 'quiet') blocks.push({ lines: this.#next(report), apart: true });
    if (report.comparison !== undefined) blocks.push({ lines: linesOf(report.comparison, this.style), apart: true });
    if (this.style.posixShell === false && hasShellCommands(report)) {
      blocks.push({ lines: wrap(this.text(POSIX_SHELL), this.style.width), apart: true });
    }
    blocks.push({ lines: this.verdict(verdictOf(report), countsOf(report)), apart: true });
    return blocks.filter(({ lines }) => lines.length > 0);
  }

  shows({ status, findings }: ReportCheck): boolean {
    const { verbosity } = this.style;
    if (verbosity === 'quiet') return isIssue(status);
    return verbosity === 'verbose' || !findings.every(byRequest);
  }

  /** @param column the width of the checks' IDs */
  check(check: ReportCheck, column: number): Block {
    const apart = this.style.verbosity === 'verbose' || isIssue(check.status);
    return { lines: this.#check(check, column), apart };
  }

  #check(check: ReportCheck, column: number): string[] {
    const time = duration(check.durationMs);
    const summary = this.text(check.summary);
    const room = this.style.width - this.icon('pass').length - 1 - column - time.length - 2;
    const cutTo = cut(summary, room, this.text('…'));
    const paint = check.status === 'skip' ? this.color.dim : this.plain;
    const name = isIssue(check.status) ? this.color.bold : paint;
    const head = `${this.painted(check.status)} ${name(padTo(check.id, column))}${paint(padTo(cutTo, room))}  ${this.color.dim(time)}`;
    const whole = check.status === 'skip' && cutTo !== summary ? wrap(summary, this.style.width - 4) : [];
    return [head, ...whole.map((line) => this.color.dim(`    ${line}`)), ...this.#findings(check)];
  }

  #findings(check: ReportCheck): string[] {
    const { verbosity } = this.style;
    if (verbosity === 'verbose') return check.findings.flatMap((finding) => this.#finding(finding));
    const troubles = [...having(check, 'fail'), ...having(check, 'warn')];
    const lines = troubles.flatMap((finding) => this.#finding(finding));
    if (verbosity === 'quiet' || (check.status === 'skip' && reasonsOf(check.findings).size === 1)) return lines;
    return [...lines, ...this.#skips(check)];
  }

  #skips(check: ReportCheck): string[] {
    return groupSkips(check.findings.filter(({ status }) => status === 'skip')).flatMap(({ reason, who }) =>
      wrap(this.text(`${who}: ${reason}`), this.style.width - 4).map((line, index) =>
        this.color.dim(`  ${index === 0 ? '-' : ' '} ${line}`),
      ),
    );
  }

  #finding(finding: ReportFinding): string[] {
    const { width, verbosity } = this.style;
    const issue = isIssue(finding.status);
    const verbose = verbosity === 'verbose';
    const title = this.text(finding.title);
    const time = verbose ? `  ${duration(finding.durationMs)}` : '';
    const head = `  ${this.painted(finding.status)} ${finding.status === 'skip' ? this.color.dim(finding.id) : finding.id}`;
    const words = issue ? this.color.bold : finding.status === 'skip' ? this.color.dim : this.plain;
    const fits = widthOf(head) + 3 + widthOf(title) + time.length <= width;
    const first = fits
      ? [`${head}   ${words(title)}${this.color.dim(time)}`]
      : [`${head}${this.color.dim(time)}`, ...this.indented(wrap(title, width - INDENT).map((line) => words(line)))];
    if (!issue && !verbose) return first;
    return [
      ...first,
      ...this.indented(finding.detail === '' ? [] : wrap(this.text(finding.detail), width - INDENT)),
      ...this.row('affects', affectedOf(finding)),
      ...this.row('expected', finding.expected),
      ...this.fix(finding),
      ...this.row('accepted', acceptancePhrase(finding)),
      ...this.docs(finding),
      ...this.row('evidence', verbose ? evidenceOf(finding) : undefined),
    ];
  }

  /** The parts that were not checked, by request or because no check can. */
  #notes(report: Report, column: number): string[] {
    const requested = report.checks.filter((check) => check.findings.every(byRequest));
    const count = requested.reduce((sum, check) => sum + check.findings.length, 0);
    const rows =
      requested.length > 0 && this.style.verbosity !== 'verbose'
        ? [{ label: 'by request', text: `${count} skipped: ${requested.map(({ id }) => id).join(', ')}` }]
        : [];
    if (report.release !== undefined) rows.push({ label: 'release', text: releasePhrase(report.release) });
    rows.push(...decisionLines(report.decisions).map((text) => ({ label: 'decisions', text })));
    rows.push(
      ...report.notVerified.map(({ title, detail }) => ({ label: 'not verified', text: `${title}: ${detail}` })),
    );
    return rows.flatMap(({ label, text }) =>
      wrap(this.text(text), this.style.width - column - this.icon('skip').length - 1).map((line, index) =>
        this.color.dim(
          `${index === 0 ? this.icon('skip') : ' '.repeat(this.icon('skip').length)} ${padTo(index === 0 ? label : '', column)}${line}`,
        ),
      ),
    );
  }

  /** Skips by the caller are known; those of a file in a repository are not. */
  #skippedByFile({ decisions }: Report): string[] {
    if (decisions === undefined || decisions.skipped.length === 0) return [];
    return decisionLines(decisions)
      .slice(1)
      .flatMap((line) => wrap(this.text(line), this.style.width).map((part) => this.color.dim(part)));
  }

  /** What is different in the release that an upgrade leads to. */
  #changes({ release }: Report): string[] {
    const title = release && changesTitle(release);
    if (title === undefined) return [];
    const wrapped = (text: string, indent: number) =>
      wrap(this.text(text), this.style.width - indent).map((line) => ' '.repeat(indent) + line);
    return [
      this.color.bold(title),
      ...(release?.changes ?? []).flatMap((change) => [
        ...wrapped(changePhrase(change), 2),
        ...(change.action === undefined ? [] : wrapped(change.action, 4)),
      ]),
    ];
  }

  /** The fix if it is short, otherwise the title; the complete findings are above. */
  #next(report: Report): string[] {
    const { findings, waiting } = stepsOf(report);
    if (findings.length < 2) return [];
    const shown = findings.slice(0, MOST_STEPS);
    const column = STEP + Math.max(...shown.map(({ id }) => id.length)) + 2;
    const beside = this.style.width - column >= LEAST_ROOM;
    const at = beside ? column : STEP;
    const steps = shown.flatMap((finding, index) => {
      const head = `  ${index + 1}. ${this.painted(finding.status)}`;
      const lines = this.#shortFix(finding, this.style.width - at);
      const [first, ...others] = beside ? lines : ['', ...lines];
      return [
        `${padTo(`${head} ${finding.id}`, at)}${first}`.trimEnd(),
        ...others.map((line) => ' '.repeat(at) + line),
      ];
    });
    const more = [
      ...(findings.length > shown.length ? [`and ${findings.length - shown.length} more above`] : []),
      ...(waiting > 0 ? [`then run it again to check ${plural(waiting, 'skipped finding')}`] : []),
    ];
    return [this.color.bold('next steps'), ...steps, ...more.map((line) => this.color.dim(`  ${line}`))];
  }

  #shortFix({ fix, fixKind, fixLanguage, title }: ReportFinding, room: number): string[] {
    const lines = fix === undefined || fix.includes('\n') ? [] : this.wrapped({ fix, fixKind, fixLanguage }, room);
    const short = lines.length > 0 && lines.length <= SHORT && lines.every((line) => widthOf(line) <= room);
    return short ? lines : wrap(this.text(title), room);
  }
}

const having = ({ findings }: ReportCheck, status: Status): ReportFinding[] =>
  findings.filter((finding) => finding.status === status);

const byRequest = ({ status, title }: ReportFinding): boolean => status === 'skip' && title === BY_REQUEST;
