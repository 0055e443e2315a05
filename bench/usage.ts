/** What a program takes of the machine, as it says itself when it exits. */
import { runHooked } from './hooked.ts';

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
    writeFileSync(process.env.SEEN_FILE, JSON.stringify(usage));
  });`;

/**
 * Runs Node with these arguments.
 * @throws Error with the end of its output, if it exits with another code than these
 */
export async function usageOf(
  args: readonly string[],
  env?: Readonly<Record<string, string | undefined>>,
  codes?: readonly number[],
): Promise<Usage> {
  const { seen, ran } = await runHooked<Omit<Usage, 'wallMs'>>(HOOK, args, env, codes);
  return { ...seen, wallMs: ran.ms };
}
