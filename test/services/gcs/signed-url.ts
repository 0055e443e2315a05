/** V4 signed URLs, verified ("V4 signing process with your own program"). */
import { createHash, createVerify } from 'node:crypto';
import { type Caller, serviceAccountCaller } from './accounts.ts';
import { GcsError } from './errors.ts';
import type { GcsRequest } from './request.ts';
import type { World } from './world.ts';

const algorithm = 'GOOG4-RSA-SHA256';
const sevenDays = 604_800;
const allowedSkewMs = 15 * 60_000;

export const isSigned = (request: GcsRequest) => request.param('X-Goog-Algorithm') !== undefined;

/** Who signed the URL.
 * @throws {GcsError} 400 or 403 */
export function signer(world: World, request: GcsRequest): Caller {
  const param = (name: string) => {
    const value = request.param(`X-Goog-${name}`);
    if (value === undefined) throw malformed(`The query parameter X-Goog-${name} is missing.`);
    return value;
  };
  if (param('Algorithm') !== algorithm) throw malformed(`X-Goog-Algorithm must be ${algorithm}.`);
  const [email = '', ...scope] = param('Credential').split('/');
  const date = param('Date');
  const [day, , service, last] = scope;
  if (!date.startsWith(day ?? '-') || service !== 'storage' || last !== 'goog4_request') {
    throw malformed('The credential scope is not of the form DATE/LOCATION/storage/goog4_request.');
  }
  checkTime(parseDate(date), Number(param('Expires')), request.now);

  const names = param('SignedHeaders').split(';');
  const unsigned = Object.keys(request.headers).find((name) => name.startsWith('x-goog-') && !names.includes(name));
  if (unsigned !== undefined)
    throw malformedHeader(unsigned, 'Header was included in the request, but not in signedheaders.');
  for (const name of names) {
    if (request.headers[name] === undefined) {
      throw malformedHeader(name, 'Header was included in signedheaders, but not in the request.');
    }
  }
  // The client library signs the host without its port. Cloud Storage only ever listens on the default one.
  const texts = [request.headers.host ?? '', request.host].map((host) => canonicalRequest(request, names, host));
  const toSign = texts.map((text) => [algorithm, date, scope.join('/'), sha256(text)].join('\n'));
  const account = world.accounts.get(email);
  const keys = account === undefined ? [] : [...account.keys, account.managedKey];
  const signature = Buffer.from(param('Signature'), 'hex');
  const valid = toSign.some((text) =>
    keys.some((key) => createVerify('RSA-SHA256').update(text).verify(key.publicKey, signature)),
  );
  if (!valid) {
    const hint =
      'The request signature we calculated does not match the signature you provided. Check your Google secret key and signing method.';
    throw new GcsError(403, 'forbidden', hint, {
      code: 'SignatureDoesNotMatch',
      title: 'Access denied.',
      elements: { StringToSign: toSign[0] ?? '', CanonicalRequest: texts[0] ?? '' },
    });
  }
  return serviceAccountCaller(email);
}

function canonicalRequest(request: GcsRequest, names: string[], host: string): string {
  const headers = names.map((name) => {
    const value = name === 'host' ? host : (request.headers[name] ?? '');
    return `${name}:${value.trim().replace(/\s{2,}/g, ' ')}\n`;
  });
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
  const payload = names.includes('x-goog-content-sha256')
    ? request.headers['x-goog-content-sha256']
    : 'UNSIGNED-PAYLOAD';
  return [request.method, request.path, query, headers.join(''), names.join(';'), payload].join('\n');
}

function checkTime(from: Date, seconds: number, now: Date): void {
  if (!(seconds > 0 && seconds <= sevenDays)) throw malformed('X-Goog-Expires must be between 1 and 604800.');
  const end = new Date(from.getTime() + seconds * 1000);
  if (now > end) {
    throw new GcsError(
      400,
      'invalid',
      `Request signature expired at: ${end.toISOString().replace('.000Z', '+00:00')}`,
      {
        code: 'ExpiredToken',
        title: 'Invalid argument.',
      },
    );
  }
  if (from.getTime() - now.getTime() > allowedSkewMs) {
    throw new GcsError(403, 'forbidden', `The request date is ${from.toISOString()}.`, {
      code: 'RequestTimeTooSkewed',
      title: "The difference between the request time and the server's time is too large.",
    });
  }
}

function parseDate(text: string): Date {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) throw malformed('X-Goog-Date is not of the form YYYYMMDDTHHMMSSZ.');
  const [, year, month, day, hour, minute, second] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const malformed = (details: string) =>
  new GcsError(400, 'invalid', details, { code: 'AuthorizationQueryParametersError', title: 'Invalid argument.' });

const malformedHeader = (name: string, details: string) =>
  new GcsError(400, 'invalid', details, {
    code: 'MalformedSecurityHeader',
    title: 'Your request has a malformed header.',
    elements: { ParameterName: name },
  });

/** RFC 3986: only the unreserved characters stay. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
