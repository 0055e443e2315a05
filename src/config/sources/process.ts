/** The process environment, as in a job started with `envFrom`. */
import { ENVIRONMENT, type Source } from '../entry.ts';

/** @param env `process.env`, which only the caller modifies */
export function processSource(env: Readonly<Record<string, string | undefined>>): Source {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, kind: 'known', value, service: 'all', origin: ENVIRONMENT } as const],
  );
  return { entries, incomplete: false, process: true };
}
