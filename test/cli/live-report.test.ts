/** When the report appears check by check. */
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { liveReport } from '../../src/cli/live-report.ts';
import { sampleReport } from '../report/sample.ts';

const ARGS = { format: 'pretty', color: false } as const;

function hostWith(isTTY: boolean) {
  const printed: string[] = [];
  const stdout = new Writable({
    write: (chunk, _, done) => {
      printed.push(String(chunk));
      done();
    },
  });
  const host = {
    stdout: Object.assign(stdout, { isTTY, columns: 80 }),
    env: { LANG: 'C.UTF-8', FORCE_HYPERLINK: '0' },
  };
  return { host: host as unknown as NodeJS.Process, printed };
}

it('each check is printed once, before the rest', async () => {
  const { host, printed } = hostWith(true);
  const report = await sampleReport();
  const live = liveReport(host, ARGS);
  live?.expected(report.checks);
  for (const check of report.checks.slice(0, 2)) live?.settled(check);
  await expect
    .poll(() => printed)
    .toEqual([expect.stringMatching(/^✔ configuration/), expect.stringMatching(/^\n✖ database/)]);
  await live?.rest(report);
  expect(printed).toEqual([
    expect.anything(),
    expect.anything(),
    expect.stringMatching(/^\n✖ object-storage[\s\S]*not ready/),
  ]);
});

it.each([
  ['a pipe', false, ARGS],
  ['another format', true, { ...ARGS, format: 'json' }],
  ['-q', true, { ...ARGS, quiet: true }],
  ['--wait', true, { ...ARGS, wait: 10 }],
  ['--debug', true, { ...ARGS, debug: { path: undefined } }],
] as const)('with %s, it is printed at the end', (_, isTTY, args) => {
  expect(liveReport(hostWith(isTTY).host, args)).toBeUndefined();
});

it('with a log in a file, it is not', () => {
  expect(liveReport(hostWith(true).host, { ...ARGS, debug: { path: 'x.log' } })).toBeDefined();
});
