/** Ways to break an installation that several tables of faults use. */
import type { Variables } from '../support/preflight.ts';
import type { Arrange } from './fault.ts';

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
