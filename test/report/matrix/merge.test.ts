import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../checks/index.ts';
import { matrixSchema } from '../../../src/report/json-schema.ts';
import { makeMatrix } from '../../../src/report/matrix/merge.ts';
import type { Matrix, MatrixEntry, ServiceRun } from '../../../src/report/matrix/types.ts';
import { expectValidMatrix } from '../../support/valid.ts';
import { asRun, reportOf, type Some, three } from './runs.ts';

const merged = (runs: readonly ServiceRun[], more = {}): Matrix => expectValidMatrix(makeMatrix(runs, more));

const entriesOf = (matrix: Matrix, id: string): readonly MatrixEntry[] =>
  matrix.checks.flatMap(({ findings }) => findings).find((finding) => finding.id === id)?.entries ?? [];
const cell = (matrix: Matrix, check: string, run: string) =>
  matrix.checks.find(({ id }) => id === check)?.cells.find((one) => one.run === run);

const LACKS: Some = {
  id: 'database/privileges',
  status: 'fail',
  title: 'role "x" lacks CREATEROLE',
  fix: 'ALTER ROLE x CREATEROLE;',
};
const HAS: Some = { id: 'database/privileges', status: 'pass', title: 'enough privileges' };
const LOST = { title: 'the pod was killed', detail: 'OOMKilled', fix: 'raise --resources' };

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

describe('a skip', () => {
  const id = 'database/pooler';
  const skipped: Some = { id, status: 'skip', title: 'not allowed to read it' };
  const passed: Some = { id, status: 'pass', title: 'no pooler' };

  it('is a pass if another service tried the same and passes, which is told', () => {
    const matrix = merged(three({ server: [passed], drain: [skipped], scheduler: [skipped] }));
    expect(entriesOf(matrix, id)).toEqual([
      expect.objectContaining({
        status: 'pass',
        runs: ['server'],
        told: [
          { run: 'drain', by: 'server' },
          { run: 'scheduler', by: 'server' },
        ],
      }),
    ]);
    expect(matrix.summary.skip).toBe(0);
  });

  it.each<[string, object | undefined]>([
    ['tried something else', { rules: [id], does: 'something else', at: ['host'] }],
    ['tried it elsewhere', { rules: [id], does: `tries ${id}`, at: ['other'] }],
    ['tried nothing', undefined],
  ])('stays one if the other service %s', (_, operation) => {
    const drain = reportOf('drain', [skipped]);
    const checks = drain.checks.map(({ operations: __, ...check }) =>
      operation === undefined ? check : { ...check, operations: [operation] },
    );
    const [server, , scheduler] = three({ server: [passed] });
    if (server === undefined || scheduler === undefined) throw new Error('three');
    const matrix = merged([server, asRun({ ...drain, checks } as typeof drain), scheduler]);
    expect(entriesOf(matrix, id).map(({ status, runs }) => ({ status, runs }))).toEqual([
      { status: 'pass', runs: ['server'] },
      { status: 'skip', runs: ['drain'] },
    ]);
  });

  it.each<Partial<Some>>([
    { dependsOn: 'database/connect' },
    { unknownVariable: 'DATABASE_URL' },
    { withheldFrom: 'sqs.eu-west-1.amazonaws.com' },
  ])('stays one if it is about the service itself: %j', (more) => {
    const matrix = merged(three({ server: [passed], drain: [{ ...skipped, ...more }] }));
    expect(entriesOf(matrix, id).map(({ status }) => status)).toEqual(['pass', 'skip']);
  });

  it('stays one if its run was interrupted', () => {
    const drain = asRun(reportOf('drain', [skipped], { interrupted: true }));
    const matrix = merged([...three({ server: [passed] }).filter(({ service }) => service !== 'drain'), drain]);
    expect(entriesOf(matrix, id).map(({ status }) => status)).toEqual(['pass', 'skip']);
    expect(matrix.verdict).toBe('inconclusive');
  });

  it('is answered where one service lists more places than the other', () => {
    const at = (...places: readonly string[]) => [{ rules: [id], does: 'reads', at: places }];
    const withPlaces = (service: 'server' | 'drain', found: Some, ...places: readonly string[]) => {
      const report = reportOf(service, [found]);
      return asRun({ ...report, checks: report.checks.map((check) => ({ ...check, operations: at(...places) })) });
    };
    const matrix = merged([
      withPlaces('server', passed, 'a', 'b', 'c'),
      withPlaces('drain', skipped, 'a', 'c'),
      ...three().slice(2),
    ]);
    expect(entriesOf(matrix, id).map(({ told }) => told)).toEqual([[{ run: 'drain', by: 'server' }]]);
  });

  it('of a rule about the whole installation is answered by any service', () => {
    const scheduler = (status: Some['status']): Some[] => [{ id: 'configuration/scheduler', status, title: 'x' }];
    const [server, drain, third] = three({
      server: scheduler('skip'),
      drain: scheduler('skip'),
      scheduler: scheduler('pass'),
    });
    if (server === undefined || drain === undefined || third === undefined || !('report' in third))
      throw new Error('three');
    const checks = third.report.checks.map(({ operations: _, ...check }) => check);
    const matrix = merged([server, drain, { ...third, report: { ...third.report, checks } }]);
    expect(entriesOf(matrix, 'configuration/scheduler')).toMatchObject([
      {
        status: 'pass',
        runs: ['scheduler'],
        told: [
          { run: 'server', by: 'scheduler' },
          { run: 'drain', by: 'scheduler' },
        ],
      },
    ]);
  });

  it('makes a whole check of a service pass, and its verdict conclusive', () => {
    const all = (status: Some['status']): Some[] => [{ id: 'object-storage/states/access', status, title: 'x' }];
    const matrix = merged(three({ server: all('pass'), drain: all('skip'), scheduler: all('pass') }));
    expect(matrix.runs.map(({ report }) => report?.verdict)).toEqual(['ready', 'inconclusive', 'ready']);
    expect(cell(matrix, 'object-storage', 'drain')).toMatchObject({ status: 'pass', toldBy: 'server' });
    expect([matrix.runs[1]?.verdict, matrix.verdict]).toEqual(['ready', 'ready']);
  });

  it('does not hide a failure of another service', () => {
    const failed: Some = { id, status: 'fail', title: 'a pooler' };
    const matrix = merged(three({ server: [passed], drain: [failed], scheduler: [skipped] }));
    expect(matrix.checks.find(({ id: check }) => check === 'database')?.status).toBe('fail');
    expect(matrix.verdict).toBe('not-ready');
  });
});

describe('a run that was lost', () => {
  it('is a failure of its own, whatever the others found', () => {
    const [server, , scheduler] = three();
    if (server === undefined || scheduler === undefined) throw new Error('three');
    const matrix = merged([server, { service: 'drain', lost: LOST }, scheduler]);
    expect(matrix.verdict).toBe('not-ready');
    expect(matrix.summary.fail).toBe(1);
    expect(matrix.runs[1]).toEqual({ name: 'drain', service: 'drain', facts: [], lost: LOST });
  });

  it('has no secret way to the terminal', () => {
    const lost = { title: 'a\u001b[31m\nb', detail: 'x'.repeat(10_000), fix: '\u202e' };
    const matrix = merged([{ service: 'server', lost, facts: [{ name: 'n', value: '\u0007' }] }]);
    expect(JSON.stringify(matrix)).not.toMatch(/\\u00|\u202e/);
    expect(matrix.runs[0]?.lost?.title).toBe('a\\u{1b}[31m b');
    expect(matrix.runs[0]?.lost?.detail.length).toBe(500);
    expect(matrix.startedAt).toBeNull();
  });
});

describe('a scheduler that is not there', () => {
  const [server] = three();
  const about = (found: Some) => merged([...(server === undefined ? [] : [server]), asRun(reportOf('drain', [found]))]);
  const id = 'configuration/scheduler';

  it('is noted if the drain runs it', () => {
    const matrix = about({ id, status: 'pass', title: 'the drain runs it' });
    expect(matrix.runs.map(({ name }) => name)).toEqual(['server', 'drain']);
    expect(matrix).toMatchObject({ verdict: 'ready', notes: ['there is no scheduler service: the drain runs it'] });
  });

  it('is a column that fails if not', () => {
    const matrix = about({
      id,
      status: 'skip',
      title: 'only one service is checked, so another may run the scheduler',
    });
    expect(matrix.runs[2]).toMatchObject({ name: 'scheduler', lost: { title: 'there is no report of the scheduler' } });
    expect(matrix).toMatchObject({ verdict: 'not-ready', notes: [] });
  });

  it('is noted if no report says so: the drain was lost, or the rule was not selected', () => {
    for (const matrix of [
      about({ id, status: 'skip', title: 'skipped by request' }),
      merged([...(server === undefined ? [] : [server]), { service: 'drain', lost: LOST }]),
    ]) {
      expect(matrix.runs.length).toBe(2);
      expect(matrix.notes).toEqual([expect.stringMatching(/^there is no report of the scheduler/)]);
    }
  });

  it('is nothing to note if the caller chose the services', () => {
    const skipped: Some = { id, status: 'skip', title: 'only one service is checked' };
    const runs = [...(server === undefined ? [] : [server]), asRun(reportOf('drain', [skipped]))];
    expect(merged(runs, { areChosen: true })).toMatchObject({ notes: [], verdict: 'ready' });
  });

  it('is nothing to note without both the server and the drain', () => {
    for (const only of [[reportOf('server')], [reportOf('worker'), reportOf('drain')]])
      expect(merged(only.map((report) => asRun(report)))).toMatchObject({ notes: [], verdict: 'ready' });
  });
});

it('no service that can connect points at the egress rules', () => {
  const refused: Some = { id: 'database/connect', status: 'fail', title: 'db:5432 timed out', unreachable: true };
  const all = merged(three({ server: [refused], drain: [refused], scheduler: [refused] }));
  expect(entriesOf(all, refused.id)[0]?.hint).toMatch(/egress/);
  const some = merged(three({ server: [refused], drain: [refused] }));
  expect(entriesOf(some, refused.id)[0]?.hint).toBeUndefined();
  const alone = merged([asRun(reportOf('server', [refused]))]);
  expect(entriesOf(alone, refused.id)[0]?.hint).toBeUndefined();
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
