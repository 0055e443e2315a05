/** Our own texts in Markdown: names in backquotes stay code. */

/** Escapes Markdown, except in backquotes. */
export const escapedProse = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[<>*_]/g, '\\$&')))
    .join('');
