/** Asks the programs that read env files. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ReaderName } from '../../src/config/env-file/readers.ts';
import { EMPTY, startLines } from './line-program.ts';

/** The variables by name; `null` when the reader rejects the file. */
export type Answer = Readonly<Record<string, string>> | null;
export type Answers = Readonly<Record<ReaderName, Answer>>;

export interface Programs {
  ask(text: string): Promise<Answers>;
  stop(): Promise<void>;
}

export async function startPrograms(): Promise<Programs> {
  const directory = await mkdtemp(join(tmpdir(), 'preflight-env-files-'));
  const [envFiles, systemd] = [startLines('envFiles'), startLines('systemd')];
  return {
    ask: async (text) => {
      const line = Buffer.from(text).toString('base64');
      const [literal, service, bash] = await Promise.all([
        envFiles.ask(line),
        systemd.ask(line),
        askBash(directory, text),
      ]);
      return { ...JSON.parse(literal), systemd: JSON.parse(service), bash };
    },
    stop: async () => {
      envFiles.stop();
      systemd.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** In a restricted shell, which starts no program by path, and finds none without. */
const SCRIPT =
  'exec 2>/dev/null; set -r -a; . env; for name in $(compgen -e); do printf "%s=%s\\0" "$name" "${!name}"; done';
const OWN = ['HOME', 'PATH', 'PWD', 'OLDPWD', 'SHLVL', '_'];

async function askBash(directory: string, text: string): Promise<Answer> {
  await writeFile(join(directory, 'env'), text);
  const run = promisify(execFile);
  const options = { cwd: directory, env: EMPTY, timeout: 10_000 };
  const { stdout } = await run('/bin/bash', ['--noprofile', '--norc', '-c', SCRIPT], options).catch(ended);
  if (stdout === undefined) return null;
  const pairs = stdout.split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return Object.fromEntries(pairs.filter(([name = '']) => name !== '' && !OWN.includes(name)));
}

/** A missing `${variable:?}` ends the shell. */
function ended(error: { code?: unknown; killed?: boolean }): { stdout: undefined } {
  if (typeof error.code !== 'number' || error.killed === true) throw error;
  return { stdout: undefined };
}
