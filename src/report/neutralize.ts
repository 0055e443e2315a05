/**
 * Breaks up anything in the output that a CI runner would run as a command, because a config or a server may have put it
 * there. GitHub runs `::command::` at the start of a line, even after whitespace, and `##[command]` anywhere; Azure Pipelines
 * runs `##vso[…]` and `##[…]` anywhere, and TeamCity `##teamcity[…]`.
 */

/** The format of the text. `commands`: GitHub workflow commands, whose lines were checked individually. */
export type How = 'text' | 'commands' | 'json' | 'markup';

/** Allows a word in between, for runners that are not known yet. */
const ANYWHERE = /##(?=[\w.-]*\[)/g;
/** Whitespace as defined by .NET and JavaScript; color codes are ignored. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: color codes start with one
const AT_START = /^((?:[^\S\r\n]|\u0085|\u001b\[[\d;]*m)*)::/gm;

const ESCAPES: Readonly<Record<How, { readonly hash: string; readonly colons: string | undefined }>> = {
  text: { hash: '#\\u{23}', colons: ':\\u{3a}' },
  commands: { hash: '#\\u{23}', colons: undefined },
  // No line of a JSON document starts with text.
  json: { hash: '#\\u0023', colons: undefined },
  markup: { hash: '#&#35;', colons: '&#58;:' },
};

/** The text without runnable commands; applied last, so that nothing can reassemble them. */
export function neutralize(text: string, how: How): string {
  const { hash, colons } = ESCAPES[how];
  const apart = text.replace(ANYWHERE, hash);
  return colons === undefined ? apart : apart.replace(AT_START, `$1${colons}`);
}
