/** Programs that a run starts: kubectl, and what an AWS profile names for its credentials. */
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import { basename } from 'node:path';
import { type Log, quietly, since, wordOf } from './line.ts';

export function watchChildren(log: Log): () => void {
  const watch = quietly(({ process: child }: { process: ChildProcess }) => {
    const began = performance.now();
    const say = (result: string) => log({ kind: 'exec', what: shown(child), result, ms: since(began) });
    child.once(errorMonitor, (error) => say(wordOf(error)));
    child.once('close', (code, signal) => {
      if (child.pid !== undefined) say(signal ?? `exit code ${code}`);
    });
  });
  subscribe('child_process', watch);
  return () => unsubscribe('child_process', watch);
}

/** Only the arguments of kubectl are this tool's own; those of other programs can contain anything. */
function shown({ spawnfile, spawnargs }: ChildProcess): string {
  const name = basename(spawnfile);
  return name === 'kubectl' ? [name, ...spawnargs.slice(1)].join(' ') : name;
}
