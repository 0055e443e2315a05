/** Looks for secrets in what the tool says. */
import { expect } from 'vitest';
import type { Deployment } from '../../src/config/deployment.ts';
import { redactor } from '../../src/config/redact.ts';
import type { RunResult } from '../../src/engine/run.ts';
import { FORMATS } from '../../src/report/index.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { PLAIN, type Style } from '../../src/report/style.ts';
import { loadWidths } from '../../src/report/wrap.ts';
import type { Variables } from './preflight.ts';
import { type Secret, searchFor } from './search.ts';
import { secretsIn } from './secrets.ts';

const { pretty, ...others } = FORMATS;
// With them, every format renders at once, whatever is in the text.
await loadWidths();
const RENDER_PRETTY = await pretty.load();
const RENDERS = await Promise.all(Object.values(others).map((format) => format.load()));
/** Each verbosity, and where the most is said, each form of it. */
const STYLES: readonly Style[] = [
  ...(['quiet', 'normal', 'verbose'] as const).map((verbosity) => ({ ...PLAIN, verbosity })),
  { width: 40, unicode: true, color: 3, verbosity: 'verbose' },
  { width: 100, unicode: false, color: 1, verbosity: 'verbose' },
];

/** Renders the report in every format, at every verbosity, in several widths and colors, and expects no secret in any. */
export function expectNoLeak(
  variables: Variables,
  result: RunResult,
  deployment: Deployment,
  environment: Variables = {},
): void {
  const report = makeReport(result, {
    phase: 'pre-install',
    service: deployment.service,
    accept: new Map(),
    redact: redactor(deployment.secrets),
  });
  const held = deployment.set.map((name) => [name, deployment.entry(name)?.value] as const);
  const search = searchFor([variables, environment, Object.fromEntries(held)].flatMap(secretsIn));
  expect(search(rendered(report).join('\n'))).toEqual([]);
}

/** Expects none of these in a text. */
export const expectNone = (secrets: readonly Secret[], text: string): void =>
  expect(searchFor(secrets)(text)).toEqual([]);

function rendered(report: Report): string[] {
  const texts = [
    ...RENDERS.map((render) => render(report, PLAIN)),
    ...STYLES.map((style) => RENDER_PRETTY(report, style)),
  ];
  return texts.map((text) => {
    if (typeof text !== 'string') throw new TypeError('a format that takes its time');
    return text;
  });
}
