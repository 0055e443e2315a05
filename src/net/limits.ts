/** Bounds on what a server may send: none that is asked here has more to say, and one that goes on for ever would keep this busy. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { NetworkError } from './network-error.ts';

/** In bytes: far above the longest answer, a page of a thousand versions of objects. */
export const MOST_BYTES = 8 * 1024 * 1024;
/** Of a listing whose server says how many there are: far more than a run and its clean-up leave, or an account has. */
export const MOST_PAGES = 100;
/** In all of its pages: ten buckets are listed at once, and thousands of objects of each take a hundred megabytes. */
const MOST_ENTRIES = 3000;
/** Of announcements (1xx) that precede an answer. */
const MOST_HINTS = 32;

/** Fails the request with a NetworkError of kind `flood` when its server announces an answer again and again. */
export function boundHints(request: ClientRequest): void {
  let hints = 0;
  request.on('information', () => {
    hints++;
    if (hints > MOST_HINTS) request.destroy(new NetworkError('flood'));
  });
}

/** Whoever reads the answer gets a NetworkError of kind `flood` when there is too much of it, in bytes. */
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

/** Is told of each page of one listing, or of a request for one, and of what is kept of it. @throws NetworkError of kind `flood` when there are too many */
export function boundPages(): (entries: number) => void {
  let pages = 0;
  let all = 0;
  return (entries) => {
    pages++;
    all += entries;
    if (pages > MOST_PAGES || all > MOST_ENTRIES) throw new NetworkError('flood');
  };
}
