/** What a config, a file's name or an argument holds is no command to a CI runner, whatever prints it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { command } from './host.ts';
import { dotenv } from './spawned.ts';

const HOSTILE = 'x\n::set-output name=a::b\n \t::error::c ##[error]d ##vso[task.complete]e ##teamcity[f]';
/** What the runners look for. */
const OBEYED = /^\s*::(?!(?:error|warning|notice) title=[^:,]*::|group::\d|endgroup::)|##(?:vso|teamcity)?\[/m;

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-commands-'));
  config = join(folder, '##[group]spacelift.json');
  const base = dotenv({ database: 1, store: 1, broker: 1 })
    .split('\n')
    .filter((line) => line.includes('='));
  const variables = Object.fromEntries(
    base.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const hostile = { AWS_PROFILE: HOSTILE, [HOSTILE]: HOSTILE, LAUNCHER_IMAGE: HOSTILE, SERVER_DOMAIN: HOSTILE };
  await writeFile(config, JSON.stringify({ ...variables, ...hostile }));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['plan', '-f', 'CONFIG'],
  ['plan', '-o', 'json', '-f', 'CONFIG'],
  ['cleanup', '-f', 'CONFIG'],
  ['cleanup', '-o', 'json', '-f', 'CONFIG'],
  ...FORMAT_NAMES.map((name) => ['-o', name, '-f', 'CONFIG', '--only', 'configuration/*', '--only', 'mqtt-broker/*']),
  ['explain', HOSTILE],
  ['-f', HOSTILE],
  ['-f', '##[error]no-such-file'],
  [`--${HOSTILE}`],
  ['--only', HOSTILE],
  [HOSTILE],
  ['--report', `json=${HOSTILE}/x`, '-f', 'CONFIG'],
])('%s %s %s', async (...args) => {
  const { stdout, stderr } = await command(args.map((one) => (one === 'CONFIG' ? config : one)));
  expect(stdout + stderr).not.toBe('');
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
});
