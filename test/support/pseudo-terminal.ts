/** Runs a command on a terminal, as `script` makes one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface OnTerminal {
  /** All that was written so far, with its escape sequences. */
  readonly written: () => string;
  /** Types on its keyboard. */
  type(keys: string): void;
  /** Something was written. */
  readonly first: Promise<unknown>;
  readonly code: Promise<number>;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** @param env all of its environment but PATH */
export function onTerminal(command: readonly string[], env: Record<string, string> = {}, columns = 80): OnTerminal {
  const shell = `stty cols ${columns} rows 50; exec ${command.map(quoted).join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', shell, '/dev/null'], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return {
    written: () => text,
    first: once(child.stdout, 'data'),
    type: (keys) => void child.stdin.write(keys),
    code: once(child, 'close').then(([code]) => code as number),
  };
}
