/** Whether a password crossed a network as it is, where `sslmode` leaves it to the server whether there is TLS. */
import ipaddr from 'ipaddr.js';
import type { VariableName } from '../../src/config/contract.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import type { Session } from './session.ts';
import { isSocket } from './url.ts';

/** Whoever sets another mode has decided. */
const UNDECIDED: readonly string[] = ['prefer', 'allow'];

/** What there is to know of a login. */
export type Login = Pick<Session, 'endpoint' | 'tls' | 'url' | 'passwordSent'>;

/** @param logins by the variable whose URL it was */
export function judgePlaintext(logins: Readonly<Partial<Record<VariableName, Login>>>): Outcome {
  const all = Object.entries(logins);
  const exposed = all.filter(([, login]) => isExposed(login));
  const modes = [...new Set(exposed.map(([, { url }]) => `sslmode=${url.tls.mode}`))].join(' and ');
  const variables = exposed.map(([variable]) => variable);
  const evidence = {
    sslmode: all.map(([, { url }]) => url.tls.mode),
    passwordSent: all.some(([, { passwordSent }]) => passwordSent),
    ...(exposed.length > 0 && { variables }),
  };
  if (exposed.length === 0) {
    return pass([...new Set(all.map(([, login]) => wayOf(login)))].join('; '), { evidence });
  }
  return warn(exposed.map(([, login]) => `${sentTo(login)} in clear text`).join('; '), {
    detail: `The server has no TLS for the connection, ${modes} goes on without, and pg_hba.conf asks for the password itself.`,
    expected: 'TLS, or a login by scram-sha-256, which does not send the password',
    fix: advice`turn TLS on at the server and set sslmode=require or verify-full in ${variables.join(' and ')}, or let pg_hba.conf ask for scram-sha-256`,
    evidence,
  });
}

const sentTo = ({ url, endpoint: { host, port } }: Login): string =>
  `the password of ${url.user} is sent to ${host}:${port}`;

const isExposed = ({ passwordSent, tls, endpoint, url }: Login): boolean =>
  passwordSent && tls === undefined && !isLocal(endpoint) && UNDECIDED.includes(url.tls.mode);

/** The vendor's own proxies listen there, and log in for whoever may connect. */
const isLocal = (endpoint: Login['endpoint']): boolean =>
  isSocket(endpoint) || ipaddr.process(endpoint.address).range() === 'loopback';

function wayOf({ passwordSent, tls, endpoint, url }: Login): string {
  if (!passwordSent) return 'the server does not ask for the password itself';
  if (tls !== undefined) return `the password was sent over ${tls}`;
  if (isLocal(endpoint)) return 'the password was not sent over a network';
  return `the password was sent without TLS, as sslmode=${url.tls.mode} asks`;
}
