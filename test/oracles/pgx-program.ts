/** Asks both versions of pgx about a database URL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { programOf } from '../peers/install.ts';
import { ORACLES, type OracleName } from './catalog.ts';

export interface Question {
  readonly url: string;
  /** The variables of the process that reads the URL. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly result: 'parse' | 'refused' | 'connected';
  readonly error?: string;
  /** The SQLSTATE, if the server refused. */
  readonly state?: string;
  /** User, database, port, encryption and settings of the session. */
  readonly session?: string;
}

export interface Pgx {
  /** One at a time. */
  ask(question: Question): Promise<Answer>;
  stop(): void;
}

/** @param home a directory without files of PostgreSQL */
export function startPgx(name: OracleName, home: string): Pgx {
  const { command, args } = programOf(name, ORACLES[name]);
  const child: ChildProcess = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: home, USER: 'nobody-here' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  if (child.stdout === null) throw new Error('a pipe to the program is missing');
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  child.once('exit', () => {
    for (const { reject } of waiting) reject(new Error(`${name} ended`));
  });
  return {
    ask: async (question) => {
      const line = new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
      });
      child.stdin?.write(`${JSON.stringify(question)}\n`);
      return JSON.parse(await line) as Answer;
    },
    stop: () => void child.kill(),
  };
}
