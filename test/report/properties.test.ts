/** Whatever checks find, every report is of its form, and nothing in it is obeyed by who reads it. */

import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { lexer, walkTokens } from 'marked';
import stringWidth from 'string-width';
import { beforeAll, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { redactor } from '../../src/config/redact.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { renderAs } from '../../src/report/index.ts';
import { renderPretty } from '../../src/report/pretty.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { PLAIN } from '../../src/report/style.ts';
import { loadWidths, shellFix, wrap, wrapFix } from '../../src/report/wrap.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { anyText } from '../support/arbitrary.ts';
import { expectValid } from '../support/valid.ts';
import { elementsOf } from './page.ts';

beforeAll(loadWidths);

const XSD = await readFile(new URL('junit-10.xsd', import.meta.url), 'utf8');
const RUNS = { numRuns: 60 } as const;
const RULES = ['one', 'two', 'three'] as const;

const text = anyText(120);
const words = fc.record(
  {
    detail: text,
    expected: text,
    fix: text.map((said) => advice`${said}`),
    evidence: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text),
  },
  { requiredKeys: [] },
);
const title = text.filter((given) => given.trim() !== '');
const outcome = fc.oneof(
  fc.tuple(title, words).map(([said, more]) => fail(said, more)),
  fc.tuple(title, words).map(([said, more]) => warn(said, more)),
  fc.tuple(title, words).map(([said, { expected: _, ...more }]) => skip(said, more)),
  fc.tuple(title, text).map(([said, detail]) => pass(said, { detail })),
);
const found = fc.record({
  outcomes: fc.array(outcome, { minLength: 1, maxLength: 3 }),
  left: fc.option(text),
  reason: text,
});
type Found = typeof found extends fc.Arbitrary<infer T> ? T : never;

async function reportOf({ outcomes, left, reason }: Found): Promise<Report> {
  const check = fakeCheck('check', RULES.slice(0, outcomes.length), async ({ check, cleanup }) => {
    for (const [index, one] of outcomes.entries()) await check(RULES[index] ?? '', () => one);
    if (left !== null) cleanup(left, advice`${left}`, () => Promise.reject(new Error(left)));
  });
  const result = await runFakes([check]);
  const accept = new Map([['check/one', reason]]);
  return expectValid(makeReport(result, { phase: 'pre-install', service: undefined, accept, redact: redactor([]) }), [
    check,
  ]);
}

const holds = (name: string, property: (report: Report) => Promise<void>): void =>
  test(name, () =>
    fc.assert(
      fc.asyncProperty(found, async (given) => property(await reportOf(given))),
      RUNS,
    ),
  );

/** But for line breaks. */
const expectNoControls = (rendered: string) => {
  const control = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u.exec(rendered)?.[0];
  expect(control?.codePointAt(0)?.toString(16), 'a control character').toBeUndefined();
};

holds('JSON is the report, and one document', async (report) => {
  const rendered = await renderAs(report, 'json');
  expectNoControls(rendered);
  expect(JSON.parse(rendered)).toEqual(JSON.parse(JSON.stringify(report)));
});

// Ten at a time: the validator starts anew each time that it is called.
test('JUnit is XML', () =>
  fc.assert(
    fc.asyncProperty(fc.array(found, { minLength: 10, maxLength: 10 }), async (given) => {
      const reports = await Promise.all(given.map(reportOf));
      const texts = await Promise.all(reports.map((report) => renderAs(report, 'junit')));
      for (const text of texts) expectNoControls(text);
      const xml = texts.map((contents, index) => ({ fileName: `${index}.xml`, contents }));
      expect((await validateXML({ xml, schema: XSD })).errors).toEqual([]);
    }),
    { numRuns: RUNS.numRuns / 10 },
  ));

holds('HTML has its own elements only', async (report) => {
  const html = await renderAs(report, 'html');
  expectNoControls(html);
  const page = elementsOf(html);
  const ofType = (tag: string) => page.filter(({ tagName }) => tagName === tag);
  expect([ofType('script').length, ofType('style').length, ofType('html').length, ofType('body').length]).toEqual([
    1, 1, 1, 1,
  ]);
  for (const tag of ['img', 'iframe', 'object', 'embed', 'base', 'form']) expect(ofType(tag)).toEqual([]);
  for (const { attrs } of page) {
    for (const { name, value } of attrs) {
      expect(name).not.toMatch(/^on|^src/);
      if (name === 'href') expect(value).toMatch(/^(#|https:\/\/docs\.)/);
    }
  }
});

holds('GitHub’s runner obeys no command but the report’s own', async (report) => {
  const rendered = await renderAs(report, 'github');
  expectNoControls(rendered);
  for (const line of rendered.split('\n')) {
    if (/^\s*::/.test(line)) expect(line).toMatch(/^::((error|warning|notice) title=[^:,]*::|group::\d+ |endgroup::$)/);
    else expect(line).not.toContain('##[');
  }
});

holds('Markdown holds text, and the links and markup of its own', async (report) => {
  const rendered = await renderAs(report, 'markdown');
  expectNoControls(rendered);
  walkTokens(lexer(rendered), (token) => {
    expect(['image', 'del', 'em', 'blockquote', 'hr', 'def']).not.toContain(token.type);
    if (token.type === 'link') expect('href' in token && token.href).toBe('https://docs.example/reference');
    if (token.type === 'html')
      expect(token.raw.trim()).toMatch(
        /^<(!-- (spacelift-preflight )?-->|br>|\/?details>|details>\n<summary>\d+ \w+<\/summary>)$/,
      );
  });
});

holds('the terminal gets no control characters, whatever its width', async (report) => {
  for (const width of [40, 80]) {
    for (const verbosity of ['quiet', 'normal', 'verbose'] as const) {
      const rendered = String(await renderPretty(report, { ...PLAIN, width, verbosity }));
      expectNoControls(rendered);
    }
  }
});

test('wrapping keeps every character but the spaces at which it breaks, and the width', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 10, max: 100 }), (given, width) => {
      const clean = given.replace(/[\p{C}\p{Zl}\p{Zp}`]/gu, '').replace(/; try: /g, '');
      const lines = wrap(clean, width);
      const bare = (one: string) => one.replace(/\s/g, '').normalize();
      expect(bare(lines.join(''))).toBe(bare(clean));
      for (const line of lines) if (line.includes(' ')) expect(stringWidth(line.trim())).toBeLessThanOrEqual(width);
    }),
    { numRuns: 300 },
  );
});

test('a shell command that is wrapped is the same command', () => {
  const word = fc.oneof(
    fc.stringMatching(/^[\w./:=-]{1,30}$/),
    fc.stringMatching(/^-{1,2}[a-z]{1,10}$/),
    fc.stringMatching(/^[ "\w$\\]{0,30}$/).map((inner) => `'${inner}'`),
    fc.stringMatching(/^[ '\w]{0,30}$/).map((inner) => `"${inner}"`),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), fc.integer({ min: 20, max: 100 }), (args, width) => {
      const command = `aws ${args.join(' ')}`;
      expect(wrapFix(shellFix(command), width).join('\n').replaceAll(' \\\n  ', ' ')).toBe(command);
    }),
    { numRuns: 300 },
  );
});
