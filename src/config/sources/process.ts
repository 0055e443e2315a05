/** The process environment: what a job started with `envFrom` sees. */
import { ENVIRONMENT, type Source } from '../entry.ts';

/** @param env `process.env`, which nothing but the caller touches */
export function processSource(env: Readonly<Record<string, string | undefined>>): Source {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, kind: 'known', value, service: 'all', origin: ENVIRONMENT } as const],
  );
  return { entries, incomplete: false, process: true };
}
