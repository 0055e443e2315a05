/** Programs that answer each line of their input with a line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { programOf } from '../peers/install.ts';
import { ORACLES, type OracleName } from './catalog.ts';

/** Nothing that a line could refer to, and nothing that it could start. */
export const EMPTY = { HOME: '/nonexistent', PATH: '/nonexistent' };

export interface LineProgram {
  ask(line: string): Promise<string>;
  stop(): void;
}

export function startLines(name: OracleName): LineProgram {
  const { command, args, env } = programOf(name, ORACLES[name]);
  const child = spawn(command, args, {
    // Python is on the path.
    env: { ...EMPTY, ...(command.includes('/') ? {} : { PATH: process.env.PATH }), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  child.once('exit', () => {
    for (const { reject } of waiting) reject(new Error(`${name} ended`));
  });
  return {
    ask: (line: string): Promise<string> =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${line}\n`);
      }),
    stop: () => void child.kill(),
  };
}
