/**
 * V4 signed URLs of Cloud Storage ("V4 signing process with your own program"). Google's client for Cloud Storage makes the same
 * ones, and a test compares them; loading it takes a run longer than everything else that it does with Cloud Storage.
 */
import { createHash } from 'node:crypto';
import type { GoogleSigner } from '../../../src/clouds/google/credentials.ts';
import { basicTime } from '../../../src/util/format.ts';
import { percentEncoded } from '../../../src/util/percent.ts';

const ALGORITHM = 'GOOG4-RSA-SHA256';

export interface UrlToSign {
  readonly method: 'GET' | 'PUT';
  /** The endpoint of Cloud Storage, without a path. */
  readonly base: URL;
  readonly bucket: string;
  readonly key: string;
  /** That the request must have, by name in any case. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long it works, in seconds. */
  readonly seconds: number;
  readonly now: Date;
}

export async function signedUrl(to: UrlToSign, { account, sign }: GoogleSigner): Promise<URL> {
  const time = basicTime(to.now);
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  const headers = Object.entries({ ...to.headers, host: to.base.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/\s{2,}/g, ' ')] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const path = `/${to.bucket}/${to.key.split('/').map(percentEncoded).join('/')}`;
  // In the order of their names, as in what is signed.
  const query = [
    ['X-Goog-Algorithm', ALGORITHM],
    ['X-Goog-Credential', `${account}/${scope}`],
    ['X-Goog-Date', time],
    ['X-Goog-Expires', String(to.seconds)],
    ['X-Goog-SignedHeaders', names],
  ]
    .map(([name, value = '']) => `${name}=${percentEncoded(value)}`)
    .join('&');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const request = [to.method, path, query, lines, names, 'UNSIGNED-PAYLOAD'].join('\n');
  const hash = createHash('sha256').update(request).digest('hex');
  const signature = await sign([ALGORITHM, time, scope, hash].join('\n'));
  const url = new URL(path, to.base);
  url.search = `${query}&X-Goog-Signature=${Buffer.from(signature, 'base64').toString('hex')}`;
  return url;
}
