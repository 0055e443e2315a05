/** The keys for AWS that the config contains, and who owns the credentials in use. */
import type { Party } from '../../config/options.ts';
import type { Run } from '../../engine/check.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The keys of one party, never mixed with the other's. The SDK for Go also knows the second name of each. */
export function keysOf(read: (name: string) => string | undefined): Keys | undefined {
  const accessKeyId = read('AWS_ACCESS_KEY_ID') ?? read('AWS_ACCESS_KEY');
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY') ?? read('AWS_SECRET_KEY');
  const sessionToken = read('AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** Reads only the config itself. */
export const keysInConfig = ({ deployment }: Run): Keys | undefined =>
  keysOf((name) => {
    const held = deployment.setting(name);
    return held?.party === 'config' ? held.value : undefined;
  });

/** The owner of the credentials in use. */
export const ownerOfAws = (run: Run): Party => (keysInConfig(run) === undefined ? 'process' : 'config');
