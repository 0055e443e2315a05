/** Whether this process gets a processor when it has work to do: if not, servers seem late that are not. */

/** How many times as long as usual a starved process waits at most. */
export const PATIENCE = 6;

/** In ms: the system may count the use of processors in steps of up to 10 ms. */
const SAMPLE_MS = 50;

/** Up to one moment, in ms. */
export interface Sample {
  /** How long the event loop has had something to do. */
  readonly active: number;
  /** How long this process has had a processor. */
  readonly used: number;
}

/** Where a replaced clock measures no event loop, it was never active. */
function sampleNow(): Sample {
  const { user, system } = process.cpuUsage();
  const { active = 0 } = performance.eventLoopUtilization() ?? {};
  return { active, used: (user + system) / 1000 };
}

/**
 * Counts for how long this process has had work to do, but no processor, in ms. It may be asked often: only every 50 ms does it
 * ask the system, which on a busy machine takes a while to add up what the threads have used.
 */
export function makeStarvation(sample: () => Sample, clock = () => performance.now()): () => number {
  let seen = sample();
  let at = clock();
  let waited = 0;
  return () => {
    const now = clock();
    if (now - at < SAMPLE_MS && now >= at) return waited;
    const next = sample();
    waited += Math.max(0, next.active - seen.active - (next.used - seen.used));
    seen = next;
    at = now;
    return waited;
  };
}

export const keptWaiting = makeStarvation(sampleNow);

/** By how much to multiply the time limits of libraries that count the time by themselves: 1, or for a starved process, 6. */
export function patience(waited = keptWaiting(), uptime = performance.now()): number {
  return waited > uptime / 2 ? PATIENCE : 1;
}
