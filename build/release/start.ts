/** Starts what was built, on this machine. */
import { tmpdir } from 'node:os';
import { run } from '../run.ts';

/** @throws if it does not print its version, and nothing else */
export async function start(command: string, args: readonly string[], version: string): Promise<void> {
  const printed = await run(command, [...args, '--version'], tmpdir());
  if (printed !== `${version}\n`) throw new Error(`${command} printed ${JSON.stringify(printed)}: expected ${version}`);
}
