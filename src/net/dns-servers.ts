/** Whether any of this machine's DNS servers responds: a name that does not resolve is then not the name's fault. */
import dns from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { patience } from '../util/starvation.ts';
import { traceStart } from '../util/trace.ts';

/** Per try, ms; the second one takes twice as long. */
const TRY_MS = 700;
const TRIES = 2;
/** So that a starved process, too, has asked before a lookup is given up (`LOOKUP_MS`). */
const MOST_PATIENCE = 2;

/** Errors of a question that no server answered (c-ares); all others are answers. */
const UNANSWERED: readonly unknown[] = ['ETIMEOUT', 'ECONNREFUSED'];

/** Questions that a server answers by itself, besides the name: a single name's own servers can be down. */
const LOCAL = ['localhost', '1.0.0.127.in-addr.arpa'] as const;

/** Asked once for all names that are looked up at a time. */
let asking: Promise<readonly string[] | undefined> | undefined;

/**
 * The addresses of all DNS servers in the resolver's settings (`/etc/resolv.conf`) if none of them responds; `undefined` if
 * one does, or there are none. Takes about two seconds at most, or four in a starved process.
 */
export async function silentDnsServers(host: string): Promise<readonly string[] | undefined> {
  asking ??= ask(host).finally(() => {
    asking = undefined;
  });
  return asking;
}

async function ask(host: string): Promise<readonly string[] | undefined> {
  const servers = dns.getServers();
  const silent = await Promise.all(servers.map((server) => isSilent(server, host)));
  return servers.length > 0 && silent.every(Boolean) ? servers : undefined;
}

async function isSilent(server: string, host: string): Promise<boolean> {
  const ended = traceStart('dns', `server ${server}`);
  const resolver = new Resolver({ timeout: TRY_MS * Math.min(MOST_PATIENCE, patience()), tries: TRIES });
  resolver.setServers([server]);
  const [name, pointer] = LOCAL;
  const questions = [resolver.resolve4(host), resolver.resolve4(name), resolver.resolvePtr(pointer)];
  const answered = questions.map((question) =>
    question.catch((error: { code?: unknown }) => {
      if (UNANSWERED.includes(error.code)) throw error;
    }),
  );
  try {
    await Promise.any(answered);
    ended('responds');
    return false;
  } catch {
    ended('no response');
    return true;
  } finally {
    resolver.cancel();
  }
}
