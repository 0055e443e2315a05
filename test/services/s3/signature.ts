/** Verifies AWS Signature Version 4, in the Authorization header and in the query of a pre-signed URL (S3 API reference,
 * "Authenticating Requests (AWS Signature Version 4)"). */
import { algorithm, canonicalRequest, deriveKey, hmac, parseTime, same, sha256, stringToSign } from '../sigv4.ts';
import { type ErrorCode, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Flavor, S3User } from './types.ts';

const maxSkew = 15 * 60 * 1000;
const maxExpires = 7 * 24 * 60 * 60;
const emptyHash = sha256('');

export interface Rules {
  users: readonly S3User[];
  flavor: Flavor;
  /** Empty: any. */
  region: string;
}

/** A verified request: who signed it, and what is needed to verify its chunks. */
export interface Verified {
  user: S3User;
  /** The value of x-amz-content-sha256 that was signed. */
  payload: string;
  signature: string;
  signingKey: Buffer;
  /** ISO 8601 basic format. */
  date: string;
  scope: string;
}

interface Claim {
  accessKeyId: string;
  /** date/region/service/aws4_request */
  scope: [date: string, region: string, service: string, terminator: string];
  signedHeaders: string[];
  signature: string;
  date: string;
  payload: string;
  token: string | undefined;
}

/** Undefined for an anonymous request.
 * @throws {S3Error} what S3 and MinIO answer to a signature that does not hold. */
export function authenticate(request: S3Request, rules: Rules): Verified | undefined {
  // As MinIO, which is written in Go, reads it.
  const sent = request.header('authorization');
  const authorization = sent === undefined ? undefined : Buffer.from(sent, 'latin1').toString();
  if (authorization === undefined && !request.presigned) return undefined;
  const claim = request.presigned ? queryClaim(request) : headerClaim(request, authorization ?? '', rules);
  checkScope(claim, request, rules);
  if (!request.presigned) checkSkew(claim, request);
  const user = findUser(claim, rules);
  checkSignedHeaders(claim, request, rules.flavor);
  if (request.presigned) checkExpiry(claim, request);

  const canonical = canonicalRequest(request, {
    signedHeaders: claim.signedHeaders,
    payload: claim.payload,
    unsigned: request.presigned ? ['X-Amz-Signature'] : [],
    missing: (name) => headerOrParam(request, name) ?? '',
  });
  const [date, region, service] = claim.scope;
  const signingKey = deriveKey(user.secretAccessKey, { date, region, service });
  const toSign = stringToSign(claim.date, { date, region, service }, canonical);
  const signature = hmac(signingKey, toSign).toString('hex');
  if (!same(signature, claim.signature)) {
    const fields = { AWSAccessKeyId: claim.accessKeyId, StringToSign: toSign, CanonicalRequest: canonical };
    throw new S3Error('SignatureDoesNotMatch', rules.flavor === 'aws' ? { fields } : {});
  }
  return { user, payload: claim.payload, signature, signingKey, date: claim.date, scope: claim.scope.join('/') };
}

function headerClaim(request: S3Request, authorization: string, { flavor }: Rules): Claim {
  const malformed = (message: string) => new S3Error('AuthorizationHeaderMalformed', { message });
  if (!authorization.startsWith(algorithm)) {
    const message = `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`;
    throw new S3Error('InvalidRequest', { message });
  }
  const fields = new Map(
    authorization
      .slice(algorithm.length)
      .split(',')
      .map((part) => part.trim().split('=', 2) as [string, string]),
  );
  const [credential, headers, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) => fields.get(name));
  if (!credential || !headers || !signature) throw malformed('The authorization header is malformed; missing fields.');
  const date = request.header('x-amz-date') ?? isoDate(request.header('date'));
  if (date === undefined) {
    throw new S3Error('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' });
  }
  const payload = request.header('x-amz-content-sha256');
  if (payload === undefined && flavor === 'aws') {
    throw new S3Error('InvalidRequest', { message: 'Missing required header for this request: x-amz-content-sha256' });
  }
  return {
    ...parseCredential(credential, malformed),
    signedHeaders: headers.split(';'),
    signature,
    date,
    payload: payload ?? emptyHash,
    token: request.header('x-amz-security-token'),
  };
}

function queryClaim(request: S3Request): Claim {
  const refused = (message: string) => new S3Error('AuthorizationQueryParametersError', { message });
  const needed = ['Algorithm', 'Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires'];
  const [mechanism, credential, signature, date, headers, expires] = needed.map((n) => request.param(`X-Amz-${n}`));
  if (!mechanism || !credential || !signature || !date || !headers || !expires) {
    throw refused(
      `Query-string authentication version 4 requires the ${needed.map((n) => `X-Amz-${n}`).join(', ')} parameters.`,
    );
  }
  if (mechanism !== algorithm) throw refused(`X-Amz-Algorithm only supports "${algorithm}"`);
  if (!/^\d+$/.test(expires)) throw refused('X-Amz-Expires should be a number');
  if (Number(expires) > maxExpires) {
    throw refused('X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires is too large');
  }
  return {
    ...parseCredential(credential, refused),
    signedHeaders: headers.split(';'),
    signature,
    date,
    payload: request.param('X-Amz-Content-Sha256') ?? request.header('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    token: request.param('X-Amz-Security-Token'),
  };
}

function parseCredential(text: string, malformed: (message: string) => S3Error): Pick<Claim, 'accessKeyId' | 'scope'> {
  const parts = text.split('/');
  const [date, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (!accessKeyId || date === undefined || region === undefined || service === undefined || !terminator) {
    throw malformed('Error parsing the Credential; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".');
  }
  return { accessKeyId, scope: [date, region, service, terminator] };
}

function checkScope(claim: Claim, request: S3Request, rules: Rules): void {
  if (rules.flavor === 'minio') checkMinioScope(claim, rules.region);
  else checkAwsScope(claim, request, rules.region);
}

function checkMinioScope({ scope }: Claim, expected: string): void {
  const [, region, service, terminator] = scope;
  if (expected !== '' && region !== expected) {
    throw new S3Error('AuthorizationHeaderMalformed', {
      message: `The authorization header is malformed; the region is wrong; expecting '${expected}'.`,
      fields: { Region: expected },
      headers: { 'x-amz-bucket-region': expected },
    });
  }
  if (service !== 's3' || terminator !== 'aws4_request') {
    const message = `Error parsing the Credential/X-Amz-Credential parameter; incorrect ${service === 's3' ? 'terminal' : 'service'}. This endpoint belongs to "s3".`;
    throw new S3Error('AuthorizationParametersError', { message });
  }
}

function checkAwsScope({ scope, date }: Claim, request: S3Request, expected: string): void {
  const [day, region, service, terminator] = scope;
  const code: ErrorCode = request.presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  const what =
    code === 'AuthorizationHeaderMalformed'
      ? 'The authorization header is malformed'
      : 'Error parsing the X-Amz-Credential parameter';
  const refused = (message: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    new S3Error(code, { message: `${what}; ${message}`, fields, headers });
  if (expected !== '' && region !== expected) {
    throw refused(
      `the region '${region}' is wrong; expecting '${expected}'`,
      { Region: expected },
      { 'x-amz-bucket-region': expected },
    );
  }
  if (service !== 's3') throw refused(`incorrect service "${service}". This endpoint belongs to "s3".`);
  if (terminator !== 'aws4_request') throw refused(`incorrect terminal "${terminator}". Use "aws4_request".`);
  if (!date.startsWith(day))
    throw refused(`Invalid credential date "${day}". This date is not the same as X-Amz-Date.`);
}

function checkSkew({ date }: Claim, { now }: S3Request): void {
  const sent = parseDate(date);
  if (Math.abs(now.getTime() - sent.getTime()) <= maxSkew) return;
  throw new S3Error('RequestTimeTooSkewed', {
    fields: { RequestTime: date, ServerTime: now.toISOString(), MaxAllowedSkewMilliseconds: maxSkew },
  });
}

function checkExpiry({ date }: Claim, request: S3Request): void {
  const sent = parseDate(date).getTime();
  const seconds = Number(request.param('X-Amz-Expires'));
  const now = request.now.getTime();
  if (sent - now > maxSkew) throw new S3Error('AccessDenied', { message: 'Request is not valid yet' });
  if (now > sent + seconds * 1000) {
    const Expires = new Date(sent + seconds * 1000).toISOString();
    const fields = { 'X-Amz-Expires': seconds, Expires, ServerTime: request.now.toISOString() };
    throw new S3Error('AccessDenied', { message: 'Request has expired', fields });
  }
}

function findUser(claim: Claim, { users, flavor }: Rules): S3User {
  const user = users.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId);
  const unknown = () =>
    flavor === 'aws'
      ? new S3Error('InvalidAccessKeyId', { fields: { AWSAccessKeyId: claim.accessKeyId } })
      : new S3Error('InvalidAccessKeyId', { message: 'The Access Key Id you provided does not exist in our records.' });
  if (user === undefined) throw unknown();
  if (user.expired) throw new S3Error('ExpiredToken');
  if (user.sessionToken !== claim.token) {
    if (flavor === 'minio') throw new S3Error('InvalidTokenId');
    throw claim.token === undefined ? unknown() : new S3Error('InvalidToken');
  }
  return user;
}

/** Both ways round: what was signed must be there, and what S3 acts upon must be signed. MinIO asks the latter of the
 * metadata of pre-signed requests only, and answers 400 (its ErrUnsignedHeaders). */
function checkSignedHeaders({ signedHeaders }: Claim, request: S3Request, flavor: Flavor): void {
  const unsigned = (names: string[]) =>
    new S3Error('AccessDenied', {
      status: flavor === 'minio' ? 400 : 403,
      message: 'There were headers present in the request which were not signed',
      fields: flavor === 'aws' ? { HeadersNotSigned: names.join(', ') } : {},
    });
  if (!signedHeaders.includes('host')) throw unsigned(['host']);
  const missing = signedHeaders.filter((name) => headerOrParam(request, name) === undefined);
  if (flavor === 'minio' && missing.length > 0) throw unsigned(missing);
  const mustBeSigned = flavor === 'aws' ? /^x-amz-(?!content-sha256$)/ : request.presigned ? /^x-amz-meta-/ : undefined;
  const names = request.headers.map(([name]) => name);
  const loose = names.filter((name) => mustBeSigned?.test(name) && !signedHeaders.includes(name));
  if (loose.length > 0) throw unsigned(loose);
}

/** MinIO takes a signed header from the query when it isn't sent as a header. */
function headerOrParam(request: S3Request, name: string): string | undefined {
  return request.header(name) ?? (name === 'expect' ? '100-continue' : request.param(name));
}

function isoDate(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function parseDate(text: string): Date {
  const time = parseTime(text);
  if (Number.isNaN(time)) {
    throw new S3Error('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' });
  }
  return new Date(time);
}
