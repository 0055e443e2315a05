/** A comparison for people, alone or as a part of a report. */
import { INDENT, Printer } from '../pretty/printer.ts';
import type { Style } from '../style.ts';
import { padTo, wrap } from '../wrap.ts';
import { headOf, iconOf, nameOf, sidesOf, slowerOf, wordOf } from './phrases.ts';
import type { Comparison } from './types.ts';

/** What `diff` prints. */
export const renderComparison = (comparison: Comparison, style: Style): string =>
  `${linesOf(comparison, style).join('\n')}\n`;

/** @returns one line at least, so that everybody sees that there was a comparison */
export const linesOf = (comparison: Comparison, style: Style): string[] => new Page(style).comparison(comparison);

/** The width of "not checked" and a gap. */
const WORD = 13;

class Page extends Printer {
  comparison(comparison: Comparison): string[] {
    const { findings, facts, slower, notes } = comparison;
    const isQuiet = this.style.verbosity === 'quiet';
    return [
      ...this.#wrapped(headOf(comparison), 0).map((line) => this.color.bold(line)),
      ...notes.flatMap((note) => this.#item('warn', 'note', note)),
      ...findings
        .filter(({ change }) => !isQuiet || change === 'new' || change === 'changed')
        .flatMap((finding) => [
          ...this.#item(iconOf(finding), wordOf(finding), nameOf(finding)),
          ...this.#wrapped(finding.title, INDENT),
          ...(finding.titleBefore === undefined ? [] : this.#wrapped(`before: ${finding.titleBefore}`, INDENT)),
        ]),
      ...(isQuiet
        ? []
        : [
            ...facts.flatMap((fact) => [
              ...this.#item('pass', 'differs', nameOf(fact)),
              ...this.#wrapped(`${fact.before} → ${fact.after}`, INDENT),
            ]),
            ...sidesOf(comparison).flatMap((text) => this.#item('pass', 'differs', text)),
            ...slower.flatMap((one) => this.#item('pass', 'slower', slowerOf(one))),
          ]),
    ];
  }

  #item(status: Parameters<Printer['painted']>[0], word: string, text: string): string[] {
    const [first = '', ...rest] = wrap(this.text(text), this.style.width - 4 - WORD);
    return [
      `  ${this.painted(status)} ${this.color.dim(padTo(word, WORD))}${first}`,
      ...rest.map((line) => ' '.repeat(4 + WORD) + line),
    ];
  }

  #wrapped(text: string, indent: number): string[] {
    return wrap(this.text(text), this.style.width - indent).map((line) => ' '.repeat(indent) + line);
  }
}
