/** No line of any output is a command to a CI runner, whoever wrote what is in it. The rules are the runners' own. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { advice, command, identifier, literal, setting, sh, sql } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { FORMATS } from '../../src/report/index.ts';
import { neutralize } from '../../src/report/neutralize.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { RUNS } from '../support/arbitrary.ts';
import { HOSTILE } from './hostile.ts';

/** What .NET's `TrimStart` removes, and what `ReadLine` ends a line at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: tabs and their like
const WHITE = /^[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*/;
const LINE_ENDS = /\r\n|[\r\n]/;
/** Colors are taken away by some viewers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with
const COLORS = /\u001b\[[\d;]*m/g;

/** GitHub's runner (`ActionCommand.cs`, both versions), Azure's agent (`Command.cs`, and its log), TeamCity's (service messages). */
function obeyedIn(output: string): string[] {
  return output
    .split(LINE_ENDS)
    .flatMap((line) => [line, line.replace(COLORS, '')])
    .filter((line) => line.replace(WHITE, '').startsWith('::') || /##(vso|teamcity)?\[/i.test(line));
}

const OWN = /^::(?:(?:error|warning|notice) title=[^:,\r\n]*::|group::\d+ (?:skipped|passed)$|endgroup::$)/;

const piece = fc.oneof(
  fc.constantFrom(
    '::error::x',
    '::set-output name=a::b',
    '::',
    ':',
    '##[error]x',
    '##[',
    '###[',
    '##',
    '#',
    '[',
    '##vso[task.setvariable variable=a]b',
    '##VSO[',
    "##teamcity[buildStatus text='x']",
    'vso[x]',
    '::add-mask::',
    '::stop-commands::t',
  ),
  fc.constantFrom(
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\n \t',
    '\u00a0',
    '\u3000',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\u001b[1m',
  ),
  fc.constantFrom(
    'a',
    'word',
    'a rather long word-that-fills-a-line',
    '/',
    ';',
    '; try: ',
    '`',
    '&#35;',
    '%0A',
    '\\',
    '|',
  ),
);
const hostile = fc.oneof(
  fc.array(piece, { minLength: 1, maxLength: 14 }).map((parts) => parts.join('')),
  // Where lines are broken is up to the width.
  fc
    .tuple(fc.integer({ min: 1, max: 90 }), piece, piece)
    .map(([length, one, two]) => `${'x '.repeat(length).slice(0, length)} ${one}${two} ${one}`),
);

async function reportOf(text: string, other: string): Promise<Report> {
  const words = { detail: text, expected: other, evidence: { value: text, several: [other, text] } };
  const [prose, variable, shell, statement] = [
    advice`${text}`,
    setting('AWS_PROFILE', other),
    command(sh`aws s3 rm ${text} --profile ${other}`, { note: text }),
    command(sql`SELECT ${literal(text)}, ${literal(other)};`),
  ] as const;
  const check = fakeCheck('check', ['a', 'b', 'c', 'd', 'e', 'f'], async ({ check, cleanup }) => {
    cleanup(text, shell, () => Promise.reject(new Error()));
    cleanup(other, prose, () => Promise.reject(new Error()));
    await check('a', () => fail(text, { ...words, fix: prose, docs: text }));
    await check('b', () => warn(other, { ...words, fix: variable }));
    await check('c', () => fail(text, { ...words, fix: shell }));
    await check('d', () => warn(text, { ...words, fix: statement }));
    await check('e', () => skip(text, { detail: other, fix: prose }));
    await check('f', () => pass(other, { detail: text }));
  });
  const result = await runFakes([check]);
  const accept = new Map([['check/b', text]]);
  return makeReport(result, { phase: 'pre-install', service: undefined, accept, redact: redactor([]) });
}

test.each(FORMAT_NAMES)('no line of %s is obeyed but its own', async (name) => {
  const render = await FORMATS[name].load();
  await fc.assert(
    fc.asyncProperty(
      hostile,
      hostile,
      fc.integer({ min: 40, max: 100 }),
      fc.boolean(),
      fc.constantFrom('quiet', 'normal', 'verbose' as const),
      async (text, other, width, unicode, verbosity) => {
        const report = await reportOf(text, other);
        const output = await render(report, { width, unicode, color: width % 2 === 0 ? 1 : 0, verbosity });
        const obeyed = obeyedIn(output).filter((line) => name !== 'github' || !OWN.test(line));
        expect(obeyed).toEqual([]);
        // Its own begin as they must, and hold none of the others.
        if (name === 'github') for (const line of output.split('\n')) expect(line).not.toMatch(/##(vso|teamcity)?\[/i);
        if (name === 'json') expect(JSON.parse(output)).toEqual(JSON.parse(JSON.stringify(report)));
      },
    ),
    { numRuns: name === 'pretty' ? 2 * RUNS.numRuns : RUNS.numRuns },
  );
});

describe('a text is broken up', () => {
  it.each([
    ['text', '::error::x', ':\\u{3a}error::x'],
    ['text', 'a\n \t::x::', 'a\n \t:\\u{3a}x::'],
    ['text', 'a\r::x::', 'a\r:\\u{3a}x::'],
    ['text', 'a ::x::', 'a ::x::'],
    ['text', '##[x] ##vso[x] ##TeamCity[x] ###[', '#\\u{23}[x] #\\u{23}vso[x] #\\u{23}TeamCity[x] ##\\u{23}['],
    ['text', '## a heading, C##, ##', '## a heading, C##, ##'],
    ['commands', '::error title=a::##[x]', '::error title=a::#\\u{23}[x]'],
    ['json', '{"##[x]": "\\\\##vso[x]"}', '{"#\\u0023[x]": "\\\\#\\u0023vso[x]"}'],
    ['markup', '<p>\n::x ##[y]</p>', '<p>\n&#58;:x #&#35;[y]</p>'],
  ] as const)('as %s: %j', (how, text, expected) => {
    expect(neutralize(text, how)).toBe(expected);
  });

  it('once: a second time changes nothing', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom('text', 'commands', 'json', 'markup' as const), (text, how) => {
        expect(neutralize(neutralize(text, how), how)).toBe(neutralize(text, how));
      }),
      RUNS,
    );
  });

  it('but no command and no setting, which hold none', () => {
    fc.assert(
      fc.property(hostile, hostile, (text, other) => {
        for (const { kind, text: printed } of [
          command(sh`mc cp ${text} minio/${other} --x ${text}`, { note: other }),
          command(sql`ALTER ROLE ${identifier(text)} SET x TO ${literal(other)};`, { note: text }),
          setting('AWS_PROFILE', text),
        ]) {
          if (kind !== 'advice') expect(neutralize(printed, 'text')).toBe(printed);
        }
      }),
      RUNS,
    );
  });

  it('in hostile values of old', () => {
    for (const text of HOSTILE) expect(obeyedIn(neutralize(text, 'text'))).toEqual([]);
  });
});
