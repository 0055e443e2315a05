/** The texts for network errors: the same in every check. */

import { DEFAULTS } from '../config/options.ts';
import { cause } from '../outcome/cause.ts';
import { advice, type Fix, sh } from '../outcome/fix.ts';
import type { Issue } from '../outcome/outcome.ts';
import { day, span } from '../util/format.ts';
import { commonName, type PeerCertificate } from './certificate.ts';
import type { NetworkError, TlsReason } from './network-error.ts';
import { unbracketed } from './tcp.ts';

/** The server that a connection was meant for. */
export interface Target {
  /** "PostgreSQL", "MinIO". */
  readonly what: string;
  readonly host: string;
  readonly port: number;
  /** The variable, or the part of a variable, that names the target: "DATABASE_URL". */
  readonly setting: string;
  /** The variable that says whether to use TLS, if it is not that one. */
  readonly tlsSetting?: string;
}

type NetworkMessages = Pick<Issue, 'detail' | 'expected' | 'fix' | 'evidence' | 'cause'> & { title: string };

const TLS: Record<TlsReason, { says: string; expected?: string; fix: Fix }> = {
  untrusted: {
    says: 'its certificate is signed by a certificate authority (CA) that is not trusted here',
    fix: advice`pass the CA certificate with --ca-file <path>, and add it to ADDITIONAL_ROOT_CAS for Spacelift`,
  },
  name: {
    says: 'its certificate is for another name',
    fix: advice`use a name that the certificate contains, or issue a certificate for this name`,
  },
  expired: { says: 'its certificate has expired', fix: advice`renew the certificate` },
  'not-yet-valid': {
    says: 'its certificate is not valid yet',
    fix: advice`compare the clocks of this machine and of the issuer (${sh`date -u`})`,
  },
  protocol: {
    says: 'it does not support a TLS version that is in use here',
    fix: advice`enable TLS 1.2 or 1.3 on the server`,
  },
  'client-certificate': {
    says: 'it rejected the client certificate, or requires one that was not sent',
    fix: advice`configure the client certificate that the server requires`,
  },
  changed: {
    says: 'the data received differs from the data sent',
    expected: 'a connection that does not alter the data',
    fix: advice`look for a proxy or firewall that inspects TLS, or a faulty link; try from another network`,
  },
  other: { says: 'the TLS handshake failed', fix: advice`check the server’s log for the rejected handshake` },
};

/** The number of names that fit in a title. */
const NAMES = 3;

/** Describes the problem with the certificate, with its own dates and names if they are known. */
function shown({ tls, code, chain }: NetworkError, host: string): { says: string } | undefined {
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return { says: 'its certificate is self-signed and not trusted here' };
  const [leaf] = chain;
  if (leaf === undefined) return undefined;
  const top = chain.at(-1) ?? leaf;
  const now = Date.now();
  const whose = (one: PeerCertificate) =>
    one === leaf ? 'its certificate' : `the certificate of ${commonName(one.subject)}`;
  const [old, early] = [
    chain.find(({ validTo }) => validTo.getTime() < now),
    chain.find(({ validFrom }) => validFrom.getTime() > now),
  ];
  switch (tls) {
    case 'expired':
      return old && { says: `${whose(old)} expired on ${day(old.validTo)}` };
    case 'not-yet-valid':
      return early && { says: `${whose(early)} is not valid until ${day(early.validFrom)}` };
    case 'name':
      return { says: `its certificate is for ${listed(leaf.names) || 'no name'}, not for ${host}` };
    case 'untrusted':
      return {
        says: `its certificate is signed by ${commonName(top.issuer)}, a certificate authority (CA) that is not trusted here`,
      };
    default:
      return undefined;
  }
}

const listed = (names: readonly string[]): string =>
  names.length > NAMES ? `${names.slice(0, NAMES).join(', ')} and ${names.length - NAMES} more` : names.join(', ');

/** The fix for TLS to a host of a public cloud: its own certificate is valid, so the one received comes from something else. */
export const inspected = (host: string): Fix =>
  advice`something in between responds in place of ${host}, such as a proxy that inspects TLS: exempt ${host} from inspection, or configure a valid, trusted certificate (--ca-file <path>, and ADDITIONAL_ROOT_CAS for Spacelift); check it: ${sh`openssl s_client -connect ${host}:443`}`;

/** The advice about a longer wait, for every server that was too slow. */
export const WAIT_LONGER = `to wait longer, set --timeout above ${DEFAULTS.timeoutMs / 1000}: every wait grows with it`;

/** The server accepted the connection: no firewall is in the way. */
function silence(
  ms: number,
  { responding }: NetworkError,
  { what, at }: { what: string; at: string },
): Pick<NetworkMessages, 'title' | 'detail' | 'expected' | 'fix'> {
  const within = `within ${span(ms)}`;
  return {
    title: responding
      ? `${at} did not finish its response ${within}`
      : `connected to ${at}, but got no response ${within}`,
    detail:
      'The server hangs or is overloaded, or a load balancer, proxy or pooler in front of it has no server to pass the request to.',
    expected: `a response from ${what} ${within}`,
    fix: advice`find out why ${what} does not respond: see its log, and that of any proxy or load balancer in front of it; ${WAIT_LONGER}`,
  };
}

/** The server had started its response. */
const brokenOff = (what: string, at: string): Pick<NetworkMessages, 'title' | 'detail' | 'expected' | 'fix'> => ({
  title: `${at} broke off its response`,
  detail: 'The response is shorter than its headers announce, or its last part never came.',
  expected: `whole responses from ${what}`,
  fix: advice`find out why its responses break off: see the log of ${what}, and that of any proxy or load balancer in front of it`,
});

/** For a machine whose DNS servers all stay silent: the same for every host, so that it is reported once. */
export function noDnsServer(host: string, servers: readonly string[]): NetworkMessages {
  return {
    title: `no DNS server responds: ${listed(servers)}`,
    detail: 'The addresses come from the resolver settings of this machine (/etc/resolv.conf).',
    expected: 'a DNS server that responds on port 53',
    fix: advice`allow UDP and TCP 53 to a DNS server, or correct the nameserver lines in /etc/resolv.conf (in Kubernetes: dnsPolicy, and the network policies of the pod and of kube-dns); try: ${sh`getent hosts ${host}`}`,
    evidence: { observed: 'dns', servers: [...servers] },
    cause: cause.noDnsServer(host),
  };
}

/** The title, the expectation, and the fix for any network error. */
export function networkMessages(
  problem: NetworkError,
  { what, host, port, setting, tlsSetting = setting }: Target,
): NetworkMessages {
  const at = `${host}:${port}`;
  const evidence = { host, port, observed: problem.kind, ...(problem.code !== undefined && { code: problem.code }) };
  const itself = cause.network(at, problem.kind);
  switch (problem.kind) {
    case 'dns':
      if (problem.dnsServers !== undefined) return noDnsServer(host, problem.dnsServers);
      return {
        title: problem.code === 'EAI_AGAIN' ? `no DNS server responded for ${host}` : `${host} does not resolve`,
        expected: `a name that resolves where Spacelift runs`,
        fix: advice`correct the host in ${setting}, or create its DNS record; try: ${sh`getent hosts ${host}`}`,
        evidence,
        cause: cause.dns(host),
      };
    case 'refused':
      return {
        title: `${at} refused the connection`,
        expected: `${what} listening on port ${port}`,
        fix: advice`start ${what}, or correct the host and port in ${setting}; try: ${sh`nc -vz ${unbracketed(host)} ${port}`}`,
        evidence,
        cause: cause.unreachable(at, problem.kind),
      };
    case 'timeout':
      if (problem.silentMs !== undefined) {
        return {
          ...silence(problem.silentMs, problem, { what, at }),
          evidence: { ...evidence, connected: true },
          cause: itself,
        };
      }
      return {
        title: `${at} timed out`,
        detail: 'The usual cause is a firewall, security group, or network policy that drops packets.',
        expected: `a response from ${what}`,
        fix: advice`allow TCP ${port} from Spacelift’s network to ${host}; try: ${sh`nc -vz -w 5 ${unbracketed(host)} ${port}`}`,
        evidence,
        cause: cause.unreachable(at, problem.kind),
      };
    case 'unreachable':
      return {
        title: `no route to ${at}`,
        expected: `a route from Spacelift’s network to ${host}`,
        fix: advice`correct the host in ${setting}, or the routes and network policies in between`,
        evidence,
        cause: cause.unreachable(at, problem.kind),
      };
    case 'closed':
      if (problem.responding) return { ...brokenOff(what, at), evidence, cause: itself };
      return {
        title: `${at} closed the connection`,
        detail: `The connection was accepted, then closed before ${what} responded.`,
        expected: `a response from ${what}`,
        fix: advice`find out what listens there: a load balancer without a healthy backend, a proxy, or another service`,
        evidence,
        cause: itself,
      };
    case 'not-tls':
      return {
        title: `${at} does not speak TLS`,
        expected: `TLS, as set in ${tlsSetting}`,
        fix: advice`enable TLS on the server, or disable it in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'wants-tls':
      return {
        title: `${at} requires TLS`,
        expected: `plain HTTP, as set in ${tlsSetting}`,
        fix: advice`enable TLS in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'not-http':
      return {
        title: `${at} does not speak HTTP`,
        expected: `${what} on port ${port}`,
        fix: advice`correct the host and port in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'flood':
      return {
        title: `${at} sends an endless response`,
        detail: `The response is far longer than any from ${what}.`,
        expected: `${what} on port ${port}`,
        fix: advice`find out what listens there, and correct the host and port in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'tls': {
      const { says, expected, fix } = { ...TLS[problem.tls ?? 'other'], ...shown(problem, host) };
      return {
        title: `TLS to ${at} failed: ${says}`,
        expected: expected ?? `a certificate for ${host} from a trusted certificate authority (CA)`,
        fix,
        evidence,
        cause: cause.tls(at, problem.tls ?? 'other'),
      };
    }
  }
}
