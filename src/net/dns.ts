/** Resolves names to addresses with the system's resolver (hosts file and search domains included). */
import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Run } from '../engine/check.ts';
import { stageReporter, startDeadline } from '../engine/timeouts.ts';
import { isIP } from '../util/ip.ts';
import { traceStart } from '../util/trace.ts';
import { silentDnsServers } from './dns-servers.ts';
import { codeOf, NetworkError, toNetworkError } from './network-error.ts';

/** In ms; resolvers try each server for 5 s. */
const DEADLINE_MS = 10_000;

/** @throws NetworkError of kind `dns`, or `timeout` */
export async function resolve(run: Pick<Run, 'withTimeout'>, host: string): Promise<string[]> {
  return run.withTimeout(DEADLINE_MS, async () => {
    const report = stageReporter();
    if (isIP(host) === 0) report('resolving');
    const [error, addresses] = await lookupInTime(host, { all: true });
    if (error !== null) throw toNetworkError(error) ?? new NetworkError('dns');
    report('connecting');
    return (addresses as { address: string }[]).map(({ address }) => address);
  });
}

/** In ms; below any operation's deadline, so that a lookup that times out is reported as a DNS error. */
const LOOKUP_MS = 8_000;
/** In ms; after this, the DNS servers are asked whether they respond at all. */
const DOUBT_MS = 1_500;

type Answer = Parameters<Parameters<LookupFunction>[2]>;
type Options = Parameters<LookupFunction>[1];

/** The system's resolver, for one connection. */
export const timelyLookup: LookupFunction = (host, options, callback) => {
  lookupInTime(host, options).then((answer) => callback(...answer));
};

/**
 * A `lookup` for the connections of one agent: each name is looked up once, no matter how many connections need it at a
 * time, since the system's resolver handles few queries at once.
 */
export function sharedLookup(): LookupFunction {
  const known = new Map<string, Promise<Answer>>();
  return (host, options, callback) => {
    const key = JSON.stringify([host, options]);
    const answer = known.get(key) ?? lookupInTime(host, options);
    known.set(key, answer);
    answer.then((result) => callback(...result));
  };
}

/**
 * A lookup in the system's resolver can't be canceled, and takes minutes if no server responds. This does not wait for it:
 * the error is then a NetworkError with the servers.
 */
function lookupInTime(host: string, options: Options): Promise<Answer> {
  const ended = isIP(host) === 0 ? traceStart('dns', host) : () => {};
  return new Promise((resolve) => {
    const late = Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' });
    const checkServers = async () => {
      const dnsServers = await silentDnsServers(host);
      if (dnsServers !== undefined)
        settle([new NetworkError('dns', { code: 'EAI_AGAIN', dnsServers }) as NodeJS.ErrnoException, '']);
    };
    const cancels = [
      startDeadline(LOOKUP_MS, () => settle([late, ''])),
      startDeadline(DOUBT_MS, () => void checkServers().catch(() => {})),
    ];
    const settle = (answer: Answer) => {
      for (const cancel of cancels) cancel();
      ended(answerInWords(answer));
      resolve(answer);
    };
    dns.lookup(host, options, async (...result) => {
      // The resolver gave up: for this name, or for all.
      if (codeOf(result[0]) === 'EAI_AGAIN') await checkServers().catch(() => {});
      settle(result);
    });
  });
}

function answerInWords([error, found]: Answer): string {
  if (error !== null) return codeOf(error) ?? 'error';
  return typeof found === 'string' ? found : found.map(({ address }) => address).join(', ');
}
