/** What all pages for people share: icons, colors, labels, columns. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { Leftover } from '../../engine/leftover.ts';
import type { Status } from '../../outcome/status.ts';
import { plural } from '../../util/format.ts';
import { type Skipped, skippedInShort } from '../group-skips.ts';
import { explainCommand, linked, pageOf } from '../rule-link.ts';
import { commandToAscii, ICONS, type Style, toAscii } from '../style.ts';
import type { Explained } from '../types.ts';
import { type PrintedFix, padTo, shellFix, wrap, wrapFix } from '../wrap.ts';

/** The width of the label column. */
const LABEL = 10;
export const INDENT = 6;

export class Printer {
  protected readonly style: Style;
  protected readonly color: ChalkInstance;
  protected readonly paint: Readonly<Record<Status, ChalkInstance>>;

  constructor(style: Style) {
    const color = new Chalk({ level: style.color });
    this.style = style;
    this.color = color;
    this.paint = { pass: color.green, warn: color.yellow, fail: color.red, skip: color.dim };
  }

  row(label: string, text: string | undefined): string[] {
    if (text === undefined || text === '') return [];
    return this.labelled(label, wrap(this.text(text), this.room()));
  }

  /** Where the rule of a finding is explained; the vendor's address is there, too. */
  docs(finding: Pick<Explained, 'id' | 'docs'> & { readonly rule?: string }): string[] {
    const command = explainCommand(finding.id);
    if (finding.docs === undefined || command === undefined) return [];
    const url = this.style.links === true ? pageOf(finding) : undefined;
    const lines = wrapFix(shellFix(command), this.room());
    return this.labelled(
      'docs',
      lines.map((line) => linked(line, url)),
    );
  }

  fix({ fix, fixKind, fixLanguage }: Partial<PrintedFix>): string[] {
    if (fix === undefined || fix === '') return [];
    return this.labelled('fix', this.wrapped({ fix, fixKind, fixLanguage }, this.room()));
  }

  labelled(label: string, lines: readonly string[]): string[] {
    return this.indented(lines.map((line, index) => this.color.dim(padTo(index === 0 ? label : '', LABEL)) + line));
  }

  room(): number {
    return Math.max(20, this.style.width - INDENT - LABEL);
  }

  wrapped(printed: PrintedFix, room: number): string[] {
    const isProse = printed.fixKind === undefined || printed.fixKind === 'advice';
    const fix = this.style.unicode ? printed.fix : isProse ? toAscii(printed.fix) : commandToAscii(printed.fix);
    return wrapFix({ ...printed, fix }, room).map((line) => this.color.cyan(line));
  }

  /** On one line if it fits. */
  verdict({ status, words }: { readonly status: Status; readonly words: string }, counts: string): string[] {
    const verdict = (text: string) => this.paint[status].bold(`${this.icon(status).trimEnd()} ${text}`);
    if (!words.includes(': ')) return [`${verdict(`${this.text(words)}:`)} ${counts}`];
    return [...wrap(this.text(words), this.style.width - 2).map(verdict), `  ${counts}`];
  }

  /** For `--quiet`: how many were skipped, and why. */
  skipped(findings: readonly Skipped[]): string[] {
    const text = skippedInShort(findings);
    if (text === undefined) return [];
    return wrap(this.text(text), this.style.width - 2).map((line, index) =>
      this.color.dim(`${index === 0 ? this.icon('skip').trimEnd() : ' '} ${line}`),
    );
  }

  /** @param who left them behind */
  leftovers(all: readonly Leftover[], who: string): string[] {
    const leftovers = all.filter(({ mayStay }) => mayStay !== true);
    const what = `left behind: ${plural(leftovers.length, 'item')} that ${who} created and did not remove`;
    const title = [`${this.painted('warn')} ${this.color.bold(what)}`];
    return [...(leftovers.length > 0 ? [...title, ...this.#removals(leftovers)] : []), ...this.#staying(all)];
  }

  /** Nothing is wrong: a note without commands, which `--verbose` shows. */
  #staying(all: readonly Leftover[]): string[] {
    const staying = all.filter(({ mayStay }) => mayStay === true);
    if (staying.length === 0) return [];
    const isVerbose = this.style.verbosity === 'verbose';
    const objects = staying.length === 1 ? 'a test object stays' : `${staying.length} test objects stay`;
    const why = 'later runs use them again, and this account or service can’t remove them';
    const says = `${objects}: ${staying.length === 1 ? why.replaceAll('them', 'it') : why}${isVerbose ? '' : ' (-v lists them)'}`;
    const note = wrap(this.text(says), this.style.width - 2).map((line, index) =>
      this.color.dim(`${index === 0 ? this.icon('skip').trimEnd() : ' '} ${line}`),
    );
    return isVerbose ? [...note, ...this.#removals(staying)] : note;
  }

  #removals(leftovers: readonly Leftover[]): string[] {
    const { width } = this.style;
    return leftovers.flatMap(({ what, command }) => [
      ...wrap(this.text(what), width - 4).map((line) => `    ${line}`),
      ...this.indented(this.wrapped(shellFix(command), width - INDENT)),
    ]);
  }

  indented(lines: readonly string[]): string[] {
    return lines.map((line) => ' '.repeat(INDENT) + line);
  }

  plain = (text: string): string => text;

  icon(status: Status): string {
    return this.style.unicode ? ICONS[status].unicode : ICONS[status].ascii;
  }

  painted(status: Status): string {
    return this.paint[status](this.icon(status));
  }

  text(text: string): string {
    return this.style.unicode ? text : toAscii(text);
  }
}

/** Lines that stay together. */
export interface Block {
  readonly lines: readonly string[];
  /** Separated from the others by an empty line. */
  readonly apart: boolean;
}

export function spaced(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ lines, apart }, index) => {
    const before = blocks[index - 1];
    return before !== undefined && (apart || before.apart) ? ['', ...lines] : lines;
  });
}
