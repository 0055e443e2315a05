/** Standard output. */
import { codeOf } from '../problem.ts';
import { fail } from './errors.ts';

/** Waits until the reader has it all. */
export async function print(host: NodeJS.Process, text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => host.stdout.write(text, resolve));
  const code = codeOf(error);
  // A reader that has seen enough (`| head`) is no error.
  if (code !== undefined && code !== 'EPIPE') await fail(host, `cannot write to standard output: ${code}`);
}
