/** The X-Ray daemon: segments go over UDP, sampling rules come over TCP. */
import type { Run } from '../../../src/engine/check.ts';
import { networkMessages } from '../../../src/net/messages.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { openTcp } from '../../../src/net/tcp.ts';
import { sendUdp } from '../../../src/net/udp.ts';
import { advice, sh } from '../../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../../src/outcome/outcome.ts';
import { shown, xrayEndpoint } from '../address.ts';
import { type Agent, unreachableAgent } from '../unreachable-agent.ts';

const DEADLINE_MS = 5000;
/** Precedes each segment (AWS X-Ray Developer Guide, "Sending trace data to AWS X-Ray"); on its own it is not a segment. */
const HEADER = Buffer.from('{"format": "json", "version": 1}\n');

/** With these errors, the daemon's host is missing for UDP, too. */
const NO_HOST: readonly string[] = ['dns', 'unreachable'];

export async function xray(run: Run): Promise<Outcome> {
  const { setting, udp, tcp } = xrayEndpoint(run);
  const what = 'the X-Ray daemon';
  const [byUdp, byTcp] = await Promise.all([
    problemOf(() => sendUdp(run, udp, HEADER)),
    problemOf(async () => (await openTcp(run, tcp, DEADLINE_MS)).destroy()),
  ]);
  if (byUdp !== undefined) {
    const agent: Agent = { what, setting, at: udp };
    if (byUdp.kind !== 'refused') return unreachableAgent(run, agent, byUdp);
    return unreachableAgent(run, agent, byUdp, {
      title: `${shown(udp)} refused UDP`,
      expected: `${what} listening on UDP ${udp.port}`,
      fix: advice`start ${what}, or correct ${setting}; try: ${sh`nc -vzu ${udp.host} ${udp.port}`}`,
      evidence: { host: udp.host, port: udp.port, observed: byUdp.kind },
    });
  }
  const evidence = { udp: shown(udp), tcp: shown(tcp) };
  if (byTcp === undefined) return pass(`X-Ray daemon at ${shown(udp)}`, { evidence });
  if (NO_HOST.includes(byTcp.kind)) return unreachableAgent(run, { what, setting, at: tcp }, byTcp);
  const words = networkMessages(byTcp, { what, ...tcp, setting });
  return warn(`central sampling is disabled: ${words.title} over TCP`, {
    detail: 'Segments go over UDP, which was not refused; sampling rules come over TCP.',
    expected: `${what} listening on TCP ${tcp.port} too`,
    fix: advice`start the daemon with --bind-tcp 0.0.0.0:${tcp.port}, and allow TCP ${tcp.port}; try: ${sh`nc -vz ${tcp.host} ${tcp.port}`}`,
    evidence: { ...evidence, observed: byTcp.kind },
  });
}

async function problemOf(ask: () => Promise<unknown>): Promise<NetworkError | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
}
