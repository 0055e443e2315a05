/** Text that tries to be more than text, and the proof that it stayed text in every format. */
import { expect } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { FORMATS } from '../../src/report/index.ts';
import { makeReport } from '../../src/report/report.ts';
import type { Result } from '../support/preflight.ts';

/** Control sequences, a changed direction, markup, and commands of GitHub's runner. */
export const EVIL =
  'evil\u001b]0;owned\u0007\u001b[31m\u009b2J\u202e\u2028<script>alert(1)</script>\r\n::error::evil\n##[add-mask]evil';
/** As a header may carry it. */
export const EVIL_HEADER = 'evil<script>alert(1)</script> ::error::evil ##[add-mask]evil %0A::error::evil';

const RENDERS = await Promise.all(
  Object.entries(FORMATS).map(async ([name, format]) => [name, await format.load()] as const),
);

/** Renders the report in every format, and expects nothing in any that a terminal, a browser or a runner would obey. */
export async function expectTame({ run, deployment }: Result): Promise<void> {
  const report = makeReport(run, {
    phase: 'pre-install',
    service: deployment.service,
    accept: new Map(),
    redact: redactor(deployment.secrets),
  });
  for (const [name, render] of RENDERS) {
    const text = await render(report, { color: 0, unicode: true, width: 80, verbosity: 'verbose' });
    expect(text.match(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u)?.[0], `a control character in ${name}`).toBeUndefined();
    if (name === 'html' || name === 'junit') expect(text).not.toContain('<script>alert(1)');
    if (name !== 'github') continue;
    for (const line of text.split('\n')) {
      if (/^\s*::/.test(line))
        expect(line).toMatch(/^::(?:(?:error|warning|notice) title=[^:,]*::|group::|endgroup::$)/);
      else expect(line).not.toContain('##[');
    }
  }
}
