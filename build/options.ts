/** How the commands that build read their options, and how they end. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ROOT } from './bundle.ts';
import { NODE } from './node.ts';
import { run } from './run.ts';

/** A wrong option or environment: one line, exit code 2. */
export class UsageError extends Error {}

/** @throws UsageError for an unknown option */
export function optionsOf<T extends ParseArgsConfig['options']>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The bundle and the executables are made by the Node that they are tested with. @throws UsageError */
export function checkNode(): void {
  if (process.versions.node !== NODE) {
    throw new UsageError(`this is Node ${process.versions.node}: expected ${NODE}, from npm run developed-node`);
  }
}

/** When and from what it is built: the time (ISO 8601) of the commit, so that it gives the same files again. @throws UsageError */
export async function source(): Promise<{ created: string; revision: string }> {
  const epoch = process.env.SOURCE_DATE_EPOCH ?? (await run('git', ['log', '-1', '--format=%ct'], ROOT)).trim();
  if (!/^\d{1,11}$/.test(epoch)) throw new UsageError(`SOURCE_DATE_EPOCH=${epoch}: expected seconds since 1970`);
  const revision = await run('git', ['rev-parse', 'HEAD'], ROOT).catch(() => 'unknown');
  return { created: new Date(Number(epoch) * 1000).toISOString(), revision: revision.trim() };
}

/** Runs a command to its end: an error is one line on standard error, and exit code 2 if the usage was wrong, else 1. */
export async function endWith(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
