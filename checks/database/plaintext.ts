/** Whether the password crossed a network as it is, where `sslmode` leaves it to the server whether there is TLS. */
import ipaddr from 'ipaddr.js';
import { type Outcome, pass, warn } from '../../src/check.ts';
import { advice } from '../../src/fix.ts';
import type { Session } from './session.ts';
import { isSocket } from './url.ts';

/** Whoever sets another mode has decided. */
const UNDECIDED: readonly string[] = ['prefer', 'allow'];

export function judgePlaintext({
  endpoint,
  tls,
  url,
  passwordSent,
}: Pick<Session, 'endpoint' | 'tls' | 'url' | 'passwordSent'>): Outcome {
  const { mode } = url.tls;
  const { host, port, address } = endpoint;
  const evidence = { sslmode: mode, passwordSent, ...(tls !== undefined && { tls }) };
  if (!passwordSent) return pass('the server does not ask for the password itself', { evidence });
  if (tls !== undefined) return pass(`the password was sent over ${tls}`, { evidence });
  // The vendor's own proxies listen there, and log in for whoever may connect.
  if (isSocket(endpoint) || ipaddr.process(address).range() === 'loopback')
    return pass('the password was not sent over a network', { evidence });
  if (!UNDECIDED.includes(mode))
    return pass(`the password was sent without TLS, as sslmode=${mode} asks`, { evidence });
  return warn(`the password of ${url.user} is sent to ${host}:${port} in clear text`, {
    detail: `The server has no TLS for this connection, sslmode=${mode} goes on without, and pg_hba.conf asks for the password itself.`,
    expected: 'TLS, or a login by scram-sha-256, which does not send the password',
    fix: advice`turn TLS on at the server and set sslmode=require or verify-full in DATABASE_URL, or let pg_hba.conf ask for scram-sha-256`,
    evidence,
  });
}
