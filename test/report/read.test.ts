/** Reading a report that was written before. */
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { idWithVariable } from '../../src/engine/finding-id.ts';
import { readReport } from '../../src/report/read.ts';
import { anyJson, anyText, RUNS } from '../support/arbitrary.ts';
import { hostileReport } from './hostile.ts';
import { reportOf } from './matrix/runs.ts';
import { sampleReport } from './sample.ts';

it('gives back what was written, also of earlier versions', async () => {
  const { kind: _, host: __, ...earlier } = reportOf('drain');
  for (const report of [await sampleReport(), await hostileReport(), earlier])
    expect(readReport(JSON.stringify(report))).toEqual({ report });
});

test('every ID that a finding can have is accepted', () => {
  const variable = anyText().filter((text) => text !== '' && text.isWellFormed());
  fc.assert(
    fc.property(variable, (text) => {
      const report = reportOf('drain', [{ id: idWithVariable('images/pull', text), status: 'pass' }]);
      expect(readReport(JSON.stringify(report))).toEqual({ report });
    }),
    RUNS,
  );
});

test('any other JSON is refused with one line', () => {
  fc.assert(
    fc.property(anyJson(), (value) => {
      const read = readReport(JSON.stringify(value));
      expect('problem' in read && read.problem).toMatch(/^it(s schemaVersion)? \P{C}+$/u);
    }),
    RUNS,
  );
});

test('a report in which something is another thing is refused, or rendered without an error', () => {
  const text = JSON.stringify(
    reportOf('drain', [{ id: 'database/version', status: 'warn', docs: 'https://docs.example' }]),
  );
  const places = [...text.matchAll(/"[^"]*"|\d+|true|false/g)];
  fc.assert(
    fc.property(fc.constantFrom(...places), anyJson(), ({ index, 0: old }, value) => {
      const changed = text.slice(0, index) + JSON.stringify(value) + text.slice(index + old.length);
      const read = readReport(changed);
      if ('report' in read) expect(read.report.checks.every(({ findings }) => Array.isArray(findings))).toBe(true);
      else expect(read.problem).toMatch(/^it/);
    }),
    RUNS,
  );
});

it('escapes what would move a cursor', () => {
  const read = readReport(JSON.stringify(reportOf('drain', [], { host: 'a\u001b[2Jb' })));
  expect('report' in read && read.report.host).toBe('a\\u{1b}[2Jb');
});
