/** The same run gives the same findings in every format. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FORMAT_NAMES, type FormatName } from '../../src/report/format-names.ts';
import { FORMATS } from '../../src/report/index.ts';
import { command } from '../cli/host.ts';
import { dotenv } from '../cli/spawned.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { hostileReport } from './hostile.ts';
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
