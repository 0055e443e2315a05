/** No secret survives, in whatever form and wherever it stands; nothing else is changed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { advice, command, quoted, sh } from '../../src/outcome/fix.ts';
import { fail } from '../../src/outcome/outcome.ts';
import { makeReport } from '../../src/report/report.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { anyText, RUNS } from '../support/arbitrary.ts';

/** As passwords, keys and tokens are: long enough, and no word of the report. */
const secret = anyText()
  .map((text) => `${text}#k7`)
  .filter((text) => text.length >= 8 && text.trim() === text && text.isWellFormed());

/** Every form in which a client, a server or a log could hold it. */
const FORMS: Readonly<Record<string, (held: string) => string>> = {
  plain: (held) => held,
  'as JSON': (held) => JSON.stringify(held).slice(1, -1),
  'in a URL': encodeURIComponent,
  'in a whole URL': encodeURI,
  'in a form': (held) => new URLSearchParams({ v: held }).toString().slice(2),
  'as base64': (held) => Buffer.from(held).toString('base64'),
  'as a word of a shell': (held) => quoted(held).replace(/^'(.*)'$/s, '$1'),
  'as base64url': (held) => Buffer.from(held).toString('base64url'),
};

test.each(Object.entries(FORMS))('%s', (_, form) => {
  fc.assert(
    fc.property(secret, anyText(), anyText(), (held, before, after) => {
      expect(redactor([held])(`${before} ${form(held)} ${after}`)).not.toContain(form(held));
    }),
    RUNS,
  );
});

test('within something longer that is base64 as a whole', () => {
  fc.assert(
    fc.property(secret, fc.nat(5), fc.nat(5), (held, before, after) => {
      const whole = Buffer.from(`${'u'.repeat(before)}${held}${'t'.repeat(after)}`).toString('base64');
      const clean = redactor([held])(whole);
      expect(Buffer.from(clean.replaceAll('‹redacted›', ''), 'base64').toString()).not.toContain(held);
      expect(clean).toContain('‹redacted›');
    }),
    RUNS,
  );
});

test('of several secrets each is gone, also where one holds another', () => {
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.nat(3), (held, at) => {
      const all = [...held, `${held[at % held.length]}-and-more`];
      const clean = redactor(all)(all.join(' '));
      for (const one of all) expect(clean).not.toContain(one);
    }),
    RUNS,
  );
});

test('text without a secret stays as it is, and redacting again changes nothing', () => {
  fc.assert(
    fc.property(fc.array(secret, { maxLength: 4 }), anyText(200), (held, text) => {
      const redact = redactor(held);
      const clean = redact(text);
      expect(redact(clean)).toBe(clean);
      const forms = held.flatMap((one) => Object.values(FORMS).map((form) => form(one)));
      if (!forms.some((form) => text.includes(form.slice(0, 6)))) expect(clean).toBe(text);
    }),
    RUNS,
  );
});

test('no report has one, wherever a check puts it', async () => {
  await fc.assert(
    fc.asyncProperty(secret, anyText(), async (held, around) => {
      const said = `${around} ${held} ${around}`;
      const check = fakeCheck('check', ['rule'], async ({ check, cleanup }) => {
        cleanup(said, command(sh`rm ${said}`), () => Promise.reject(new Error(said)));
        const words = {
          detail: said,
          expected: said,
          fix: advice`${said}; try: ${sh`rm ./${held}`}`,
          docs: said,
          evidence: { text: said, texts: [said, held] },
        };
        await check('rule', () => fail(said, words));
      });
      const result = await runFakes([check]);
      const report = makeReport(result, {
        phase: 'pre-install',
        service: undefined,
        accept: new Map(),
        redact: redactor([held]),
      });
      const texts: string[] = [];
      JSON.stringify(report, (_, value: unknown) => {
        if (typeof value === 'string') texts.push(value);
        return value;
      });
      for (const text of texts) expect(text).not.toContain(held);
    }),
    { numRuns: 60 },
  );
});
