/** What Google answers, and what is on the way to it. */
import { refusedPort } from '../../services/tcp.ts';
import { config, FIRST, isAction } from '../arrange.ts';
import { WRONG_TLS } from '../certificates.ts';
import { corrupted, line, through, wrongCertificates } from '../cloud.ts';
import type { Fault } from '../fault.ts';
import { isStorage, onGke, refusing, refusingOnce, serving } from './arrange.ts';

const TOKENS = 'oauth2.googleapis.com';
const STORAGE = 'storage.googleapis.com';

const busy = { status: 429, reason: 'rateLimitExceeded', headers: { 'retry-after': '1' } };
const unavailable = { status: 503, reason: 'ServiceUnavailable', headers: { 'retry-after': '1' } };

export const WAY: readonly Fault[] = onGke(
  ...wrongCertificates('google', STORAGE, 'Google’s'),
  ...wrongCertificates('google', TOKENS, 'that of Google’s token endpoint', WRONG_TLS.slice(0, 2)),
  {
    name: 'a proxy that opens no way to Google',
    arrange: through('google', () => ({ route: () => undefined })),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to oauth2\.googleapis\.com:443 \(HTTP 502\)/,
  },
  {
    name: 'a proxy that opens the way to tokens of Google and not to storage',
    arrange: through('google', (port) => ({ route: (host) => (host === TOKENS ? port : undefined) })),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to storage\.googleapis\.com:443 \(HTTP 502\)/,
  },
  {
    name: 'a proxy to Google that wants a password',
    arrange: through('google', (port) => ({ route: () => port }), { credentials: 'squid:a-proxy-password' }),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to oauth2\.googleapis\.com:443 \(HTTP 407\)/,
  },
  {
    name: 'a proxy to Google that is not there',
    arrange: async () => ({ environment: { HTTPS_PROXY: `http://127.0.0.1:${(await refusedPort()).port}` } }),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ refused the connection/,
  },
  { name: 'a slow line to Google', arrange: line('google', { delayMs: 15 }) },
  { name: 'a narrow line to Google', arrange: line('google', { throttleBytesPerSecond: 4_000_000 }) },
  {
    name: 'a line to Google that breaks in mid-answer',
    arrange: line('google', { resetAfterBytes: 3000 }, /^storage/),
    fail: [FIRST],
    says: /^storage\.googleapis\.com:443 closed the connection/,
  },
  {
    name: 'a line to Google that changes bytes',
    arrange: line('google', { corrupt: corrupted }, /^storage/),
    fail: [FIRST],
    says: /^TLS to storage\.googleapis\.com:443 failed: the data received differs from the data sent/,
  },
  {
    name: 'a line to Google that swallows everything',
    arrange: line('google', { swallow: true }, /^storage/),
    fail: [FIRST],
    says: /^connected to storage\.googleapis\.com:443, but got no response within 10 s$/m,
  },
  {
    name: 'a token endpoint of Google that hangs',
    arrange: serving({ hangFor: ({ action }) => action === 'oauth2.token' }),
    fail: [FIRST],
    says: /^connected to oauth2\.googleapis\.com:443, but got no response/,
  },
  {
    name: 'Cloud Storage that is busy for a moment',
    arrange: refusingOnce(isStorage, { status: 429, reason: 'rateLimitExceeded' }),
  },
  {
    name: 'Cloud Storage that is unavailable for a moment',
    arrange: refusingOnce(isStorage, { status: 503, reason: 'ServiceUnavailable' }),
  },
  {
    name: 'Cloud Storage that asks to wait a second',
    arrange: refusingOnce(({ action }) => action === 'storage.objects.insert', busy),
  },
  {
    name: 'a token endpoint of Google that is unavailable for a moment',
    arrange: refusingOnce(isAction('oauth2.token'), unavailable),
  },
  {
    name: 'Cloud Storage that stays busy',
    arrange: refusing(isStorage, busy),
    fail: [FIRST],
    says: /^Cloud Storage is throttling requests\n.*It asks clients to wait 1 s/,
  },
  {
    name: 'Cloud Storage that stays unavailable',
    arrange: refusing(isStorage, unavailable),
    fail: [FIRST],
    says: /^Cloud Storage failed \(HTTP 503\)/,
  },
  {
    name: 'Cloud Storage that fails',
    arrange: refusing(isStorage, { status: 500, reason: 'backendError' }),
    fail: [FIRST],
    says: /^Cloud Storage failed \(HTTP 500\)/,
  },
  {
    name: 'a Google quota that is exhausted',
    arrange: refusing(isStorage, { status: 403, reason: 'quotaExceeded', message: 'Quota exceeded.' }),
    fail: [FIRST],
    says: /^a Cloud Storage quota of the project is exhausted/,
  },
  {
    name: 'a captive portal in place of Cloud Storage',
    arrange: refusing(isStorage, { status: 200, reason: '', headers: { 'content-type': 'text/html' } }),
    fail: [FIRST],
    says: /^storage\.googleapis\.com:443 does not look like Cloud Storage/,
  },
  {
    name: 'Cloud Storage that returns other bytes',
    arrange: serving({ corruptReads: true }),
    fail: [FIRST],
    says: /^the object read differs from the one written/,
  },
  {
    name: 'a storage emulator’s address that does not resolve',
    arrange: () => ({ environment: { STORAGE_EMULATOR_HOST: 'https://gcs.does-not-exist.invalid' } }),
    fail: [FIRST],
    says: /gcs\.does-not-exist\.invalid/,
  },
  {
    name: 'an uploads URL of plain HTTP at Google',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'http://storage.googleapis.com' })),
    warn: ['object-storage/uploads/url'],
    says: /http:\/\/storage\.googleapis\.com/,
  },
);
