/** The words for what goes wrong on the way to a server: the same in every check. */

import { cause } from '../outcome/cause.ts';
import { advice, type Fix, sh } from '../outcome/fix.ts';
import type { Issue } from '../outcome/outcome.ts';
import { day } from '../util/format.ts';
import { commonName, type PeerCertificate } from './certificate.ts';
import type { NetworkError, TlsReason } from './network-error.ts';
import { unbracketed } from './tcp.ts';

/** Where the way led. */
export interface Target {
  /** "PostgreSQL", "MinIO". */
  readonly what: string;
  readonly host: string;
  readonly port: number;
  /** The variable, or the part of it, that names the target: "DATABASE_URL". */
  readonly setting: string;
}

type NetworkMessages = Pick<Issue, 'detail' | 'expected' | 'fix' | 'evidence' | 'cause'> & { title: string };

const TLS: Record<TlsReason, { says: string; expected?: string; fix: Fix }> = {
  untrusted: {
    says: 'its certificate is signed by an authority that is not trusted here',
    fix: advice`pass the authority with --ca-file <path>, and give it to Spacelift with ADDITIONAL_ROOT_CAS`,
  },
  name: {
    says: 'its certificate is for another name',
    fix: advice`use a name that the certificate has, or issue a certificate for this one`,
  },
  expired: { says: 'its certificate has expired', fix: advice`renew the certificate` },
  'not-yet-valid': {
    says: 'its certificate is not valid yet',
    fix: advice`compare the clocks of this machine and the issuer (${sh`date -u`})`,
  },
  protocol: { says: 'it speaks no TLS version that is in use here', fix: advice`enable TLS 1.2 or 1.3 on the server` },
  'client-certificate': {
    says: 'it refuses the client certificate, or asks for one that was not given',
    fix: advice`configure the client certificate that the server asks for`,
  },
  changed: {
    says: 'what arrives is not what was sent',
    expected: 'bytes that nothing on the way changes',
    fix: advice`find what changes them: a proxy or firewall that inspects TLS, or a broken link; try from another network`,
  },
  other: { says: 'the TLS handshake failed', fix: advice`see the server’s log for the handshake that it refused` },
};

/** Names that a title has room for. */
const NAMES = 3;

/** What is wrong with the certificate, in its own dates and names where they are known. */
function shown({ tls, code, chain }: NetworkError, host: string): { says: string } | undefined {
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return { says: 'its certificate is self-signed, and not trusted here' };
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
      return early && { says: `${whose(early)} is not valid before ${day(early.validFrom)}` };
    case 'name':
      return { says: `its certificate is for ${listed(leaf.names) || 'no name'}, not for ${host}` };
    case 'untrusted':
      return { says: `its certificate is signed by ${commonName(top.issuer)}, an authority that is not trusted here` };
    default:
      return undefined;
  }
}

const listed = (names: readonly string[]): string =>
  names.length > NAMES ? `${names.slice(0, NAMES).join(', ')} and ${names.length - NAMES} more` : names.join(', ');

/** What mends TLS to a host of a public cloud: its own certificate is good, so another's is shown. */
export const inspected = (host: string): Fix =>
  advice`something in between answers in place of ${host}, such as a proxy that inspects TLS: exempt ${host} from it, or have it show a certificate that is valid and trusted (--ca-file <path>, and ADDITIONAL_ROOT_CAS for Spacelift); see: ${sh`openssl s_client -connect ${host}:443`}`;

/** One line, what was expected and the way out, for any network problem. */
export function networkMessages(problem: NetworkError, { what, host, port, setting }: Target): NetworkMessages {
  const at = `${host}:${port}`;
  const evidence = { host, port, observed: problem.kind, ...(problem.code !== undefined && { code: problem.code }) };
  const itself = cause.network(at, problem.kind);
  switch (problem.kind) {
    case 'dns':
      return {
        title: problem.code === 'EAI_AGAIN' ? `no DNS server answers for ${host}` : `${host} does not resolve`,
        expected: `a name that resolves where Spacelift runs`,
        fix: advice`correct the host in ${setting}, or create its DNS record; try: ${sh`getent hosts ${host}`}`,
        evidence,
        cause: cause.dns(host),
      };
    case 'refused':
      return {
        title: `${at} refuses the connection`,
        expected: `${what} listening on port ${port}`,
        fix: advice`start ${what}, or correct the host and port in ${setting}; try: ${sh`nc -vz ${unbracketed(host)} ${port}`}`,
        evidence,
        cause: itself,
      };
    case 'timeout':
      return {
        title: `${at} does not answer in time`,
        detail: 'Packets vanish: usually a firewall, a security group or a network policy, or a server that hangs.',
        expected: `an answer from ${what}`,
        fix: advice`allow TCP ${port} from Spacelift’s network to ${host}; try: ${sh`nc -vz -w 5 ${unbracketed(host)} ${port}`}`,
        evidence,
        cause: itself,
      };
    case 'unreachable':
      return {
        title: `there is no route to ${at}`,
        expected: `a route from Spacelift’s network to ${host}`,
        fix: advice`correct the host in ${setting}, or the routes and network policies between the two`,
        evidence,
        cause: itself,
      };
    case 'closed':
      return {
        title: `${at} closes the connection`,
        detail: `Something accepts the connection and ends it before ${what} has answered.`,
        expected: `an answer from ${what}`,
        fix: advice`find out what listens there: a load balancer without a healthy backend, a proxy, or another service`,
        evidence,
        cause: itself,
      };
    case 'not-tls':
      return {
        title: `${at} does not speak TLS`,
        expected: `TLS, as ${setting} asks`,
        fix: advice`turn TLS on at the server, or off in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'wants-tls':
      return {
        title: `${at} speaks TLS only`,
        expected: `plain HTTP, as ${setting} asks`,
        fix: advice`turn TLS on in ${setting}`,
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
        title: `${at} answers without end`,
        detail: `Far more came than ${what} ever says.`,
        expected: `${what} on port ${port}`,
        fix: advice`find out what answers there, and correct the host and port in ${setting}`,
        evidence,
        cause: itself,
      };
    case 'tls': {
      const { says, expected, fix } = { ...TLS[problem.tls ?? 'other'], ...shown(problem, host) };
      return {
        title: `TLS to ${at} fails: ${says}`,
        expected: expected ?? `a certificate for ${host} from a trusted authority`,
        fix,
        evidence,
        cause: cause.tls(at, problem.tls ?? 'other'),
      };
    }
  }
}
