/** What a program takes of the machine, as it says itself when it exits. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALONE, run } from './programs.ts';

export interface Usage {
  /** User and system time of all its threads, ms. */
  readonly processorMs: number;
  /** The most memory that it had, in bytes. */
  readonly peakBytes: number;
  readonly wallMs: number;
}

/** `maxRSS` begins with what the parent had; Linux also tells the peak of the program itself. */
const HOOK = `
  const { readFileSync, writeFileSync } = process.getBuiltinModule('fs');
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    let peak = maxRSS;
    if (process.platform === 'linux') peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
    const usage = { processorMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: peak * 1024 };
    writeFileSync(process.env.USAGE_FILE, JSON.stringify(usage));
  });`;
const MODULE = `data:text/javascript,${encodeURIComponent(HOOK)}`;

/**
 * Runs Node with these arguments.
 * @throws Error with the end of its output, if it exits with another code than these
 */
export async function usageOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  codes: readonly number[] = [0],
): Promise<Usage> {
  const directory = await mkdtemp(join(tmpdir(), 'usage-'));
  const file = join(directory, 'usage.json');
  try {
    const all = { ...ALONE, ...env, USAGE_FILE: file };
    const { code, ms, stdout, stderr } = await run(process.execPath, ['--import', MODULE, ...args], { env: all });
    if (code === null || !codes.includes(code)) {
      throw new Error(`${args.join(' ')} exited with ${code}:\n${`${stdout}\n${stderr}`.trim().slice(-500)}`);
    }
    return { ...JSON.parse(await readFile(file, 'utf8')), wallMs: ms };
  } finally {
    await rm(directory, { recursive: true });
  }
}
