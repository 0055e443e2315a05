/** A reverse proxy over HTTPS, as people put in front of an object store, with its usual faults. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as open } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCa } from '../../services/tls.ts';

export interface ForwarderFaults {
  /** As nginx does unless told. */
  readonly dropUnderscores?: boolean;
  readonly maxBodyBytes?: number;
}

export interface Forwarder {
  readonly url: string;
  readonly caPem: string;
  close(): Promise<void>;
}

/** @param target whose certificate is not looked at */
export async function startForwarder(target: string, faults: ForwarderFaults): Promise<Forwarder> {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.issue({ names: ['127.0.0.1'] });
  const forward = (message: IncomingMessage, response: ServerResponse) => {
    if (Number(message.headers['content-length'] ?? 0) > (faults.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
      message.resume();
      response.writeHead(413, { 'content-type': 'text/html' }).end('<html>413 Request Entity Too Large</html>');
      return;
    }
    if (message.headers.expect !== undefined) response.writeContinue();
    const headers = Object.fromEntries(
      Object.entries(message.headers).filter(
        ([name]) => name !== 'expect' && !(faults.dropUnderscores === true && name.includes('_')),
      ),
    );
    const onward = open(`${target}${message.url}`, { method: message.method, headers, rejectUnauthorized: false });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    message.pipe(onward);
  };
  const server = createServer({ cert: chainPem, key: keyPem }, forward);
  server.on('checkContinue', forward);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: ca.certPem,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
