/** Writes to standard output. */
import { codeOf } from '../net/network-error.ts';
import { type How, neutralize } from '../report/neutralize.ts';
import { fail } from './errors.ts';

/**
 * Waits until everything is written.
 * @param how the format of the text, which decides how CI commands in it are neutralized
 */
export async function print(host: NodeJS.Process, text: string, how: How): Promise<void> {
  await written(host, neutralize(text, how));
}

/** Prints text that contains no outside input. */
export async function written(host: NodeJS.Process, text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => host.stdout.write(text, resolve));
  const code = codeOf(error);
  // A reader that closes the pipe early (`| head`) is not an error, nor is a terminal that was closed.
  const isGone = code === 'EPIPE' || (code === 'EIO' && host.stdout.isTTY);
  if (code !== undefined && !isGone) await fail(host, `cannot write to standard output: ${code}`);
}
