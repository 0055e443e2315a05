/** Identifies the server at the address of an OTLP/gRPC collector. */

import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { type HttpAnswer, makeHttpClient } from '../../../src/net/http.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { connectVia } from '../../../src/net/proxy-tunnel.ts';
import { openTls } from '../../../src/net/tls.ts';
import { type Endpoint, shown } from '../address.ts';

/** `tls`: it requires TLS, but the endpoint uses http; `plain`: it does not use TLS, but the endpoint uses https. */
export type Listener = 'otlp-http' | 'http' | 'tls' | 'plain' | 'unknown';

const DEADLINE_MS = 5000;

export async function identifyListener(run: Run, endpoint: Endpoint): Promise<Listener> {
  if ('socketPath' in endpoint) return byHttp(run, 'http://localhost', endpoint.socketPath);
  const speaksTls = await handshakes(run, endpoint);
  if (endpoint.secure !== speaksTls) {
    const found = await byHttp(run, `${speaksTls ? 'https' : 'http'}://${shown(endpoint)}`);
    if (found === 'otlp-http') return found;
    return speaksTls ? 'tls' : 'plain';
  }
  return byHttp(run, `http${speaksTls ? 's' : ''}://${shown(endpoint)}`);
}

async function handshakes(run: Run, endpoint: Endpoint & { host: string; port: number }): Promise<boolean> {
  try {
    const through = await connectVia(run, endpoint, DEADLINE_MS);
    (await openTls(run, endpoint, { verify: false, through }, DEADLINE_MS)).socket.destroy();
    return true;
  } catch (error) {
    if (error instanceof NetworkError) return error.kind === 'tls';
    throw error;
  }
}

/** In OTLP over HTTP, too, an export request without spans is an empty message. */
async function byHttp(run: Run, base: string, socketPath?: string): Promise<Listener> {
  const client = makeHttpClient(run, makeAgents(run, { rejectUnauthorized: false }));
  try {
    const answer = await client.send({
      method: 'POST',
      url: new URL('/v1/traces', base),
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(0),
      deadlineMs: DEADLINE_MS,
      ...(socketPath !== undefined && { socketPath }),
    });
    return isOtlp(answer) ? 'otlp-http' : 'http';
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return error.kind === 'wants-tls' ? 'tls' : 'unknown';
  }
}

/** Error responses of OTLP over HTTP are Protobuf too (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response"). */
const isOtlp = ({ headers }: HttpAnswer): boolean =>
  /^application\/(x-)?protobuf\b/.test(headers['content-type'] ?? '');
