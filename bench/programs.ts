/** Runs the programs to measure. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The output of `npm run build`. */
export const BUILT = fileURLToPath(new URL('../dist/bin/spacelift-preflight.js', import.meta.url));

export interface Ran {
  /** The time from the start of the process until its streams are closed. */
  readonly ms: number;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface How {
  readonly cwd?: string;
  /** Replaces this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function run(command: string, args: readonly string[], how: How = {}): Promise<Ran> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...how });
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { ms: performance.now() - started, code: code as number | null, stdout, stderr };
}

/** @throws Error with the end of the output, if the exit code is not 0 */
export async function succeed(command: string, args: readonly string[], how: How = {}): Promise<Ran> {
  const ran = await run(command, args, how);
  if (ran.code === 0) return ran;
  const said = `${ran.stdout}\n${ran.stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} ${args.join(' ')} exited with ${ran.code}:\n${said}`);
}

/** @throws Error with the output, if the exit code is another */
export function expectCode<T extends Ran>(ran: T, code: number, who: string): T {
  if (ran.code === code) return ran;
  throw new Error(`the ${who} exited with ${ran.code} instead of ${code}:\n${ran.stdout}\n${ran.stderr}`);
}

/** An environment with only PATH from this process. */
export const ALONE: NodeJS.ProcessEnv = { PATH: process.env.PATH, NO_COLOR: '1' };
