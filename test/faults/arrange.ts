/** Ways to break an installation that several tables of faults use. */
import { BUCKETS } from '../../src/config/contract.ts';
import type { Variables } from '../support/preflight.ts';
import type { Arrange } from './fault.ts';

/** What the checks tell first of all buckets: where a failure is that hits every bucket. */
export const FIRST = 'object-storage/deliveries/access';
export const SIGNED = 'object-storage/deliveries/presigned';

export const bucketVariable = (bucket: keyof typeof BUCKETS, value: string): Variables => ({
  [BUCKETS[bucket]]: value,
});

/** A fault that is in the config alone. */
export const config =
  (change: (variables: Readonly<Record<string, string>>) => Variables): Arrange =>
  ({ variables }) => ({ variables: change(variables) });

interface Listening {
  readonly host: string;
  readonly port: number;
  close?(): Promise<void>;
}

/** Another server at the address that a variable holds: `host:port`, or the authority of a URL. */
export const elsewhere =
  (variable: string, start: () => Promise<Listening>): Arrange =>
  async ({ variables }) => {
    const server = await start();
    const at = `${server.host}:${server.port}`;
    const value = variables[variable] ?? '';
    const changed = value.includes('://') ? value.replace(/^([^:]+:\/\/(?:[^@/]*@)?)[^/?]+/, `$1${at}`) : at;
    return { variables: { [variable]: changed }, undo: () => server.close?.() };
  };

/** Requests for one operation. */
export const isAction =
  (wanted: string) =>
  ({ action }: { readonly action: string }): boolean =>
    action === wanted;

/** True for the first request of each kind: of a fault that goes away when the request is sent again. */
export function once(): (of: string) => boolean {
  const seen = new Set<string>();
  return (of) => {
    const first = !seen.has(of);
    seen.add(of);
    return first;
  };
}
