/** Limits on the size of responses: no real server exceeds them, and an endless response would keep the tool busy. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { NetworkError } from './network-error.ts';

/** In bytes: far above the longest response, a page of a thousand object versions. */
export const MOST_BYTES = 8 * 1024 * 1024;
/** Pages of one listing: far more than a run and its cleanup leave, or an account has. */
export const MOST_PAGES = 100;
/** Entries in all pages: ten buckets are listed concurrently, and thousands of objects in each need a hundred megabytes. */
const MOST_ENTRIES = 3000;
/** Informational responses (1xx) before the final response. */
const MOST_HINTS = 32;

/**
 * Fails the request with a NetworkError: of kind `flood` if the server keeps sending informational responses, and of kind
 * `not-http` if it switches to another protocol, which no request asks for. Node.js drops that connection without an event.
 */
export function boundHints(request: ClientRequest): void {
  let hints = 0;
  request.on('information', () => {
    hints++;
    if (hints > MOST_HINTS) request.destroy(new NetworkError('flood'));
  });
  if (request.hasHeader('upgrade')) return;
  request.once('upgrade', (_, socket) => {
    socket.destroy();
    request.emit('error', new NetworkError('not-http'));
  });
}

/** The reader gets a NetworkError of kind `flood` if the response exceeds `most` bytes. */
export function boundBody(answer: IncomingMessage, most = MOST_BYTES): IncomingMessage {
  const push = answer.push.bind(answer);
  let size = 0;
  answer.push = (chunk: unknown, encoding?: BufferEncoding) => {
    size += chunk instanceof Uint8Array ? chunk.length : 0;
    if (size <= most) return push(chunk, encoding);
    answer.destroy(new NetworkError('flood'));
    return false;
  };
  return answer;
}

/** Counts the pages of one listing, or the requests for them, and the entries kept. @throws NetworkError of kind `flood` if there are too many */
export function boundPages(): (entries: number) => void {
  let pages = 0;
  let all = 0;
  return (entries) => {
    pages++;
    all += entries;
    if (pages > MOST_PAGES || all > MOST_ENTRIES) throw new NetworkError('flood');
  };
}
