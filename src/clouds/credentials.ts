/**
 * Where credentials may be sent. The config's own credentials go where the config says. The caller's go only to hosts in the
 * provider's own endpoint rules, hosts that the process itself named, and hosts that `--allow-credentials-to` allows,
 * regardless of what a config or a server says.
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
  /** The party that set the address. */
  readonly party: Party;
  /** The variable that contains it. */
  readonly setting: string;
  /** Whether the provider's own endpoint rules include this host. */
  readonly isProviders?: (hostname: string) => boolean;
  /** The setting that enables TLS, if it is not an `https://` address: `X=true`. */
  readonly overTls?: string;
}

/** Whether credentials of this owner may be sent there. */
export function maySendTo(run: Pick<Run, 'options'>, owner: Party, { url, party, isProviders }: Destination): boolean {
  if (owner === 'config' || party === 'process') return true;
  const isDefaultPort = url.port === '' || url.port === '443';
  if (url.protocol === 'https:' && isDefaultPort && isProviders?.(url.hostname)) return true;
  return isAllowed(run.options.allowCredentialsTo, url);
}

/**
 * The party that set the address in a variable: also the process, if one of its own variables for the same purpose names the
 * same server.
 */
export function partyAt({ own }: Pick<Deployment, 'own'>, { value, party }: Held, names: readonly string[]): Party {
  const isSame = (other: string | undefined) => other !== undefined && serverIn(other) === serverIn(value);
  return party === 'process' || names.some((name) => isSame(own(name))) ? 'process' : party;
}

/** A value that can't be parsed never names the same server as another. */
function serverIn(text: string): unknown {
  if (!URL.canParse(text)) return Symbol();
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}

/** Exactly this host and port; over TLS, except for this machine itself. */
function isAllowed(allowed: readonly string[], url: URL): boolean {
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) return false;
  const { host, port } = addressOf(url);
  const name = host.includes(':') ? `[${host}]` : host;
  const isDefault = port === (url.protocol === 'https:' ? 443 : 80);
  return allowed.some((entry) => entry === `${name}:${port}` || (isDefault && entry === name));
}

/** @throws CheckStopped with a skip, if credentials of this owner must not be sent there */
export function mustBeAllowed(run: Pick<Run, 'options'>, owner: Party, destination: Destination): void {
  if (!maySendTo(run, owner, destination)) throw withheld(destination);
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
    skip(`your credentials were not sent to ${at}, which ${setting} names: ${way}`, {
      detail:
        'Only the config names this host, but the credentials for it are not in the config itself: they belong to this process, or were read with its credentials. They are sent only to hosts of their provider, hosts that the process itself names, and hosts that --allow-credentials-to allows.',
      fix: secure
        ? advice`if you trust that host with them: ${sh`spacelift-preflight --allow-credentials-to ${at}`} and the other options; otherwise add the deployment’s own credentials to the config`
        : advice`set ${tls}, or pass the deployment’s own credentials for it with another -f; --allow-credentials-to does not apply to hosts without TLS`,
      evidence: { reason: WITHHELD, host: at, variable: setting },
      withheldFrom: at,
      cause: cause.withheld(at),
    }),
  );
}

/**
 * Whether a provider's SDK would accept the variables that it reads.
 * @param matters which of them matter to the request
 * @throws CheckStopped with the failure that `configuration` reports
 */
export function mustBeAccepted({ deployment }: Pick<Run, 'deployment'>, matters: (name: string) => boolean): void {
  const flaw = deployment.flaws.find(({ name }) => matters(name));
  if (flaw !== undefined) throw new CheckStopped(flaw.outcome);
}

/** Whether `--credentials-file` supplies one of these. */
export const isSupplied = ({ options }: Pick<Run, 'options'>, ...names: readonly CredentialsFile[]): boolean =>
  names.some((name) => options.credentialsFiles[name] !== undefined);

/** The file for such a variable on this machine: from the option, otherwise from the process environment. */
export const ownFile = ({ options, deployment }: Run, name: CredentialsFile): string | undefined =>
  options.credentialsFiles[name] ?? deployment.own(name);

/** The skip for a file in the config, if there are no other credentials here. */
export const onlyInContainer = (name: CredentialsFile): CheckStopped =>
  new CheckStopped(
    skip(`${name} names a file in Spacelift’s container: pass it with --credentials-file`, {
      detail: 'A path in a config is never opened on this machine, and this process has no credentials of its own.',
      fix: advice`run this tool in Spacelift’s container, or pass the file: ${sh`spacelift-preflight --credentials-file ${name}=PATH`} and the other options`,
      evidence: { variable: name },
      cause: cause.credentialsFile(name),
    }),
  );

/** The run for requests with credentials of this owner: the caller's use only its own proxies and CAs. */
export const withOwnersNetwork = <R extends Run>(run: R, owner: Party): R =>
  owner === 'config' ? run : { ...run, ...run.own };
