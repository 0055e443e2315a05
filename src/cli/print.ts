/** Standard output. */
import { codeOf } from '../net/network-error.ts';
import { type How, neutralized } from '../report/neutralize.ts';
import { fail } from './errors.ts';

/**
 * Waits until the reader has it all.
 * @param how its language, in which what a CI runner would obey is broken up
 */
export async function print(host: NodeJS.Process, text: string, how: How): Promise<void> {
  await written(host, neutralized(text, how));
}

/** Prints what holds nothing from outside. */
export async function written(host: NodeJS.Process, text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => host.stdout.write(text, resolve));
  const code = codeOf(error);
  // A reader that has seen enough (`| head`) is no error.
  if (code !== undefined && code !== 'EPIPE') await fail(host, `cannot write to standard output: ${code}`);
}
