/** From an HTTP request to its answer: faults, authentication, permission, operation, and the error document. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, type World, xmlReply } from './context.ts';
import { type CorsWorld, corsHeaders, preflight } from './cors.ts';
import { S3Error } from './errors.ts';
import { findOperation } from './operations.ts';
import { verifyPayload } from './payload.ts';
import { S3Request } from './request.ts';
import { authenticate } from './signature.ts';
import type { FaultReply, FaultRequest, Reply, RequestRecord, S3Faults, S3User } from './types.ts';
import { toXml } from './xml.ts';

export const maxBodyBytes = 16 * 1024 * 1024;

export interface ServerState extends World {
  users: S3User[];
  faults: S3Faults;
  corsAllowOrigin: string;
  requests: RequestRecord[];
  secure: boolean;
  /** Aborted when the server closes. */
  closed: AbortSignal;
}

/** Handles one request; settles when it is answered, or given up because of a fault. */
export async function handle(state: ServerState, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults } = state;
  const delayMs = typeof faults.delayMs === 'function' ? faults.delayMs() : faults.delayMs;
  if (delayMs) await sleep(delayMs, undefined, { signal: state.closed });
  const request = new S3Request(message, {
    flavor: state.flavor,
    secure: state.secure,
    now: new Date(Date.now() + (faults.clockOffsetMs ?? 0)),
    dropUnderscores: faults.dropUnderscoreHeaders === true,
    isBucket: (name) => state.buckets.has(name),
  });
  const operation = findOperation(request);
  const action =
    request.method === 'OPTIONS' ? 'CORSPreflight' : typeof operation === 'string' ? 'Unknown' : operation.name;
  const record: RequestRecord = {
    method: request.method,
    path: request.path,
    query: publicQuery(request),
    action,
    status: 0,
    user: undefined,
  };
  state.requests.push(record);
  const seen: FaultRequest = {
    method: request.method,
    path: request.path,
    query: record.query,
    headers: Object.fromEntries(request.headers),
    action,
    bucket: request.bucket,
    key: request.key,
  };
  if (faults.hangFor?.(seen)) return;
  const body = await readBody(message, response, faults.maxBodyBytes);
  if (body === 'refused') {
    record.status = 413;
    return;
  }
  const cors: CorsWorld = {
    flavor: state.flavor,
    bucket: state.buckets.get(request.bucket ?? ''),
    corsAllowOrigin: state.corsAllowOrigin,
  };
  let reply: Reply;
  try {
    const fault = faults.statusFor?.(seen);
    if (fault !== undefined) reply = faultReply(fault, request, state);
    else if (body === 'too large') throw new S3Error('EntityTooLarge', { fields: { MaxSizeAllowed: maxBodyBytes } });
    else if (request.method === 'OPTIONS') reply = preflight(request, cors);
    else {
      request.body = body;
      reply = perform(request, operation, state, record);
      reply = { ...reply, headers: { ...reply.headers, ...corsHeaders(request, cors) } };
    }
  } catch (error) {
    reply = errorReply(error, request, state);
    reply = { ...reply, headers: { ...reply.headers, ...corsHeaders(request, cors) } };
  }
  record.status = reply.status;
  send(reply, request, response, state);
}

function perform(
  request: S3Request,
  operation: ReturnType<typeof findOperation>,
  state: ServerState,
  record: RequestRecord,
): Reply {
  const verified = authenticate(request, state);
  verifyPayload(request, verified);
  record.user = verified?.user.accessKeyId ?? 'anonymous';
  if (typeof operation === 'string') throw new S3Error(operation);
  const context = new Context(request, state, verified?.user);
  // AWS tells that a bucket is missing to whoever asks, MinIO to those who would be allowed.
  const needsBucket = operation.on !== 'service' && operation.name !== 'CreateBucket';
  if (needsBucket && state.flavor === 'aws') context.checkBucket();
  const versioned = request.param('versionId') !== undefined ? operation.versionAction : undefined;
  const action = versioned ?? operation.action;
  if (action !== undefined) context.require(action, request.key);
  if (needsBucket) context.checkBucket();
  const reply = operation.run(context);
  if (operation.name === 'ListObjectVersions' && state.faults.emptyVersions) {
    return xmlReply('ListVersionsResult', { IsTruncated: false });
  }
  if (operation.name === 'GetObject' && state.faults.corruptReads) return { ...reply, body: corrupt(reply.body) };
  return reply;
}

function corrupt(body: Reply['body']): Buffer {
  const copy = Buffer.from(body ?? '');
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}

function errorReply(error: unknown, request: S3Request, state: ServerState): Reply {
  const known = error instanceof S3Error ? error : new S3Error('InternalError', { message: String(error) });
  return errorDocument(known.status, known.code, known.message, known.headers, known.fields, request, state);
}

function faultReply(fault: FaultReply, request: S3Request, state: ServerState): Reply {
  const message = fault.message ?? (fault.code === 'SlowDown' ? 'Please reduce your request rate.' : fault.code);
  return errorDocument(fault.status, fault.code, message, fault.headers ?? {}, {}, request, state);
}

function errorDocument(
  status: number,
  Code: string,
  Message: string,
  headers: Record<string, string>,
  fields: Record<string, string | number>,
  request: S3Request,
  { flavor }: ServerState,
): Reply {
  // MinIO has no body to word an error in when the method is HEAD.
  const hints: Record<string, string> =
    flavor === 'minio' && request.method === 'HEAD'
      ? { 'x-minio-error-code': Code, 'x-minio-error-desc': JSON.stringify(Message) }
      : {};
  const where = {
    Key: request.key,
    BucketName: request.bucket,
    ...(flavor === 'minio' && { Resource: request.path }),
  };
  const ids = { RequestId: requestId(), HostId: randomBytes(32).toString('base64') };
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers, ...hints },
    body: toXml('Error', { Code, Message, ...where, ...fields, ...ids }),
  };
}

function send(reply: Reply, request: S3Request, response: ServerResponse, { flavor }: ServerState): void {
  const body = Buffer.from(reply.body ?? '');
  response.sendDate = false;
  response.setHeader('date', request.now.toUTCString());
  response.setHeader('server', flavor === 'minio' ? 'MinIO' : 'AmazonS3');
  response.setHeader('x-amz-request-id', requestId());
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  const error = reply.status >= 300;
  if (reply.status !== 204) response.setHeader('content-length', request.method === 'HEAD' && error ? 0 : body.length);
  response.writeHead(reply.status);
  response.end(request.method === 'HEAD' || reply.status === 204 ? undefined : body);
}

function requestId(): string {
  return randomBytes(8).toString('hex').toUpperCase();
}

/** The query without what would let a reader of the log use it. */
function publicQuery(request: S3Request): string {
  const secret = /^X-Amz-(Signature|Security-Token)$/i;
  return request.query.map(([name, value]) => `${name}=${secret.test(name) ? '***' : value}`).join('&');
}

type Body = Buffer | 'too large' | 'refused';

async function readBody(message: IncomingMessage, response: ServerResponse, limit: number | undefined): Promise<Body> {
  if (limit !== undefined && Number(message.headers['content-length'] ?? 0) > limit) {
    await refuse(message, response);
    return 'refused';
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (limit !== undefined && size > limit) {
    await refuse(message, response);
    return 'refused';
  }
  return size > maxBodyBytes ? 'too large' : Buffer.concat(chunks);
}

/** As nginx's `client_max_body_size`: answers at once, then reads on for a while (its `lingering_close`), so that a
 * client that is still sending sees the answer and not a reset connection. */
async function refuse(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const title = '413 Request Entity Too Large';
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  response.writeHead(413, {
    server: 'nginx',
    'content-type': 'text/html',
    'content-length': page.length,
    connection: 'close',
  });
  response.write(page);
  message.resume();
  const ended = new Promise<void>((resolve) => message.once('close', resolve).once('end', resolve));
  if (!message.readableEnded && !message.destroyed) await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
  response.end();
}
