/** Runs Node with a hook that writes what it has seen when the program exits. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALONE, type Ran, run } from './programs.ts';

/** JavaScript, which writes JSON to the file in `process.env.SEEN_FILE` on exit. */
export type Hook = string;

/**
 * @param codes the exit codes of a program that did what it should
 * @returns what the hook has written
 * @throws Error with the end of its output, if it exits with another code
 */
export async function runHooked<Seen>(
  hook: Hook,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  codes: readonly number[] = [0],
): Promise<{ readonly seen: Seen; readonly ran: Ran }> {
  const directory = await mkdtemp(join(tmpdir(), 'hooked-'));
  const file = join(directory, 'seen.json');
  try {
    const module = `data:text/javascript,${encodeURIComponent(hook)}`;
    const all = { ...ALONE, ...env, SEEN_FILE: file };
    const ran = await run(process.execPath, ['--import', module, ...args], { env: all });
    const { code, stdout, stderr } = ran;
    if (code === null || !codes.includes(code)) {
      throw new Error(`${args.join(' ')} exited with ${code}:\n${`${stdout}\n${stderr}`.trim().slice(-500)}`);
    }
    return { seen: JSON.parse(await readFile(file, 'utf8')), ran };
  } finally {
    await rm(directory, { recursive: true });
  }
}
