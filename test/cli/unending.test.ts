/** A config that does not end: the process does, when the time is over. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXECUTABLE } from './spawned.ts';

const LINE = /^spacelift-preflight: ([^\n]*): not read to its end within 1 s \(--timeout\)\n$/;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-unending-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Its standard input is a pipe that stays open, and into which something is written again and again when told. */
async function ended(args: readonly string[], again = ''): Promise<{ code: unknown; stderr: string; ms: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [EXECUTABLE, ...args], { env: { PATH: process.env.PATH ?? '' } });
  child.stdin.on('error', () => {});
  const drip = setInterval(() => child.stdin.write(again), 50);
  child.stdout.resume();
  const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  clearInterval(drip);
  child.stdin.destroy();
  return { code, stderr, ms: performance.now() - started };
}

it.each([[[]], [['cleanup']]])(
  'a FIFO that nobody writes to, with %j',
  async (command) => {
    const pipe = join(folder, `pipe-${command.length}`);
    execFileSync('mkfifo', [pipe]);
    const { code, stderr, ms } = await ended([...command, '--timeout', '1', '-f', pipe]);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toBe(pipe);
    expect(ms).toBeLessThan(10_000);
  },
  30_000,
);

it.each(['', 'A=b\n'])(
  'standard input that stays open, with %j in it',
  async (again) => {
    const { code, stderr, ms } = await ended(['--timeout', '1', '-f', '-'], again);
    expect(code).toBe(2);
    expect(LINE.exec(stderr)?.[1]).toBe('standard input');
    expect(ms).toBeLessThan(10_000);
  },
  30_000,
);
