/** Whether a password crossed a network in cleartext because `sslmode` lets the server decide about TLS. */
import ipaddr from 'ipaddr.js';
import type { VariableName } from '../../src/config/contract.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import type { Session } from './session.ts';
import { isSocket } from './url.ts';

/** Any other mode is a deliberate choice. */
const UNDECIDED: readonly string[] = ['prefer', 'allow'];

/** The facts about a login. */
export type Login = Pick<Session, 'endpoint' | 'tls' | 'url' | 'passwordSent'>;

/** @param logins by the variable that holds the URL */
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
  return warn(exposed.map(([, login]) => `${sentTo(login)} in cleartext`).join('; '), {
    detail: `The server offers no TLS, ${modes} then connects without it, and pg_hba.conf requires the cleartext password.`,
    expected: 'TLS, or scram-sha-256 authentication, which does not send the password',
    fix: advice`enable TLS on the server and set sslmode=require or verify-full in ${variables.join(' and ')}, or use scram-sha-256 in pg_hba.conf`,
    evidence,
  });
}

const sentTo = ({ url, endpoint: { host, port } }: Login): string =>
  `the password of role "${url.user}" is sent to ${host}:${port}`;

const isExposed = ({ passwordSent, tls, endpoint, url }: Login): boolean =>
  passwordSent && tls === undefined && !isLocal(endpoint) && UNDECIDED.includes(url.tls.mode);

/** Proxies of cloud providers listen there and log in on behalf of any local client. */
const isLocal = (endpoint: Login['endpoint']): boolean =>
  isSocket(endpoint) || ipaddr.process(endpoint.address).range() === 'loopback';

function wayOf({ passwordSent, tls, endpoint, url }: Login): string {
  if (!passwordSent) return 'the server does not require the cleartext password';
  if (tls !== undefined) return `the password was sent over ${tls}`;
  if (isLocal(endpoint)) return 'the password was not sent over a network';
  return `the password was sent without TLS, as sslmode=${url.tls.mode} specifies`;
}
