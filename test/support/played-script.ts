/** A Bash script, run with clients that only record how they were called and what they were given. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRun } from '../../src/util/can-run.ts';
import { type Ended, ended } from './programs.ts';

export interface Call {
  readonly argv: readonly string[];
  /** Standard input. */
  readonly input: string;
}

export interface PlayedScript extends Ended {
  readonly calls: readonly Call[];
  /** The files that appeared where it ran. */
  readonly files: readonly string[];
}

export interface ScriptPlayer {
  /** @param failing the program that fails whenever it is called */
  play(script: string, env?: Readonly<Record<string, string>>, failing?: string): Promise<PlayedScript>;
  remove(): void;
}

/** Builtins alone, since nothing else is there; one write, so that the order is kept. */
const client = (bash: string) => `#!${bash}
IFS= read -r -d '' input || :
printf '%s\\0' "$(($# + 2))" "\${0##*/}" "$@" "$input" >> "$RECORD"
[ "\${0##*/}" != "\${FAILING:-}" ]
`;

const BASH = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash'];

/** @param clients the programs that there are */
export function makeScriptPlayer(clients: readonly string[]): ScriptPlayer {
  const bash = BASH.find(canRun) ?? 'bash';
  const root = mkdtempSync(join(tmpdir(), 'script-'));
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const name of clients) writeFileSync(join(bin, name), client(bash), { mode: 0o755 });
  return {
    play: async (script, env = {}, failing = '') => {
      const cwd = mkdtempSync(join(root, 'at-'));
      const [record, path] = [`${cwd}.record`, `${cwd}.sh`];
      writeFileSync(record, '');
      writeFileSync(path, script);
      const result = await ended(bash, [path], { cwd, env: { PATH: bin, RECORD: record, FAILING: failing, ...env } });
      const files = readdirSync(cwd);
      rmSync(cwd, { recursive: true });
      return { ...result, calls: callsIn(readFileSync(record, 'utf8')), files };
    },
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** Each call: how many words, the program, its arguments, and its input. */
function callsIn(recorded: string): Call[] {
  const words = recorded.split('\0');
  const found: Call[] = [];
  for (let at = 0; at < words.length - 1; ) {
    const end = at + 1 + Number(words[at]);
    found.push({ argv: words.slice(at + 1, end - 1), input: words[end - 1] ?? '' });
    at = end;
  }
  return found;
}
