/** Cross-origin requests: judged by the bucket's rules on AWS, by one global setting on MinIO. */

import { wildcard } from '../policy.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Bucket, CorsRule } from './store.ts';
import type { Flavor, Reply } from './types.ts';

export interface CorsWorld {
  flavor: Flavor;
  bucket: Bucket | undefined;
  /** `MINIO_API_CORS_ALLOW_ORIGIN`: patterns separated by commas. */
  corsAllowOrigin: string;
}

const minioMethods = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PATCH'];
const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** Answers an OPTIONS request (S3 user guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?"). MinIO
 * answers 204 whatever the origin; without `Access-Control-Allow-Origin` the browser then refuses.
 * @throws {S3Error} BadRequest, AccessForbidden. */
export function preflight(request: S3Request, world: CorsWorld): Reply {
  const origin = request.header('origin');
  const method = request.header('access-control-request-method');
  const asked = request.header('access-control-request-headers');
  if (world.flavor === 'minio') {
    if (method === undefined) return { status: 200 };
    const headers: Record<string, string> = { vary };
    if (origin !== undefined && minioAllows(origin, world) && minioMethods.includes(method)) {
      headers['access-control-allow-origin'] = origin;
      headers['access-control-allow-methods'] = method;
      headers['access-control-allow-credentials'] = 'true';
      if (asked !== undefined) headers['access-control-allow-headers'] = asked;
    }
    return { status: 204, headers };
  }
  if (origin === undefined) throw new S3Error('BadRequest');
  if (method === undefined) {
    throw new S3Error('BadRequest', { message: 'Invalid Access-Control-Request-Method: null' });
  }
  const fields = { Method: method, ResourceType: request.key === undefined ? 'BUCKET' : 'OBJECT' };
  if (world.bucket === undefined) {
    throw new S3Error('AccessForbidden', { message: 'CORSResponse: Bucket not found', fields });
  }
  if (world.bucket.cors === undefined) throw new S3Error('AccessForbidden', { fields });
  const names = (asked ?? '').split(',').map((name) => name.trim().toLowerCase());
  const rule = world.bucket.cors.find(
    (candidate) =>
      allows(candidate, origin, method) &&
      names.every((name) => name === '' || candidate.AllowedHeaders?.some((p) => wildcard(p.toLowerCase(), name))),
  );
  if (rule === undefined) {
    const message =
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
    throw new S3Error('AccessForbidden', { message, fields });
  }
  const headers = ruleHeaders(rule, origin);
  if (asked !== undefined) headers['access-control-allow-headers'] = names.join(', ');
  return { status: 200, headers };
}

/** Headers that go with the answer to an actual cross-origin request. */
export function corsHeaders(request: S3Request, world: CorsWorld): Record<string, string> {
  const origin = request.header('origin');
  if (origin === undefined) return {};
  if (world.flavor === 'minio') {
    if (!minioAllows(origin, world)) return {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Date, Etag, Content-Length, Content-Type, Last-Modified, X-Amz*, *',
      vary: 'Origin',
    };
  }
  const rule = world.bucket?.cors?.find((candidate) => allows(candidate, origin, request.method));
  return rule === undefined ? {} : ruleHeaders(rule, origin);
}

function minioAllows(origin: string, { corsAllowOrigin }: CorsWorld): boolean {
  return corsAllowOrigin.split(',').some((pattern) => wildcard(pattern.trim(), origin));
}

function allows(rule: CorsRule, origin: string, method: string): boolean {
  return rule.AllowedMethods.includes(method) && rule.AllowedOrigins.some((pattern) => wildcard(pattern, origin));
}

function ruleHeaders(rule: CorsRule, origin: string): Record<string, string> {
  const any = rule.AllowedOrigins.includes('*');
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-allow-methods': rule.AllowedMethods.join(', '),
    ...(any ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(rule.ExposeHeaders === undefined ? {} : { 'access-control-expose-headers': rule.ExposeHeaders.join(', ') }),
    ...(rule.MaxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(rule.MaxAgeSeconds) }),
    vary,
  };
}
