/** What a terminal shows after all that was written to it, from the few sequences that this tool uses. */

/** Escape sequences, and single characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
const UNITS = /\u001b\[(\?)?([\d;]*)([A-Za-z])|\u001b\]8;[^\u0007]*\u0007|[\s\S]/gu;

/** Lines without trailing blanks. @throws Error for a sequence that it does not know */
export function screenOf(written: string): string {
  const lines: string[][] = [[]];
  let [row, column] = [0, 0];
  const lineAt = () => {
    lines[row] ??= [];
    return lines[row] as string[];
  };
  const act: Readonly<Record<string, (count: number) => void>> = {
    A: (count) => {
      row = Math.max(0, row - Math.max(1, count));
    },
    G: (count) => {
      column = Math.max(1, count) - 1;
    },
    K: (mode) => {
      if (mode === 2) lineAt().length = 0;
      else if (mode === 0) lineAt().splice(column);
      else throw new Error(`erases a line in mode ${mode}`);
    },
    m: () => {},
  };
  for (const [unit, isPrivate, parameters, final] of written.matchAll(UNITS)) {
    if (unit === '\n') row += 1;
    else if (unit === '\r') column = 0;
    else if (final === undefined && unit.length > 2) continue;
    else if (final === undefined) {
      const line = lineAt();
      while (line.length < column) line.push(' ');
      line[column] = unit;
      column += 1;
    } else if (isPrivate === undefined) {
      const known = act[final];
      if (known === undefined) throw new Error(`does not know ${JSON.stringify(unit)}`);
      known(Number(parameters));
    }
  }
  return Array.from(lines, (line = []) => line.join('').trimEnd())
    .join('\n')
    .trimEnd();
}
