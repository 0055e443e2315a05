/** How a server asks for a login: the challenges in `WWW-Authenticate` (RFC 9110, section 11.6.1). */

export interface Challenge {
  /** In lowercase: `basic`, `bearer`, `negotiate`. */
  readonly scheme: string;
  /** By name, in lowercase. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** In characters: longer than the challenges of any real server. */
const LONGEST = 16_384;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
/** A name, `=` and a value: a token, or a quoted string. */
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",=]+))/y;
/** A value without a name, as in `Negotiate oYG2MIGzoAMK==`. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads the challenges of a response; several headers may be joined with commas, as Node does.
 * Reading stops at the first text that is not a challenge, like in Docker's clients.
 */
export function challengesIn(header: string | undefined): Challenge[] {
  const text = (header ?? '').slice(0, LONGEST);
  const challenges: Challenge[] = [];
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  };
  const separators = (): boolean => {
    const from = at;
    for (read(SPACE); text[at] === ','; read(SPACE)) at++;
    return at > from;
  };
  for (separators(); at < text.length; ) {
    const scheme = read(TOKEN)?.[0].toLowerCase();
    if (scheme === undefined) break;
    read(SPACE);
    const parameters: Record<string, string> = Object.create(null);
    for (let more = read(TOKEN68) === undefined; more; ) {
      const [, name, quoted, plain = ''] = read(PARAMETER) ?? [];
      if (name === undefined) break;
      parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
      more = separators();
    }
    challenges.push({ scheme, parameters });
    separators();
  }
  return challenges;
}
