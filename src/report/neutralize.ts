/**
 * What a CI runner takes for a command of its own is broken up in all that leaves, whoever wrote it: a config, or a server.
 * GitHub obeys `::command::` at the beginning of a line, also after white space, and `##[command]` anywhere; Azure Pipelines
 * `##vso[…]` and `##[…]`, TeamCity `##teamcity[…]`, anywhere.
 */

/** In which language the text is. `commands`: GitHub's own, whose lines were judged one by one. */
export type How = 'text' | 'commands' | 'json' | 'markup';

/** A word between the two, for runners to come. */
const ANYWHERE = /##(?=[\w.-]*\[)/g;
/** White space is what .NET and JavaScript know as such, and colors are none of the line's text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors begin with one
const AT_START = /^((?:[^\S\r\n]|\u0085|\u001b\[[\d;]*m)*)::/gm;

const ESCAPES: Readonly<Record<How, { readonly hash: string; readonly colons: string | undefined }>> = {
  text: { hash: '#\\u{23}', colons: ':\\u{3a}' },
  commands: { hash: '#\\u{23}', colons: undefined },
  // No line of a JSON document begins with a text.
  json: { hash: '#\\u0023', colons: undefined },
  markup: { hash: '#&#35;', colons: '&#58;:' },
};

/** The text as no runner obeys it; applied to the last form of a text, so that nothing can put it together again. */
export function neutralized(text: string, how: How): string {
  const { hash, colons } = ESCAPES[how];
  const apart = text.replace(ANYWHERE, hash);
  return colons === undefined ? apart : apart.replace(AT_START, `$1${colons}`);
}
