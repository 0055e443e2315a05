/** HTML templates: inserted values are escaped, unless they are markup themselves. */

export class Markup {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Part = Markup | string | number | undefined | false | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** Attributes must be quoted. `undefined` and `false` render as nothing. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(joined(strings.flatMap((string, index) => [string, sourceOf(parts[index])])));

function sourceOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.source;
  if (typeof part === 'object') return joined(part.map(({ source }) => source));
  return escaped(String(part));
}

/** In characters. */
const LONG = 4096;

/** Joining copies; adding refers to its parts, so that a long page is not in memory once for each element around it. */
function joined(texts: readonly string[]): string {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return length < LONG ? texts.join('') : texts.reduce((before, text) => before + text, '');
}
