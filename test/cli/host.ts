/** A process that is none: what the command line reads, writes and hears, without starting one. */
import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/index.ts';
import { checked, type Finished } from './spawned.ts';

interface More {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Standard input is a terminal. */
  readonly terminal?: boolean;
  /** Gets the means to send the process a signal. */
  readonly started?: (kill: (signal: 'SIGINT' | 'SIGTERM') => void) => void;
}

/** Runs the command line in this process. */
export async function command(
  args: readonly string[],
  { env = {}, stdin = '', terminal = false, started }: More = {},
): Promise<Finished> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const host = Object.assign(new EventEmitter(), {
    argv: ['node', 'spacelift-preflight', ...args],
    env,
    stdin: Object.assign(Readable.from([Buffer.from(stdin)]), { isTTY: terminal }),
    stdout,
    stderr,
    exitCode: undefined as number | undefined,
    exit: () => {},
  });
  started?.((signal) => void host.emit(signal, signal));
  await main(host as unknown as NodeJS.Process);
  return checked({ code: host.exitCode ?? 0, signal: null, stdout: stdout.text, stderr: stderr.text });
}

class Collector extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
