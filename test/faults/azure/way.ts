/** What Azure answers, and what is on the way to it. */
import { refusedPort } from '../../services/tcp.ts';
import { FIRST } from '../arrange.ts';
import { WRONG_TLS } from '../certificates.ts';
import { corrupted, line, through, wrongCertificates } from '../cloud.ts';
import type { Fault } from '../fault.ts';
import { HOST, isBlob, onAks, refusing, refusingOnce, serving } from './arrange.ts';

const LOGIN = 'login.microsoftonline.com';
const BLOB = /\.blob\.core\.windows\.net$/;

const busy = { status: 503, code: 'ServerBusy', headers: { 'retry-after': '1' } };

export const WAY: readonly Fault[] = onAks(
  ...wrongCertificates('azure', HOST, 'Azure’s'),
  ...wrongCertificates('azure', LOGIN, 'Microsoft Entra ID’s', WRONG_TLS.slice(0, 2)),
  {
    name: 'a proxy that opens no way to Azure',
    arrange: through('azure', () => ({ route: () => undefined })),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to login\.microsoftonline\.com:443 \(HTTP 502\)/,
  },
  {
    name: 'a proxy that opens the way to tokens of Azure and not to storage',
    arrange: through('azure', (port) => ({ route: (host) => (host === LOGIN ? port : undefined) })),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to preflighttest\.blob\.core\.windows\.net:443 \(HTTP 502\)/,
  },
  {
    name: 'a proxy that opens the way to all of Azure but its management plane',
    arrange: through('azure', (port) => ({ route: (host) => (host === 'management.azure.com' ? undefined : port) })),
  },
  {
    name: 'a proxy to Azure that wants a password',
    arrange: through('azure', (port) => ({ route: () => port }), { credentials: 'squid:a-proxy-password' }),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to login\.microsoftonline\.com:443 \(HTTP 407\)/,
  },
  {
    name: 'a proxy to Azure that is not there',
    arrange: async () => ({ environment: { HTTPS_PROXY: `http://127.0.0.1:${(await refusedPort()).port}` } }),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ refused the connection/,
  },
  { name: 'a slow line to Azure', arrange: line('azure', { delayMs: 15 }) },
  { name: 'a narrow line to Azure', arrange: line('azure', { throttleBytesPerSecond: 4_000_000 }) },
  {
    name: 'a line to Azure that breaks in mid-answer',
    arrange: line('azure', { resetAfterBytes: 3000 }, BLOB),
    fail: [FIRST],
    says: /^preflighttest\.blob\.core\.windows\.net:443 closed the connection/,
  },
  {
    name: 'a line to Azure that changes bytes',
    arrange: line('azure', { corrupt: corrupted }, BLOB),
    fail: [FIRST],
    says: /^TLS to preflighttest\.blob\.core\.windows\.net:443 failed: the data received differs from the data sent/,
  },
  {
    name: 'a line to Azure that swallows everything',
    arrange: line('azure', { swallow: true }, BLOB),
    fail: [FIRST],
    says: /^connected to preflighttest\.blob\.core\.windows\.net:443, but got no response within 10 s$/m,
  },
  {
    name: 'Azure Blob Storage that is busy for a moment',
    arrange: refusingOnce(({ plane }) => plane === 'blob', { status: 503, code: 'ServerBusy' }),
  },
  {
    name: 'Azure Blob Storage that asks to wait a second',
    arrange: refusingOnce(({ action }) => action === 'Put Blob', busy),
  },
  {
    name: 'Azure Blob Storage that stays busy',
    arrange: refusing(isBlob, busy),
    fail: [FIRST],
    says: /^Azure Blob Storage is throttling requests\n.*It asks clients to wait 1 s/,
  },
  {
    name: 'Azure Blob Storage that fails for a moment',
    arrange: refusingOnce(isBlob, { status: 500, code: 'InternalError' }),
  },
  {
    name: 'Azure Blob Storage that fails',
    arrange: refusing(isBlob, { status: 500, code: 'InternalError' }),
    fail: [FIRST],
    says: /^Azure Blob Storage failed \(HTTP 500\)/,
  },
  {
    name: 'Azure Blob Storage that returns other bytes',
    arrange: serving({ corruptReads: true }),
    fail: [FIRST],
    says: /^the object read differs from the one written/,
  },
);
