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

const check = (changes: object) => ({
  ...{ id: 'a', title: '', status: 'pass', summary: '', startMs: 0, durationMs: 0, findings: [] },
  ...changes,
});
const decisions = (accepted: object) => ({ file: 'x', accepted, skipped: [], required: [], options: {} });

it.each<[string, object]>([
  ['tool: it is missing', { tool: undefined }],
  ['tool.version: expected a text', { tool: { name: 'x', version: 1 } }],
  ['tool: expected an object', { tool: [] }],
  ['checks: expected a list', { checks: {} }],
  ['checks[0].status: expected one of pass, warn, fail, skip', { checks: [check({ status: 'fine' })] }],
  ['checks[0].id: unexpected characters', { checks: [check({ id: 'a b' })] }],
  ['startedAt: expected a time such as 2026-01-31T12:00:00.000Z', { startedAt: '2026-02-30T12:00:00.000Z' }],
  ['durationMs: expected a whole number', { durationMs: 1.5 }],
  ['durationMs: expected a whole number', { durationMs: 2 ** 53 }],
  ['durationMs: expected at least 0', { durationMs: -1 }],
  ['service: expected one of server, drain, scheduler, vcs-gateway, worker', { service: 'other' }],
  ['interrupted: expected true or false', { interrupted: 0 }],
  ['pinned.encryption: expected an object', { pinned: { encryption: ['x'] } }],
  // The keys are those of the file: they are not quoted.
  ['pinned.encryption: expected a text', { pinned: { encryption: { secret: 1 } } }],
  ['decisions.accepted.reason: expected a text', { decisions: decisions({ secret: { reason: 1 } }) }],
  ['decisions.accepted: unexpected characters', { decisions: decisions(JSON.parse('{"__proto__": {}}')) }],
])('says where it differs: %s', (says, changes) => {
  const read = readReport(JSON.stringify({ ...reportOf('drain'), ...changes }));
  expect(read).toEqual({ problem: `it is not a report: ${says}` });
});

it('escapes what would move a cursor', () => {
  const read = readReport(JSON.stringify(reportOf('drain', [], { host: 'a\u001b[2Jb' })));
  expect('report' in read && read.report.host).toBe('a\\u{1b}[2Jb');
});
