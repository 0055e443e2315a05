/** The glossary of CONTRIBUTING.md as a table: the words that were given up, and the words to use. */
import { expect } from 'vitest';
import type { RawFinding } from '../../src/engine/finding.ts';

interface GivenUp {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Wrong wherever they appear, string literals in the code included. */
export const ANYWHERE: readonly GivenUp[] = [
  { pattern: /\bmend(s|ed|ing)?\b/i, instead: 'fix' },
  { pattern: /\bway out\b/i, instead: 'fix' },
  { pattern: /\bbegun\b/i, instead: 'started' },
  { pattern: /\bis no variable\b/i, instead: 'unknown variable NAME, did you mean OTHER?' },
  {
    pattern: /\bto be had\b|\b(can|could)('t|’t|not| not)? be had\b/i,
    instead: 'could not be tested, is not available',
  },
  { pattern: /\bwhose word\b/i, instead: 'trusted, controlled by' },
  { pattern: /\bsecret is another\b/i, instead: 'rejected the secret key' },
  { pattern: /\bwhat answers\b/i, instead: 'the server at HOST; does not look like NAME' },
  { pattern: /\bnothing was seen\b/i, instead: 'could not be verified' },
  { pattern: /\bvantage\b/i, instead: 'location' },
  { pattern: /\bsurroundings\b/i, instead: 'network, environment' },
  { pattern: /\bmis-?spelt\b|\bspelt\b/i, instead: 'misspelled, spelled' },
  { pattern: /\bhand-shake/i, instead: 'handshake' },
  {
    pattern: /\bcolour|\bbehaviour|\bfavour|\bhonour|\bneighbour/i,
    instead: 'color, behavior, favor, honor, neighbor',
  },
  { pattern: /\blicence/i, instead: 'license' },
  { pattern: /\bcatalogue/i, instead: 'catalog' },
  {
    pattern: /\b(un)?(synchron|recogn|author|organ|initial|serial|normal)is(e|ed|es|ing|ation)\b/i,
    instead: 'the spelling with z',
  },
];

/** Wrong in a text for people; in code, they can have another meaning. */
const IN_TEXTS: readonly GivenUp[] = [
  { pattern: /\bjudged\b/i, instead: 'checked' },
  { pattern: /\bmay not\b/i, instead: 'is not allowed to, lacks; might not' },
  { pattern: /\b(is|are) of\b/i, instead: 'belongs to, is in' },
  { pattern: /\b(is|are) to be\b/i, instead: 'must be' },
  { pattern: /\bthe way to\b/i, instead: 'route, connection' },
  {
    pattern: /\b(password|certificate|token|license|credentials?|session)( has| have|s)? ended\b/i,
    instead: 'expired',
  },
  { pattern: /\bsuits? Spacelift\b/i, instead: 'compatible with Spacelift' },
  { pattern: /\bdepends on …/i, instead: 'the name, or the number of failures' },
];

/** Each word in the text that was given up, with its replacement. */
export function givenUpIn(text: string, table: readonly GivenUp[] = [...ANYWHERE, ...IN_TEXTS]): string[] {
  return table.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(text);
    if (found === null) return [];
    const around = text.slice(Math.max(0, found.index - 40), found.index + found[0].length + 40).replace(/\s+/g, ' ');
    return [`"${found[0]}" in "${around}": ${instead}`];
  });
}

/** Code in backquotes is not English. */
export const withoutCode = (text: string): string => text.replace(/`[^`\n]*`/g, '`…`');

/** Every text of a finding, except for commands and settings. */
export function expectPlain({ id, title, detail, expected, fix, cause }: RawFinding): void {
  const prose =
    fix?.kind === 'advice' ? fix.shells.reduce((text, { text: shell = '' }) => text.replace(shell, '…'), fix.text) : '';
  const texts = [title, detail, expected, prose, cause?.title].filter((text) => text !== undefined);
  expect(
    texts.flatMap((text) => givenUpIn(withoutCode(text))),
    id,
  ).toEqual([]);
}
