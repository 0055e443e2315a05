/** The same run gives the same findings in every format. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compare } from '../../src/report/comparison/compare.ts';
import { FORMAT_NAMES, type FormatName } from '../../src/report/format-names.ts';
import { readFrame } from '../../src/report/frame.ts';
import { FORMATS } from '../../src/report/index.ts';
import { command } from '../cli/host.ts';
import { dotenv } from '../cli/spawned.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { hostileReport } from './hostile.ts';
import { manyFailures } from './many.ts';
import { ROWS, type Row, shownIn } from './rows.ts';
import { sampleReport } from './sample.ts';

let folder: string;
let refused: Fault;
beforeAll(async () => {
  [folder, refused] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-formats-')), refusedPort()]);
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), refused.close()]));

const WIDE = { width: 5_000, unicode: true, color: 0, verbosity: 'verbose' } as const;
const byId = (rows: readonly Row[]) => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

it.each(FORMAT_NAMES)('%s has all of the sample, and of hostile values', async (format) => {
  for (const report of [await sampleReport(), await hostileReport()]) {
    const render = await FORMATS[format].load();
    const rows = ROWS[format](await render(report, WIDE));
    const expected = ROWS.json(JSON.stringify(report));
    expect(byId(rows)).toEqual(byId(shownIn(format, expected)));
    expect(expected.length).toBeGreaterThan(3);
  }
});

it.each(FORMAT_NAMES.filter((name) => name !== 'prometheus'))(
  '%s says what changed since the baseline',
  async (format) => {
    const [before, after] = [manyFailures(0), manyFailures(1)];
    const render = await FORMATS[format].load();
    const text = await render({ ...after, comparison: compare(before, after) }, WIDE);
    const whole = format === 'frame' ? JSON.stringify(readFrame(text)) : text;
    const counts = format === 'json' || format === 'frame' ? /"new": ?1,/ : /1 new failure/i;
    expect(whole).toMatch(counts);
    expect(await render(after, WIDE)).not.toMatch(counts);
  },
);

it('one run, printed in one format and written in the others', async () => {
  const config = join(folder, 'spacelift.env');
  await writeFile(config, dotenv({ database: refused.port, store: refused.port, broker: refused.port }));
  const files = FORMAT_NAMES.filter((name) => name !== 'pretty').map((name) => [name, join(folder, name)] as const);
  const args = files.flatMap(([name, path]) => ['--report', `${name}=${path}`]);
  const { code, stdout, stderr } = await command([
    '-f',
    config,
    '-v',
    '--accept',
    'encryption/rsa/size',
    '--reason',
    'old',
    ...args,
  ]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const read = async ([name, path]: readonly [FormatName, string]) => ROWS[name](await readFile(path, 'utf8'));
  const [[, json] = ['json', []], ...others] = await Promise.all(
    files.map(async (file) => [file[0], await read(file)] as const),
  );
  expect(json.length).toBeGreaterThan(50);
  expect(new Set(json.map(({ status }) => status))).toEqual(new Set(['pass', 'warn', 'fail', 'skip']));
  for (const [format, rows] of others) expect(byId(rows), format).toEqual(byId(shownIn(format, json)));
  // Titles are wrapped there.
  for (const { id, status } of json) expect(stdout).toMatch(new RegExp(`^ {2}${ICON[status]} ${id}(?: |$)`, 'm'));
});

const ICON = { pass: '✔', warn: '⚠', fail: '✖', skip: '-' } as const;
