/** Runs the tests beside eight busy loops: none may depend on how quick the machine is. Arguments go to Vitest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const LOOPS = 8;
/** Ends by itself when the process that it is to disturb is gone, however that ended. */
const LOOP =
  "process.on('disconnect', () => process.exit()); (function turn() { for (let i = 0; i < 1e8; i++); setImmediate(turn); })();";

const loops = Array.from({ length: LOOPS }, () =>
  spawn(process.execPath, ['-e', LOOP], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
);
const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '..', 'vitest.mjs');
const tests = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void tests.kill(signal));
const [code] = await once(tests, 'exit');
for (const loop of loops) loop.kill('SIGKILL');
process.exitCode = code ?? 1;
