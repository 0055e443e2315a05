/** Ends the process once everything is written, whatever still hangs. */
import { isSea } from 'node:sea';
import { canRun } from '../util/can-run.ts';

/** How long open handles may keep the process alive, ms. */
const WAIT_MS = 250;

/**
 * Requests that a thread of libuv performs: nothing can cancel them, and exiting waits for the threads (`uv_library_shutdown`
 * joins them). A lookup takes minutes if no DNS server responds; opening a file on a dead network share may take forever.
 */
const IN_A_THREAD = /^(GetAddrInfo|GetNameInfo|FS)Req/;

/** Waits until both streams have written everything, and ends the process, at the latest shortly afterward. */
export async function end(host: NodeJS.Process): Promise<void> {
  await Promise.all([host.stdout, host.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  setTimeout(() => endNow(host), WAIT_MS).unref();
}

/** Ends the process without waiting for its threads. */
export function endNow(host: NodeJS.Process, code: number | string = host.exitCode ?? 0): void {
  const hangs = host.getActiveResourcesInfo?.().some((resource) => IN_A_THREAD.test(resource));
  const successor = hangs === true && typeof host.execve === 'function' ? successorFor(Number(code)) : undefined;
  if (successor !== undefined) {
    host.emit('exit', Number(code));
    const [program, ...args] = successor;
    // Replaces this program, with all of its threads, by one that ends at once.
    host.execve?.(program, [program, ...args], {});
  }
  host.exit(code);
}

/** A program that does nothing but exit with this code: a shell, or Node where there is none. */
function successorFor(code: number): [program: string, ...args: string[]] | undefined {
  const shell = '/bin/sh';
  if (canRun(shell)) return [shell, '-c', `exit ${code}`];
  if (!isSea() && canRun(process.execPath)) return [process.execPath, '-e', `process.exit(${code})`];
  return undefined;
}
