/** Who signed a request (IAM user guide, "Troubleshoot Signature Version 4 requests for AWS API requests"). */
import {
  canonicalRequest,
  deriveKey,
  formatTime,
  hmac,
  parseTime,
  type Signed,
  same,
  sha256,
  stringToSign,
} from '../sigv4.ts';
import { RefusedError } from './errors.ts';
import type { AwsRequest } from './request.ts';
import type { AwsUser, ServiceName } from './types.ts';
import type { World } from './world.ts';

/** Minutes; what each service prints in its message. */
const window: Partial<Record<ServiceName, number>> = { sqs: 15 };
const defaultWindow = 5;

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Finds the user and checks scope, time, token and signature.
 * @throws {RefusedError} */
export function authenticate(request: AwsRequest, service: ServiceName, world: World): AwsUser {
  const { signed } = request;
  if (signed === undefined) throw new RefusedError('missing', 'Missing Authentication Token');
  if ('incomplete' in signed) throw new RefusedError('incomplete', signed.incomplete);
  checkScope(signed, service, world);
  const user = world.users.find(({ accessKeyId }) => accessKeyId === signed.accessKeyId);
  if (user === undefined || user.sessionToken !== signed.token) {
    throw new RefusedError('unknown-key', 'The security token included in the request is invalid.');
  }
  checkTime(signed, service, world.now());
  // Credentials that have run out are known by their signature too, but a wrong secret is told first.
  checkSignature(request, signed, user);
  if (user.expired) throw new RefusedError('expired', 'The security token included in the request is expired');
  return user;
}

function checkScope(signed: Signed, service: ServiceName, world: World): void {
  const refused = (what: string) => new RefusedError('signature', `Credential should be scoped to ${what}`);
  if (!world.regions.includes(signed.region)) throw refused('a valid region.');
  if (signed.service !== service) throw refused(`correct service: '${service}'.`);
  if (!signed.time.startsWith(signed.date)) {
    throw new RefusedError(
      'signature',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${signed.date}' != '${signed.time.slice(0, 8)}', from '${signed.time}'.`,
    );
  }
}

function checkTime(signed: Signed, service: ServiceName, now: number): void {
  const minutes = window[service] ?? defaultWindow;
  const span = minutes * 60_000;
  const sent = parseTime(signed.time);
  const clock = formatTime(now);
  const valid = Math.max(span, (signed.expires ?? 0) * 1000);
  if (sent < now - valid) {
    const earliest = formatTime(now - span);
    throw new RefusedError(
      'signature',
      `Signature expired: ${signed.time} is now earlier than ${earliest} (${clock} - ${minutes} min.)`,
    );
  }
  if (sent > now + span) {
    const latest = formatTime(now + span);
    throw new RefusedError(
      'signature',
      `Signature not yet current: ${signed.time} is still later than ${latest} (${clock} + ${minutes} min.)`,
    );
  }
}

function checkSignature(request: AwsRequest, signed: Signed, user: AwsUser): void {
  const sent = request.headers.map(([name]) => name);
  const unsigned = sent.filter((name) => name.startsWith('x-amz-') && !signed.signedHeaders.includes(name));
  if (!signed.signedHeaders.includes('host') || unsigned.length > 0) {
    const names = unsigned.length > 0 ? unsigned.join("', '") : 'host';
    throw new RefusedError('signature', `'${names}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
  // IoT Core's WebSocket: the token is added after signing (IoT developer guide, "MQTT over WebSocket").
  const unsignedParams = [
    'X-Amz-Signature',
    ...(signed.service === 'iotdevicegateway' ? ['X-Amz-Security-Token'] : []),
  ];
  const canonical = canonicalRequest(request, {
    signedHeaders: signed.signedHeaders,
    payload: sha256(request.body),
    unsigned: unsignedParams,
    doubleEncode: true,
  });
  const key = deriveKey(user.secretAccessKey, signed);
  const expected = hmac(key, stringToSign(signed.time, signed, canonical)).toString('hex');
  if (!same(expected, signed.signature)) throw new RefusedError('signature', mismatch);
}
