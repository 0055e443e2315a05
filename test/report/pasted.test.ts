/** What is printed for a shell is pasted into a real one, and runs exactly what was meant. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { command, identifier, output, pipe, sh, sql } from '../../src/outcome/fix.ts';
import { fail } from '../../src/outcome/outcome.ts';
import { renderPretty } from '../../src/report/pretty.ts';
import { makeReport } from '../../src/report/report.ts';
import { HIDDEN } from '../../src/report/sanitize.ts';
import { PLAIN } from '../../src/report/style.ts';
import { loadWidths } from '../../src/report/wrap.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { anyText } from '../support/arbitrary.ts';

beforeAll(loadWidths);

/** Where the text of a row begins. */
const COLUMN = 16;
const END = '(end of a call)';
/** Each argument, and an end, in one write; apart from its output, which may be an argument of another. */
const RECORDER = `
record() { printf '%s\\0' "$@" '${END}' >&3; printf 'printed'; }
aws() { record aws "$@"; }
mc() { record mc "$@"; }
`;

const argument = fc.oneof(
  anyText(60).filter((text) => !text.includes('\0')),
  fc.constantFrom(
    '##[error]x',
    '::x::',
    '-o',
    '--',
    "it's",
    '$(touch x)',
    '`x`',
    'a  b',
    '\\',
    '#',
    '‹x›',
    '’',
    '*',
    '~',
    '|',
    ';',
  ),
);
const args = fc.array(argument, { minLength: 1, maxLength: 6 });
const shell = fc.oneof(
  args.map(
    ([one = '', two = '', three = '', ...others]) =>
      sh`aws s3 cp ${one} s3://${two}/x --profile ${three} --policy ${JSON.stringify(others)}`,
  ),
  args.map(
    ([one = '', two = '', three = '']) =>
      sh`aws sqs purge-queue --queue-url ${output(sh`mc find ${one} --name ${two}`)} --region ${three}`,
  ),
  args.map(([one = '', two = '']) => pipe(sh`mc cat minio/${one}`, sh`mc pipe minio/${two}`)),
);
const commands = fc.array(shell, { minLength: 1, maxLength: 3 });
const note = fc.option(anyText(80), { nil: undefined });

test('a command that is printed at any width is the one that was declared', async () => {
  await fc.assert(
    fc.asyncProperty(commands, note, fc.boolean(), async (all, before, unicode) => {
      const fix = command(all, before === undefined ? {} : { note: before });
      if (fix.kind !== 'command') return;
      const check = fakeCheck('check', ['a'], async ({ check }) => void (await check('a', () => fail('x', { fix }))));
      const result = await runFakes([check]);
      const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
      const report = makeReport(result, about);
      const widths = [20, 36, 40, 53, 80, 100];
      const pasted = widths.map((width) => fixIn(renderPretty(report, { ...PLAIN, width, unicode })));
      // With standard input closed, and one file for what is recorded.
      const recorded = execFileSync('sh', ['-c', `${RECORDER}\n{ ${pasted.join('\n')}\n} 3>&1 >/dev/null </dev/null`], {
        encoding: 'utf8',
      });
      const declared = all.flatMap(({ argvs }) => argvs.map((argv) => argv.map((one) => one ?? 'printed')));
      const sorted = (calls: readonly (readonly string[])[]) => calls.map((call) => JSON.stringify(call)).toSorted();
      expect(sorted(callsIn(recorded))).toEqual(sorted(widths.flatMap(() => declared)));
    }),
    { numRuns: 120 },
  );
});

test('a secret that a config chooses takes no quotation mark out of a command', async () => {
  let left = 0;
  const secretOf = fc.tuple(fc.nat(), fc.integer({ min: 8, max: 40 }));
  await fc.assert(
    fc.asyncProperty(commands, fc.array(secretOf, { minLength: 1, maxLength: 3 }), async (all, places) => {
      const fix = command(all);
      if (fix.kind !== 'command') return;
      const secrets = places.map(([at, length]) =>
        fix.text.slice(at % fix.text.length, (at % fix.text.length) + length),
      );
      const check = fakeCheck('check', ['a'], async ({ check }) => void (await check('a', () => fail('x', { fix }))));
      const result = await runFakes([check]);
      const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor(secrets) } as const;
      const [finding] = makeReport(result, about).checks[0]?.findings ?? [];
      for (const secret of secrets) if (secret.length >= 8) expect(finding?.fix).not.toContain(secret);
      if (finding?.fixKind !== 'command') {
        expect(finding).toMatchObject(HIDDEN);
        return;
      }
      left++;
      const recorded = execFileSync('sh', ['-c', `${RECORDER}\n{ ${finding.fix}\n} 3>&1 >/dev/null </dev/null`], {
        encoding: 'utf8',
      });
      const shape = (calls: readonly (readonly unknown[])[]) => calls.map(({ length }) => length).toSorted();
      expect(shape(callsIn(recorded))).toEqual(shape(all.flatMap(({ argvs }) => argvs)));
    }),
    { numRuns: 200 },
  );
  expect(left).toBeGreaterThan(0);
});

test.each([
  ['sh', sh`mc admin user add minio ${'a;touch x;#'} SECRET`, "add minio '"],
  ['SQL', sql`CREATE DATABASE ${identifier('x;CREATE ROLE evil;--')} OWNER u;`, 'CREATE DATABASE "'],
])('a secret that begins outside of the quotation marks of %s hides the command', async (_, of, secret) => {
  const check = fakeCheck(
    'check',
    ['a'],
    async ({ check }) => void (await check('a', () => fail('x', { fix: command(of) }))),
  );
  const result = await runFakes([check]);
  const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([secret]) } as const;
  expect(makeReport(result, about).checks[0]?.findings[0]).toMatchObject(HIDDEN);
});

/** The lines of the row, as a person selects them. */
function fixIn(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('      fix  '));
  const end = lines.findIndex((line, index) => index > first && !line.startsWith(' '.repeat(COLUMN)));
  return lines
    .slice(first, end)
    .map((line) => line.slice(COLUMN))
    .join('\n');
}

function callsIn(recorded: string): string[][] {
  const calls: string[][] = [[]];
  for (const one of recorded.split('\0').slice(0, -1)) {
    if (one === END) calls.push([]);
    else calls.at(-1)?.push(one);
  }
  return calls.slice(0, -1);
}
