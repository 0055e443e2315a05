/** Scripts that are tested as a whole, and the programs that stand in for those that they call. */
import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  /** All of it. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** Runs a program to its end, whatever its exit code is. */
export function ended(command: string, args: readonly string[], { env, stdin = '', cwd }: Running): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, maxBuffer: 64 << 20, cwd };
    const child = execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.on('error', () => {}).end(stdin);
  });
}

/** @param programs scripts for `/bin/sh`, by the name of the program */
export async function writePrograms(folder: string, programs: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
}
