/** What a service has not told: skips that another one answers, lost runs, and a scheduler that is not there. */
import { describe, expect, it } from 'vitest';
import { cell, entriesOf, merged } from './merged.ts';
import { asRun, reportOf, type Some, three } from './runs.ts';

const LOST = { title: 'the pod was killed', detail: 'OOMKilled', fix: 'raise --resources' };

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
