/** A config that does not end: the process does, when the time is over. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportOf } from '../report/matrix/runs.ts';
import { EXECUTABLE } from './spawned.ts';

const LINE = /^spacelift-preflight: ([^\n]*): not fully read within 1 s \(--timeout\)\n$/;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-unending-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Its standard input is a pipe that stays open, and into which something is written again and again when told. */
async function ended(args: readonly string[], again = ''): Promise<{ code: unknown; stderr: string }> {
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { env: { PATH: process.env.PATH ?? '' } });
  child.stdin.on('error', () => {});
  const drip = setInterval(() => child.stdin.write(again), 50);
  child.stdout.resume();
  const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  clearInterval(drip);
  child.stdin.destroy();
  return { code, stderr };
}

it.each([[[]], [['cleanup']]])(
  'a FIFO that nobody writes to, with %j',
  async (command) => {
    const pipe = join(folder, `pipe-${command.length}`);
    execFileSync('mkfifo', [pipe]);
    const { code, stderr } = await ended([...command, '--timeout', '1', '-f', pipe]);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toBe(pipe);
  },
  30_000,
);

it.each(['--baseline', '--ca-file'])(
  'a FIFO that nobody writes to, for %s',
  async (option) => {
    const pipe = join(folder, `pipe${option}`);
    execFileSync('mkfifo', [pipe]);
    const { code, stderr } = await ended(['--timeout', '1', option, pipe]);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toContain(pipe);
  },
  30_000,
);

it.each([
  [['merge', 'PIPE'], 'PIPE'],
  [['merge', '-'], 'standard input'],
  [['merge', 'REPORT', '--baseline', 'PIPE'], 'PIPE'],
  [['diff', 'REPORT', 'PIPE'], 'PIPE'],
])(
  'a FIFO that nobody writes to, or standard input that stays open: %j',
  async (args, name) => {
    const paths = { REPORT: join(folder, 'report.json'), PIPE: join(folder, `pipe-${args.join('')}`) };
    execFileSync('mkfifo', [paths.PIPE]);
    await writeFile(paths.REPORT, JSON.stringify(reportOf('server')));
    const placed = (word: string) => paths[word as keyof typeof paths] ?? word;
    const { code, stderr } = await ended([...args.map(placed), '--timeout', '1']);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toBe(placed(name));
  },
  30_000,
);

it('a device without an end, for --ca-file', async () => {
  expect(await ended(['--ca-file', '/dev/zero'])).toEqual({
    code: 2,
    stderr: 'spacelift-preflight: --ca-file /dev/zero: larger than 8 MiB, the maximum\n',
  });
});

it('a pipe, a device or a large file, for --credentials-file', async () => {
  const [pipe, large] = [join(folder, 'pipe-credentials'), join(folder, 'large')];
  execFileSync('mkfifo', [pipe]);
  await writeFile(large, '');
  await truncate(large, 8 * 1024 * 1024 + 1);
  for (const [path, says] of [
    [pipe, ' is a pipe or a device; expected a regular file'],
    ['/dev/zero', ' is a pipe or a device; expected a regular file'],
    [large, ': larger than 8 MiB, the maximum'],
  ] as const)
    for (const command of [[], ['cleanup']]) {
      const args = [...command, '--credentials-file', `GOOGLE_APPLICATION_CREDENTIALS=${path}`];
      const { code, stderr } = await ended(args);
      const file = `${path} (--credentials-file for GOOGLE_APPLICATION_CREDENTIALS)`;
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `spacelift-preflight: ${file}${says}\n`,
      });
    }
});

it.each(['', 'A=b\n'])(
  'standard input that stays open, with %j in it',
  async (again) => {
    const { code, stderr } = await ended(['--timeout', '1', '-f', '-'], again);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toBe('standard input');
  },
  30_000,
);

it('a FIFO that nobody reads, for a report', async () => {
  const pipe = join(folder, 'unread');
  execFileSync('mkfifo', [pipe]);
  const config = join(folder, 'config.env');
  await writeFile(config, 'SERVER_DOMAIN=a.b\n');
  const { code, stderr } = await ended(['-f', config, '--only', 'license/token', '--report', `json=${pipe}`]);
  expect(code).toBe(2);
  expect(stderr).toContain(`cannot write ${pipe}: no process is reading from it`);
});
