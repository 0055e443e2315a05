/** A real `sh` in which nothing can be started but clients that only say how they were called. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fix, Shell } from '../../src/outcome/fix.ts';

/** What ran in one shell. */
export interface Played {
  /** Each program with its arguments, in order; what reads from a pipe comes after what writes into it. */
  readonly ran: readonly (readonly string[])[];
  readonly code: number | null;
  /** Of the shell too: a program that is not there. */
  readonly stderr: string;
  /** The files that appeared where it ran. */
  readonly files: readonly string[];
}

export interface Recorder {
  /** Runs a text as if it had been pasted. */
  play(text: string): Promise<Played>;
  remove(): void;
}

/** In one file, so that the order is kept; builtins alone, since nothing else is there. */
const CLIENT = `#!/bin/sh
while IFS= read -r line; do :; done
printf '%s\\0' "$#" "\${0##*/}" "$@" >> "$RECORD"
`;

/** `printf` is built in: it is recorded where a command says it, and not where it only stands for characters of a word. */
const PRINTF = `printf() {
  if [ "$1" = %s ]; then command printf '%s\\0' "$#" printf "$@" >> "$RECORD"; fi
  command printf "$@"
}
`;

/** @param clients the programs that there are: `aws`, `mc`, `xargs` */
export function makeRecorder(clients: readonly string[]): Recorder {
  const root = mkdtempSync(join(tmpdir(), 'recorder-'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const client of clients) writeFileSync(join(bin, client), CLIENT, { mode: 0o755 });
  return {
    play: async (text) => {
      const cwd = mkdtempSync(join(root, 'at-'));
      // Of its own: several may play at once.
      const record = `${cwd}.record`;
      writeFileSync(record, '');
      const { code, stderr } = await run(`${PRINTF}${text}\n`, cwd, { PATH: bin, RECORD: record });
      const files = readdirSync(cwd);
      rmSync(cwd, { recursive: true });
      return { ran: calls(readFileSync(record, 'utf8')), code, stderr, files };
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}

function run(script: string, cwd: string, env: Record<string, string>): Promise<Pick<Played, 'code' | 'stderr'>> {
  return new Promise((resolve, reject) => {
    const shell = spawn('/bin/sh', ['-c', script], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    shell.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    shell.on('error', reject);
    shell.on('close', (code) => resolve({ code, stderr }));
  });
}

/** Each call: how many arguments, the program, the arguments. */
function calls(recorded: string): string[][] {
  const words = recorded.split('\0');
  const found: string[][] = [];
  for (let at = 0; at < words.length - 1; ) {
    const end = at + 2 + Number(words[at]);
    found.push(words.slice(at + 1, end));
    at = end;
  }
  return found;
}

/** What a fix or a command declares that it runs: a word that the output of another command completes is empty here. */
export const declared = (of: Pick<Fix, 'shells'> | Shell): string[][] =>
  ('shells' in of ? of.shells : [of]).flatMap(({ argvs }) => argvs.map((argv) => argv.map((word) => word ?? '')));

/** What `play` gives when exactly the declared ran, and nothing else happened. */
export const asDeclared = (of: Pick<Fix, 'shells'> | Shell): Played => ({
  ran: declared(of),
  code: 0,
  stderr: '',
  files: [],
});
