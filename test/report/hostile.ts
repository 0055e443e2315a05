/** A report whose values try to be something else than text. */

import { redactor } from '../../src/config/redact.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { expectValid } from '../support/valid.ts';

/** One line each. */
export const HOSTILE: readonly string[] = [
  '<script>alert(1)</script> & "quotes" \'apostrophes\' ]]> <!-- --> <![CDATA[x]]>',
  '</details></summary><h1>over</h1> &lt;b&gt; &#64;everyone &copy;',
  '::error title=x::y ##[add-mask]z ::stop-commands::t %0A %25 a,b:c',
  '@everyone #1 GH-1 https://evil.example/x www.evil.example mailto:x@evil.example <https://evil.example>',
  '[link](https://evil.example) ![image](https://evil.example/x.png) `code` **bold** __bold__ ~~gone~~ $x$',
  '| a | b | \\| c ``` ~~~ # heading --- === 1. one - item > quote',
  '# heading',
  '- item',
  '1. item',
  '2) item',
  '> quote',
  '=== ---',
  'nul \u0000 bell \u0007 escape \u001b[31m delete \u007f c1 \u0085 noncharacter \ufffe \uffff lone \ud800 end \u{1f600}',
];

const RULES = ['failure', 'warning', 'skipped', 'passed'] as const;

export async function hostileReport(): Promise<Report> {
  const checks = HOSTILE.map((text, index) =>
    fakeCheck(`check-${index}`, RULES, async ({ check, cleanup }) => {
      const more = {
        detail: `${text}\n${text}`,
        expected: text,
        fix: advice`${text}\n${text}`,
        evidence: { value: text },
      };
      await check('failure', () => fail(text, more));
      await check('warning', () => warn(text, more));
      await check('skipped', () => skip(text, { fix: advice`${text}` }));
      await check('passed', () => pass(text));
      cleanup(text, advice`${text}`, () => Promise.reject(new Error()));
    }),
  );
  const result = await runFakes(checks);
  const accept = new Map([['check-0/warning', HOSTILE.join(' ')]]);
  const report = { phase: 'pre-install', service: undefined, accept, redact: redactor([]) } as const;
  return expectValid(makeReport(result, report), checks);
}
