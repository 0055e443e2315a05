/** `examples/merge-logs.sh`, with a `kubectl` that prints the logs of a folder. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { frameOf } from '../../src/report/frame.ts';
import { ROOT } from '../ci/runner.ts';
import { EXECUTABLE } from '../cli/spawned.ts';
import { reportOf } from '../report/matrix/runs.ts';
import { ended, writePrograms } from '../support/programs.ts';

const SCRIPT = join(ROOT, 'examples/merge-logs.sh');
const log = (service: 'server' | 'drain' | 'scheduler') => `✔ ready: all passed\n${frameOf(reportOf(service))}`;
const LOGS = { server: log('server'), drain: log('drain'), scheduler: log('scheduler') };

/** @param logs of the Jobs that there are */
async function merged(logs: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'preflight-logs-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const [bin, folder, temporary] = ['bin', 'logs', 'tmp'].map((name) => join(root, name)) as [string, string, string];
  await Promise.all([bin, folder, temporary].map((path) => mkdir(path)));
  await writePrograms(bin, {
    kubectl: `echo "$*" >>"${root}/calls"\nexec cat "${folder}/\${4##*-}"`,
    'spacelift-preflight': `exec "${process.execPath}" "${EXECUTABLE}" "$@"`,
  });
  for (const [service, text] of Object.entries(logs)) await writeFile(join(folder, service), text);
  const env = { PATH: `${bin}:/usr/bin:/bin`, TMPDIR: temporary };
  const result = await ended('bash', [SCRIPT, ...args], { env });
  const calls = (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n');
  expect(await readdir(temporary), 'what is left').toEqual([]);
  return { ...result, calls };
}

test('the logs of the Jobs are one matrix', async () => {
  const { code, stdout, stderr, calls } = await merged(LOGS);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ +server +drain +scheduler$/m);
  expect(calls).toEqual(
    ['server', 'drain', 'scheduler'].map(
      (service) => `logs --namespace spacelift job/spacelift-preflight-${service} --tail=-1`,
    ),
  );
});

test('the namespace and options of merge can be given', async () => {
  const { code, stdout, calls } = await merged(LOGS, 'production', '--format', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'matrix', verdict: 'ready' });
  expect(calls[0]).toContain('--namespace production');
});

test('a log that is cut off is lost, and a log that is missing stops', async () => {
  const cut = await merged({ ...LOGS, drain: LOGS.drain.slice(0, LOGS.drain.indexOf('\n') + 1_200) });
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/drain\.log is\s+lost/);
  const { drain: _, ...others } = LOGS;
  const missing = await merged(others);
  expect(missing).toMatchObject({ code: 1, stdout: '' });
});
