/** The words of a printed setting or argument, as a POSIX shell reads them. */

/** A part of a word, in the forms that fixes use: single quotes, an escaped character, `"$(printf '…')"`, or plain. */
const PART = /'([^']*)'|\\(.)|"\$\(printf '([^']*)'\)"|([^\s'"\\$`;&|<>()]+)/y;

/** The value of one word. @throws Error for a form that only a shell can evaluate */
export function shellWord(text: string): string {
  const parts: Buffer[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const at = PART.lastIndex;
    const found = PART.exec(text);
    if (found === null) throw new Error(`not a shell word in the forms that fixes use, at character ${at}: ${text}`);
    const [, single, escaped, format, plain] = found;
    parts.push(format === undefined ? Buffer.from(single ?? escaped ?? plain ?? '') : printed(format));
  }
  return Buffer.concat(parts).toString('utf8');
}

/** What `printf` writes: octal escapes are bytes. */
const printed = (format: string): Buffer =>
  Buffer.from(
    format.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  );
