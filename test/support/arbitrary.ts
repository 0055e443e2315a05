/** What properties are tried with: text as files and servers could hold it. */
import fc from 'fast-check';

/** The same cases in every run, so that a change is judged by what it changed; `FC_SEED` tries others. */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });

/** How often a property is tried, unless it is slow; all of them together take seconds. */
export const RUNS = { numRuns: 150 } as const;

/** Names and fragments that have a meaning of their own somewhere. */
const ODD = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '{{ x }}',
  '$' + '{X}',
  '%00',
  '%',
  '\u001b[31m',
  '\u001b]0;owned\u0007',
  '\u202e',
  '\u2028',
  '\ud800',
  '\ufeff',
  '\0',
  '\r\n',
  '::error::x',
  '##[error]x',
  '<script>alert(1)</script>',
  '</script>',
  ']]>',
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  '../../etc/passwd',
  '1e999',
  '-0',
  '99999999999999999999',
  '[',
  '{"a":',
  "'",
  '"',
  '`',
] as const;

/** Any text, of ASCII and of all of Unicode, with lone surrogates, and with fragments that mean something somewhere. */
export const anyText = (maxLength = 40): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc
      .array(fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 5 })), { maxLength: 6 })
      .map((parts) => parts.join('')),
    fc.array(fc.integer({ min: 0xd7ff, max: 0xe000 }), { maxLength: 4 }).map((codes) => String.fromCharCode(...codes)),
  );

/** Any JSON there is, with keys that prototypes have. */
export const anyJson = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.dictionary(fc.constantFrom('__proto__', 'constructor', 'a', ''), fc.jsonValue({ maxDepth: 2 }), {
      noNullPrototype: true,
    }),
    fc.constantFrom(null, 1e300, -1, '', [], {}, [null], [[]], [{}]),
  );

/** Text that does not break a line, move a cursor, or turn the direction of writing. */
export const ONE_LINE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u;
