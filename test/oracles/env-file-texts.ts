/** Env files: lines as people write them, and everything that the readers treat differently. */
import fc from 'fast-check';

/** Nothing that a shell could run: no letters that are a command, no programs by path. */
const PIECES = [
  ...[
    'abc',
    'x1',
    'Zq',
    'p%24w',
    '@',
    '/',
    '?',
    '.',
    ',',
    '+',
    '-',
    '_',
    '=',
    ':',
    '!',
    '*',
    '^',
    '[',
    ']',
    '{',
    '}',
    '{a,b}',
  ],
  ...[' ', '  ', '\t', '#', ' #', '\t#', '# note', ' # note', ' '],
  ...['"', "'", '`', '\\', '\\n', '\\t', '\\"', "\\'", '\\$', '\\\\', '\\0123', '\\08', '\\ ', '\\#', "'\\''"],
  ...[
    '$',
    '$$',
    '${',
    '${}',
    '$A',
    '${A}',
    '${ADMIN_PASSWORD}',
    '$1',
    '$zz',
    '${zz}',
    '${zz:-x}',
    '${zz:?x}',
    '${zz+x}',
    '${a.b}',
    '$(zz)',
  ],
  ...['~', '~/', ';', '&', '|', '<', '>', '(', ')'],
  ...['ü', '\u00a0', '漢', '😀', '\u2028', '\u0085', '\ufeff', '\r', '\f', '\v', '\u0001'],
  ...['postgres://u:p@h/d?sslmode=require', 'postgres://u:', '@h/d'],
];

const NAMES = ['SERVER_DOMAIN', 'ADMIN_PASSWORD', 'DATABASE_URL', 'A', 'B_1'];

const pieces = (maxLength: number, more: readonly string[] = []) =>
  fc.array(fc.constantFrom(...PIECES, ...more), { maxLength }).map((parts) => parts.join(''));
const plain = fc.stringMatching(/^[A-Za-z0-9_./:@%+,=-]{0,20}$/);
const space = fc.constantFrom(...Array<string>(12).fill(''), ' ', '\t', '  ');

const value = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(plain, pieces(1)).map((parts) => `postgres://u:${parts.join('')}@h/d`) },
  { weight: 4, arbitrary: plain },
  { weight: 3, arbitrary: pieces(4) },
  { weight: 4, arbitrary: fc.tuple(plain, pieces(1), plain).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: pieces(3, ['\n', '\\\n']).map((inside) => `"${inside}"`) },
  { weight: 2, arbitrary: pieces(3, ['\n', '\\\n']).map((inside) => `'${inside}'`) },
  { weight: 1, arbitrary: fc.tuple(plain, pieces(1)).map(([inside, tail]) => `"${inside}"${tail}`) },
  { weight: 1, arbitrary: fc.tuple(plain, pieces(1)).map(([inside, tail]) => `'${inside}'${tail}`) },
);

const assignment = fc
  .tuple(
    space,
    fc.constantFrom('', '', '', '', 'export ', 'export\t'),
    fc.constantFrom(...NAMES),
    space,
    space,
    value,
    space,
  )
  .map(
    ([indent, prefix, name, before, after, held, trailing]) =>
      `${indent}${prefix}${name}${before}=${after}${held}${trailing}`,
  );

const line = fc.oneof(
  { weight: 12, arbitrary: assignment },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '# note', ' # note', '#', '; note') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('A', 'export A', 'A: abc', 'A-B=abc', 'A.B=abc', '1A=abc', '=abc', 'Ü=abc', 'zz'),
  },
);

/** A file of a few lines. */
export const text: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '', '', '', '', '', '\ufeff'),
    fc.array(line, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.boolean(),
  )
  .map(([mark, lines, end, ends]) => mark + lines.join(end) + (ends ? end : ''));
