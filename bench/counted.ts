/** Runs a program and counts the processor time that it used. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type How, type Ran, run } from './programs.ts';

/** Without a format, the shell prints its own table. */
const SHELL = 'TIMEFORMAT="%3U %3S"; { time "$@" 2>&3; } 3>&2 2>"$0"';

/** With the user and system time of the program and its children, ms. */
export async function runCounted(
  command: string,
  args: readonly string[],
  how: How = {},
): Promise<Ran & { readonly processorMs: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const file = join(directory, 'times');
    const ran = await run('bash', ['-c', SHELL, file, command, ...args], how);
    const [user = Number.NaN, system = Number.NaN] = (await readFile(file, 'utf8')).trim().split(' ').map(Number);
    return { ...ran, processorMs: (user + system) * 1000 };
  } finally {
    await rm(directory, { recursive: true });
  }
}
