/** What several services share, and what differs between them. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../checks/index.ts';
import { matrixSchema } from '../../../src/report/json-schema.ts';
import { makeMatrix } from '../../../src/report/matrix/merge.ts';
import type { ServiceRun } from '../../../src/report/matrix/types.ts';
import { cell, entriesOf, merged } from './merged.ts';
import { asRun, reportOf, type Some, three } from './runs.ts';

const LACKS: Some = {
  id: 'database/privileges',
  status: 'fail',
  title: 'role "x" lacks CREATEROLE',
  fix: 'ALTER ROLE x CREATEROLE;',
};

const HAS: Some = { id: 'database/privileges', status: 'pass', title: 'enough privileges' };

describe('what several services share', () => {
  it('is one entry that names them', () => {
    const matrix = merged(three({ server: [LACKS], drain: [LACKS], scheduler: [LACKS] }));
    expect(entriesOf(matrix, LACKS.id)).toEqual([
      expect.objectContaining({
        status: 'fail',
        title: LACKS.title,
        fix: LACKS.fix,
        runs: ['server', 'drain', 'scheduler'],
      }),
    ]);
    expect(matrix.summary).toEqual({ pass: 4, warn: 0, fail: 1, skip: 0 });
    expect(matrix.verdict).toBe('not-ready');
  });

  it('is two entries if the title, the detail or the fix is another, and one rule', () => {
    for (const other of [{ title: 'y' }, { detail: 'y' }, { fix: 'y' }]) {
      const matrix = merged(three({ server: [LACKS], drain: [{ ...LACKS, ...other }], scheduler: [LACKS] }));
      expect(entriesOf(matrix, LACKS.id).map(({ runs }) => runs)).toEqual([['server', 'scheduler'], ['drain']]);
      expect(matrix.summary.fail).toBe(1);
    }
  });

  it('is ready if all of them are, and each report is in it as it was', () => {
    const runs = three();
    const before = JSON.stringify(runs);
    const matrix = merged(runs);
    expect(matrix).toMatchObject({ kind: 'matrix', schemaVersion: 1, verdict: 'ready', notes: [] });
    expect(matrix.runs.map(({ report }) => report)).toEqual(runs.map(({ report }) => report));
    expect(JSON.stringify(runs)).toBe(before);
    expect(matrix).toMatchObject({ startedAt: '2026-01-02T03:04:05.678Z', durationMs: 600 });
  });
});

describe('what differs between services', () => {
  const facts = (account: string, node = 'node-1') => ({
    facts: [
      { name: 'service account', value: account },
      { name: 'node', value: node },
    ],
  });

  it('is said in the title, and points at their facts', () => {
    const matrix = merged([
      asRun(reportOf('server', [HAS]), facts('spacelift-server')),
      asRun(reportOf('drain', [LACKS]), facts('spacelift-drain')),
      asRun(reportOf('scheduler', [HAS]), facts('spacelift-scheduler')),
    ]);
    const [entry, other] = entriesOf(matrix, LACKS.id).toSorted((a, b) => (a.status < b.status ? -1 : 1));
    expect(entry).toMatchObject({
      title: `${LACKS.title}; fails for the drain, passes for the server and the scheduler`,
      runs: ['drain'],
      differences: [
        { name: 'service account', here: ['spacelift-drain'], there: ['spacelift-server', 'spacelift-scheduler'] },
      ],
    });
    expect(other).toMatchObject({ status: 'pass', title: HAS.title, runs: ['server', 'scheduler'] });
    expect([cell(matrix, 'database', 'server')?.status, cell(matrix, 'database', 'drain')?.status]).toEqual([
      'pass',
      'fail',
    ]);
  });

  it('is found in the reports too: release, phase and config', () => {
    const set = (origin: string) => [{ name: 'DATABASE_URL', service: 'all', origin, used: true } as const];
    const matrix = merged([
      asRun(reportOf('server', [HAS], { variables: set('Secret a') })),
      asRun(reportOf('drain', [LACKS], { variables: set('Secret b'), phase: 'post-install' })),
      asRun(reportOf('scheduler', [HAS], { variables: set('Secret a') })),
    ]);
    expect(entriesOf(matrix, LACKS.id).flatMap(({ differences = [] }) => differences)).toEqual([
      { name: 'config', here: ['Secret b'], there: ['Secret a'] },
      { name: 'phase', here: ['post-install'], there: ['pre-install'] },
    ]);
  });

  it('is a warning for one only, too', () => {
    const warning: Some = { id: 'database/version', status: 'warn', title: 'PostgreSQL 19' };
    const matrix = merged(three({ server: [warning], drain: [{ id: 'database/version', status: 'pass' }] }));
    expect(entriesOf(matrix, 'database/version')[0]?.title).toBe(
      'PostgreSQL 19; is a warning for the server, passes for the drain',
    );
    expect(matrix.verdict).toBe('ready-with-warnings');
  });

  it('is not that a service was not asked: it has no cell, and is not named', () => {
    const matrix = merged(three({ server: [{ id: 'license/token', status: 'fail', title: 'expired' }] }));
    expect(matrix.checks.find(({ id }) => id === 'license')?.cells.map(({ run }) => run)).toEqual(['server']);
    expect(entriesOf(matrix, 'license/token')).toEqual([
      expect.objectContaining({ title: 'expired', runs: ['server'] }),
    ]);
  });
});

describe('warnings', () => {
  const warning: Some = { id: 'database/version', status: 'warn', title: 'PostgreSQL 19' };

  it('are accepted for all services, or as their reports say', () => {
    const accept = new Map([['database/version', 'OPS-1']]);
    expect(entriesOf(merged(three({ server: [warning] }), { accept }), warning.id)[0]?.accepted).toBe('OPS-1');
    const accepted = { ...warning, accepted: 'OPS-2' };
    expect(entriesOf(merged(three({ server: [accepted] })), warning.id)[0]?.accepted).toBe('OPS-2');
    expect(entriesOf(merged(three({ server: [accepted], drain: [warning] })), warning.id)[0]?.accepted).toBeUndefined();
  });
});

describe('several reports of one service', () => {
  it('have the names of their hosts', () => {
    const matrix = merged([
      asRun(reportOf('server', [LACKS], { host: 'a' })),
      asRun(reportOf('server', [HAS], { host: 'b' })),
      asRun(reportOf('worker')),
    ]);
    expect(matrix.runs.map(({ name }) => name)).toEqual(['server@a', 'server@b', 'worker']);
    expect(entriesOf(matrix, LACKS.id)[0]?.title).toBe(
      `${LACKS.title}; fails for the server on a, passes for the server on b`,
    );
  });

  it('are not listed without end', () => {
    const many = Array.from({ length: 20 }, (_, index) =>
      asRun(reportOf('server', [index % 2 === 0 ? LACKS : HAS], { host: `h${index}` })),
    );
    expect(entriesOf(merged(many), LACKS.id)[0]?.title).toBe(
      `${LACKS.title}; fails for the server on h0, the server on h2, the server on h4 and 7 others, passes for the server on h1, the server on h3, the server on h5 and 7 others`,
    );
  });
});

it('takes work in proportion to the number of reports', () => {
  const read = { count: 0 };
  const counting = (report: object): object =>
    new Proxy(report, {
      get: (target, key, receiver) => {
        read.count++;
        const value = Reflect.get(target, key, receiver);
        return typeof value === 'object' && value !== null ? counting(value) : value;
      },
    });
  const workFor = (reports: number): number => {
    read.count = 0;
    const runs = Array.from({ length: reports }, (_, index) => {
      const found: Some[] = [
        { ...LACKS, status: index % 2 === 0 ? 'fail' : 'pass', title: `${index}` },
        { id: 'database/pooler', status: index % 3 === 0 ? 'skip' : 'pass', title: `${index}` },
      ];
      return { service: 'server', report: counting(reportOf('server', found, { host: `h${index}` })) } as ServiceRun;
    });
    makeMatrix(runs);
    return read.count;
  };
  const [some, many] = [workFor(30), workFor(300)];
  expect(many / some).toBeLessThan(11);
});

it('the schema is a valid one', () => {
  const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true, uri: true } });
  expect(ajv.validateSchema(matrixSchema(CHECKS))).toBe(true);
});
