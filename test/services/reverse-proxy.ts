/** An HTTP reverse proxy, as people put in front of a server, that answers or changes what its test tells it to. */
import { type IncomingHttpHeaders, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import { type Listener, listen } from './listener.ts';

export interface ReverseProxyOptions {
  /** Answers instead of the server. */
  readonly answer?: (request: IncomingMessage) => { status: number; headers?: Record<string, string> } | undefined;
  /** Changes the headers that reach the server. */
  readonly toServer?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Headers that are added to each response, beside those of the same name. */
  readonly added?: Readonly<Record<string, string>>;
}

/** @param target the server behind it */
export async function startReverseProxy(
  target: { host: string; port: number },
  { answer, toServer = (headers) => headers, added = {} }: ReverseProxyOptions,
): Promise<{ host: string; port: number; close(): Promise<void> }> {
  const forward = (message: IncomingMessage, response: ServerResponse) => {
    const own = answer?.(message);
    if (own !== undefined) {
      message.resume();
      const page = `<html><body><h1>${own.status}</h1></body></html>`;
      response.writeHead(own.status, { server: 'nginx', 'content-type': 'text/html', ...own.headers });
      response.end(own.status === 204 ? undefined : page);
      return;
    }
    const { method, url: path } = message;
    const onward = open({ ...target, method, path, headers: toServer(message.headers) });
    onward.on('response', (from) => {
      const more = Object.entries(added).flat();
      response.writeHead(from.statusCode ?? 502, [...from.rawHeaders, ...more]);
      from.pipe(response);
    });
    onward.on('error', () => response.destroy());
    message.pipe(onward);
  };
  const { port, close }: Listener = await listen(forward, '127.0.0.1', undefined);
  return { host: '127.0.0.1', port, close };
}
