/**
 * Where credentials may go. The config's own go where the config says. The caller's go to hosts that the provider's own
 * endpoint rules give, that the process itself named, or that `--allow-credentials-to` allows; to no other, whatever a config
 * or a server says.
 */

import { type CredentialsFile, WITHHELD } from '../config/credentials-options.ts';
import type { Deployment, Held } from '../config/deployment.ts';
import type { Party } from '../config/options.ts';
import type { Run } from '../engine/check.ts';
import { isLoopback } from '../net/http.ts';
import { addressOf } from '../net/tcp.ts';
import { cause } from '../outcome/cause.ts';
import { advice, sh } from '../outcome/fix.ts';
import { CheckStopped, skip } from '../outcome/outcome.ts';

export interface Destination {
  readonly url: URL;
  /** Whose word the address is. */
  readonly party: Party;
  /** The variable that names it. */
  readonly setting: string;
  /** Whether the provider's own endpoint rules give this host. */
  readonly isProviders?: (hostname: string) => boolean;
  /** How the config asks for TLS there, where an `https://` address is not the way: `X=true`. */
  readonly overTls?: string;
}

/** Whether credentials of this owner may be sent there. */
export function mayGo(run: Pick<Run, 'options'>, owner: Party, { url, party, isProviders }: Destination): boolean {
  if (owner === 'config' || party === 'process') return true;
  const isDefaultPort = url.port === '' || url.port === '443';
  if (url.protocol === 'https:' && isDefaultPort && isProviders?.(url.hostname)) return true;
  return isAllowed(run.options.allowCredentialsTo, url);
}

/**
 * Whose word an address is that a variable holds: the process's too, where one of its own variables for the same purpose
 * names the same server.
 */
export function partyAt({ own }: Pick<Deployment, 'own'>, { value, party }: Held, names: readonly string[]): Party {
  const isSame = (other: string | undefined) => other !== undefined && serverIn(other) === serverIn(value);
  return party === 'process' || names.some((name) => isSame(own(name))) ? 'process' : party;
}

/** Whatever cannot be read names a server of its own. */
function serverIn(text: string): unknown {
  if (!URL.canParse(text)) return Symbol();
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}

/** Exactly the host and port; over TLS, but for this machine itself. */
function isAllowed(allowed: readonly string[], url: URL): boolean {
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) return false;
  const { host, port } = addressOf(url);
  const name = host.includes(':') ? `[${host}]` : host;
  const isDefault = port === (url.protocol === 'https:' ? 443 : 80);
  return allowed.some((entry) => entry === `${name}:${port}` || (isDefault && entry === name));
}

/** @throws CheckStopped with the one skip, when credentials of this owner may not be sent there */
export function mustBeAllowed(run: Pick<Run, 'options'>, owner: Party, destination: Destination): void {
  if (!mayGo(run, owner, destination)) throw withheld(destination);
}

export function withheld({ url, setting, overTls }: Pick<Destination, 'url' | 'setting' | 'overTls'>): CheckStopped {
  const { host, port } = addressOf(url);
  const at = `${host.includes(':') ? `[${host}]` : host}${url.port === '' ? '' : `:${port}`}`;
  const secure = url.protocol === 'https:' || isLoopback(url.hostname);
  const tls = overTls ?? `${setting}=https://…`;
  const way = secure
    ? `--allow-credentials-to ${at} allows it`
    : `it must be over TLS (${tls}), and allowed with --allow-credentials-to`;
  return new CheckStopped(
    skip(`${setting} names ${at}, which was not sent your credentials: ${way}`, {
      detail:
        'Only the config names this host, and the credentials for it are not in the config itself: they are this process’s, or were read with them. They go only where their provider, the process itself or --allow-credentials-to says.',
      fix: secure
        ? advice`if that host may have them: ${sh`spacelift-preflight --allow-credentials-to ${at}`} and the other options; else put the deployment’s own credentials into the config`
        : advice`set ${tls}, or pass the deployment’s own credentials for it with a further -f; --allow-credentials-to does not reach hosts without TLS`,
      evidence: { reason: WITHHELD, host: at, variable: setting },
      withheldFrom: at,
      cause: cause.withheld(at),
    }),
  );
}

/** Whether `--credentials-file` stands for one of these. */
export const isSupplied = ({ options }: Pick<Run, 'options'>, ...names: readonly CredentialsFile[]): boolean =>
  names.some((name) => options.credentialsFiles[name] !== undefined);

/** The file of such a variable on this machine: what the option names, else what the process itself names. */
export const ownFile = ({ options, deployment }: Run, name: CredentialsFile): string | undefined =>
  options.credentialsFiles[name] ?? deployment.own(name);

/** The skip for a file of the config's, when there are no other credentials here. */
export const onlyInContainer = (name: CredentialsFile): CheckStopped =>
  new CheckStopped(
    skip(`${name} names a file of Spacelift’s container: --credentials-file supplies it here`, {
      detail: 'A path in a config is never opened on this machine, and this process has no credentials of its own.',
      fix: advice`run it in Spacelift’s container, or pass the file: ${sh`spacelift-preflight --credentials-file ${name}=PATH`} and the other options`,
      evidence: { variable: name },
      cause: cause.credentialsFile(name),
    }),
  );

/** The run as requests with credentials of this owner travel: the caller's by its own proxies, trusting its own authorities. */
export const travelling = <R extends Run>(run: R, owner: Party): R =>
  owner === 'config' ? run : { ...run, ...run.own };
