/** Kept connections that the server has closed while they were idle. */
import type { ClientRequest } from 'node:http';
import { asAttempt } from '../util/trace.ts';

/** What a server may get twice (RFC 9110, section 9.2.2); a message, for one, it may not. */
const REPEATABLE: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', undefined];
/** More kept connections can be stale at once. */
const ATTEMPTS = 3;

/**
 * Sends a request again if its connection was kept from an earlier one and breaks without a response: the server has closed
 * it before the request arrived, as it may at any time (RFC 9112, section 9.5), and that is no failure of the server.
 * @param attempt must call `opened` with each request
 */
export async function unlessStale<T>(
  method: string | undefined,
  attempt: (opened: (request: ClientRequest) => void) => Promise<T>,
): Promise<T> {
  for (let left = ATTEMPTS; ; left--) {
    let sent: ClientRequest | undefined;
    try {
      const opened = (request: ClientRequest) => {
        sent = request;
      };
      return await (left === ATTEMPTS ? attempt(opened) : asAttempt(ATTEMPTS - left + 1, () => attempt(opened)));
    } catch (error) {
      if (left <= 1 || !sent?.reusedSocket || !isReset(error) || !REPEATABLE.includes(method)) throw error;
    }
  }
}

const isReset = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
