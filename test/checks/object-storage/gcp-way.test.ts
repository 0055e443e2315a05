import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import type { FaultRequest, GcsFaults } from '../../services/gcs/index.ts';
import { refusedPort } from '../../services/tcp.ts';
import { makeCa } from '../../services/tls.ts';
import { isPut, refuse, type Storage, startGcp } from './gcp-storage.ts';
import { judged, real } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startGcp();
});
beforeEach(() => {
  storage.reset();
  storage.gcs.faults = {};
  before = storage.gcs.snapshot();
  storage.gcs.requests.length = 0;
});
afterAll(() => storage.gcs.close());

const FIRST = 'object-storage/deliveries/access';

/** What comes of a fault; nothing of the run stays. */
async function under(faults: GcsFaults, options: Parameters<Storage['check']>[0] = {}) {
  storage.gcs.faults = faults;
  const result = await storage.check(options);
  storage.gcs.faults = {};
  expect(storage.gcs.snapshot()).toEqual(before);
  expect(result.run.leftovers).toEqual([]);
  return result;
}

const ofStorage = ({ action }: FaultRequest) => action.startsWith('storage.') || action.startsWith('xml.');

describe('what Cloud Storage answers', () => {
  test.each([
    [500, 'backendError', /Cloud Storage failed \(HTTP 500\)/, /status\.cloud\.google\.com/],
    [429, 'rateLimitExceeded', /is throttling requests/, /run again later/],
    [400, 'teapot', /Cloud Storage refused a request: teapot/, /look up teapot/],
  ])('%i %s', async (status, reason, title, fix) => {
    const result = await under(refuse({ status, reason }, isPut));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
      evidence: { code: reason, status },
    });
    const tried = storage.gcs.requests.filter(
      ({ action, path }) => action === 'storage.objects.insert' && path.includes(real('states')),
    );
    // Three objects at once: to read, to delete, and to overwrite.
    expect(tried).toHaveLength(3 * (status === 400 ? 1 : 3));
  });

  test('one write too many in a second is asked again', async () => {
    const refused = new Set<string>();
    const result = await under({
      statusFor: ({ action, query, bucket = '' }) => {
        if (action !== 'storage.objects.insert' || refused.has(bucket) || query === '') return undefined;
        refused.add(bucket);
        return { status: 429, reason: 'rateLimitExceeded' };
      },
    });
    expect(refused.size).toBe(10);
    expect(judged(result)).toEqual({ fail: [], warn: [] });
  });

  test('something that is not what was written', async () => {
    const result = await under({ corruptReads: true });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('the object read differs from the one written');
  });

  test('a page, which is something else’s', async () => {
    const page = { status: 200, reason: '', headers: { 'content-type': 'text/html' } };
    const result = await under(refuse(page, ofStorage));
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('storage.googleapis.com:443 does not look like Cloud Storage');
  });

  test('nothing, until the deadline', async () => {
    const result = await under({
      hangFor: ({ action, bucket, query }) =>
        action === 'storage.objects.get' && bucket === real('states') && query.includes('alt=media'),
    });
    expect(judged(result)).toEqual({ fail: ['states/access'], warn: [] });
    expect(result.finding('object-storage/states/access')).toMatchObject({
      title: 'connected to storage.googleapis.com:443, but got no response within 10 s',
      fix: expect.stringContaining('set --timeout above 60'),
    });
  });

  test('nothing, to a run that is then interrupted: it removes what it wrote', async () => {
    const interrupt = new AbortController();
    const result = await under(
      {
        hangFor: ({ action }) => {
          if (action !== 'storage.objects.get') return false;
          globalThis.setTimeout(() => interrupt.abort(), 20);
          return !interrupt.signal.aborted;
        },
      },
      { interrupt: interrupt.signal },
    );
    expect(result.run.interrupted).toBe(true);
  });
});

describe('the browser’s way', () => {
  test('an uploads URL of another origin', async () => {
    const url = 'https://spacelift-uploads.storage.googleapis.com';
    const result = await under({}, { variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: url } });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/url'] });
    expect(result.finding('object-storage/uploads/url').fix).toBe(
      'set OBJECT_STORAGE_BUCKET_UPLOADS_URL=https://storage.googleapis.com',
    );
  });

  test.each([
    [
      'drops headers',
      refuse(
        { status: 400, reason: 'MalformedSecurityHeader' },
        ({ headers }) => 'x-goog-meta-preflight_probe' in headers,
      ),
      /drops headers with underscores/,
    ],
    [
      'caps bodies',
      refuse({ status: 413, reason: 'EntityTooLarge' }, ({ headers }) => Number(headers['content-length']) > 1_048_576),
      /rejects request bodies of 2 MiB/,
    ],
  ])('a proxy that %s', async (_, faults, title) => {
    const result = await under(faults);
    expect(judged(result)).toEqual({ fail: ['uploads/proxy'], warn: [] });
    expect(result.finding('object-storage/uploads/proxy').title).toMatch(title);
  });

  test('pre-signed URLs that something in between breaks', async () => {
    const result = await under(
      refuse({ status: 403, reason: 'SignatureDoesNotMatch' }, ({ query }) => query.includes('X-Goog-Algorithm')),
    );
    expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
    expect(result.finding('object-storage/deliveries/presigned').title).toBe('pre-signed URLs are rejected');
  });
});

describe('the way to Google', () => {
  const none = { HTTPS_PROXY: '', HTTP_PROXY: '' };

  test('an authority that nobody trusts', async () => {
    const { certPem } = await makeCa();
    const result = await under({}, { environment: { SSL_CERT_FILE: '' }, authorities: certPem });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(
        /^TLS to oauth2\.googleapis\.com:443 failed: its certificate is signed by .+, a certificate authority \(CA\) that is not trusted here$/,
      ),
    });
    expect(result.finding(FIRST).affected?.length).toBeGreaterThanOrEqual(10);
  });

  test('a proxy that refuses is told apart from Google', async () => {
    const refusing = await startConnectProxy(() => undefined);
    const result = await under({}, { environment: { HTTPS_PROXY: refusing.url } });
    await refusing.close();
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(/^the proxy 127.0.0.1:\d+ refused to connect to oauth2.googleapis.com:443/),
      fix: expect.stringContaining('NO_PROXY'),
    });
  });

  test('a proxy that opens the way to tokens and not to storage', async () => {
    const port = Number(new URL(storage.gcs.secureUrl).port);
    const half = await startConnectProxy((host) => (host === 'oauth2.googleapis.com' ? port : undefined));
    const result = await under({}, { environment: { HTTPS_PROXY: half.url } });
    await half.close();
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toMatch(/refused to connect to storage.googleapis.com:443/);
  });

  test('a proxy that is not there', async () => {
    const { port } = await refusedPort();
    const result = await under({}, { environment: { HTTPS_PROXY: `http://127.0.0.1:${port}` } });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: `127.0.0.1:${port} refused the connection`,
      fix: expect.stringContaining('HTTPS_PROXY'),
    });
  });

  test('a token endpoint that hangs is told from storage', async () => {
    const result = await under({ hangFor: ({ action }) => action === 'oauth2.token' });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe('connected to oauth2.googleapis.com:443, but got no response within 8 s');
  });

  test.each([
    ['nothing listens', async () => `http://127.0.0.1:${(await refusedPort()).port}`, /refused the connection/],
    [
      'a name that does not resolve',
      async () => 'https://storage.no-such-place.invalid',
      /does not resolve|no DNS server/,
    ],
  ])('%s at an emulator’s address', async (_, url, title) => {
    const result = await under({}, { environment: { ...none, STORAGE_EMULATOR_HOST: await url() } });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: expect.stringMatching(title),
      fix: expect.stringContaining('STORAGE_EMULATOR_HOST'),
    });
  });
});
