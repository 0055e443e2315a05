/** The certificate for the server's domain: its chain, its name, and its expiry. */

import type { Run } from '../../src/engine/check.ts';
import { commonName, daysLeft, type PeerCertificate } from '../../src/net/certificate.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { connectVia, routeMessages } from '../../src/net/proxy-tunnel.ts';
import type { Address } from '../../src/net/tcp.ts';
import { openTls } from '../../src/net/tls.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { day, plural } from '../../src/util/format.ts';

const DEADLINE_MS = 10_000;

/** Whether a client that connects to this name receives a valid certificate for it. */
export async function checkCertificate(run: Run, address: Address): Promise<Outcome> {
  const target = { what: 'Spacelift’s server', ...address, setting: 'SERVER_DOMAIN' };
  try {
    const through = await connectVia(run, address, DEADLINE_MS);
    const tls = await openTls(run, address, { verify: true, alpn: ['h2', 'http/1.1'], through }, DEADLINE_MS);
    tls.socket.destroy();
    if (tls.distrust === undefined) return judgeExpiry(address, tls.version, tls.chain);
    const words = routeMessages(tls.distrust, target);
    return fail(words.title, { ...words, ...shownChain(tls.chain, tls.distrust) });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = routeMessages(error, target);
    return (await skipIfOutside(run, address.host, error)) ?? fail(words.title, words);
  }
}

function judgeExpiry({ host }: Address, version: string, chain: readonly PeerCertificate[]): Outcome {
  const [leaf] = chain;
  if (leaf === undefined) return pass(`HTTPS at ${host} over ${version}`);
  const evidence = { issuer: leaf.issuer, validTo: leaf.validTo.toISOString(), names: leaf.names, tls: version };
  const left = daysLeft(leaf);
  if (left === undefined) {
    return pass(`HTTPS at ${host}, certificate valid until ${day(leaf.validTo)}`, { evidence });
  }
  return warn(`the certificate of ${host} expires ${left < 1 ? 'today' : `in ${plural(left, 'day')}`}`, {
    expected: 'a certificate that has already been renewed',
    fix: advice`renew the certificate of ${host} with ${commonName(leaf.issuer) || 'its issuer'}, and automate the renewal`,
    evidence,
  });
}

/** The chain that the server presented, leaf certificate first. */
function shownChain(chain: readonly PeerCertificate[], { tls }: NetworkError) {
  const lines = chain.map(
    ({ subject, issuer, names, validFrom, validTo }) =>
      `${subject || names.join(', ')}, issued by ${issuer}, valid ${day(validFrom)} to ${day(validTo)}`,
  );
  const [leaf] = chain;
  const alone = tls === 'untrusted' && chain.length === 1 && leaf !== undefined && leaf.subject !== leaf.issuer;
  return {
    detail: [
      `The server presents: ${lines.join('; ')}.`,
      ...(tls === 'name' ? [`It is valid for ${leaf?.names.join(', ') || 'no name'}.`] : []),
      ...(alone
        ? [
            `It does not send an intermediate certificate: if ${leaf.issuer} is an intermediate CA, the server must send its certificate too.`,
          ]
        : []),
    ].join(' '),
    evidence: { chain: lines },
  };
}
