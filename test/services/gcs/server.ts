/** From an HTTP request to its answer: faults, authentication, permission, operation, and the error in its API's form. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { authenticate, iamCredentials, issueToken, metadata } from './auth.ts';
import { getBucket, getIamPolicy, testIamPermissions } from './buckets.ts';
import { GcsError, jsonError, notImplemented, RpcError, rpcError, TokenError, tokenError, xmlError } from './errors.ts';
import { deleteObject, getObject, listObjects } from './objects.ts';
import { GcsRequest } from './request.ts';
import { isSigned, signer } from './signed-url.ts';
import type { FaultReply, FaultRequest, Reply, RequestRecord } from './types.ts';
import { insertObject } from './uploads.ts';
import { Context, type World } from './world.ts';
import { corsHeaders, preflight, xmlOperation } from './xml.ts';

const operations: Readonly<Record<string, (context: Context) => Reply>> = {
  'storage.buckets.get': getBucket,
  'storage.buckets.getIamPolicy': getIamPolicy,
  'storage.buckets.testIamPermissions': testIamPermissions,
  'storage.objects.insert': insertObject,
  'storage.objects.get': getObject,
  'storage.objects.list': listObjects,
  'storage.objects.delete': deleteObject,
};

/** Handles one request; settles when it is answered, or given up because of a fault. */
export async function handle(
  world: World,
  message: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
  closed: AbortSignal,
): Promise<void> {
  const { faults } = world;
  if (faults.delayMs) await sleep(faults.delayMs, undefined, { signal: closed });
  const request = new GcsRequest(message, new Date(Date.now() + (faults.clockOffsetMs ?? 0)), secure);
  const { method, host, path, publicQuery: query, action, bucket, object, headers } = request;
  const record: RequestRecord = { method, host, path, query, action, status: 0, caller: undefined };
  world.requests.push(record);
  const seen: FaultRequest = { method, host, path, query, headers, action, bucket, object };
  if (faults.hangFor?.(seen)) return;
  request.body = await buffer(message);
  const fault = faults.statusFor?.(seen);
  const reply = fault === undefined ? await perform(world, request, record) : faultReply(fault, request);
  record.status = reply.status;
  send(reply, request, response);
}

async function perform(world: World, request: GcsRequest, record: RequestRecord): Promise<Reply> {
  try {
    if (request.api === 'metadata') return metadata(world, request);
    if (request.api === 'auth') {
      if (request.method !== 'POST') throw new RpcError(404, 'NOT_FOUND', 'Method not found.');
      return await (request.action.startsWith('iam') ? iamCredentials(world, request) : issueToken(world, request));
    }
    const bucket = world.buckets.get(request.bucket ?? '');
    if (request.api === 'xml' && request.method === 'OPTIONS') return preflight(request, bucket);
    const signed = request.api === 'xml' && isSigned(request);
    const caller = signed ? signer(world, request) : await authenticate(world, request);
    record.caller = caller?.email ?? 'anonymous';
    const context = new Context(world, request, caller);
    if (request.api === 'json') {
      const run = operations[request.action];
      if (run === undefined) throw notImplemented(request.action);
      return run(context);
    }
    return withHeaders(xmlOperation(context), corsHeaders(request, bucket));
  } catch (error) {
    return errorReply(error, request, world);
  }
}

function errorReply(error: unknown, request: GcsRequest, world: World): Reply {
  if (error instanceof TokenError) return tokenError(error);
  if (error instanceof RpcError) return rpcError(error);
  const known = error instanceof GcsError ? error : new GcsError(500, 'backendError', String(error));
  if (request.api !== 'xml') return jsonError(known);
  return withHeaders(xmlError(known), corsHeaders(request, world.buckets.get(request.bucket ?? '')));
}

function faultReply({ status, reason, message = reason, headers = {} }: FaultReply, request: GcsRequest): Reply {
  const rpc = request.action.startsWith('iamcredentials');
  if (rpc) return withHeaders(rpcError(new RpcError(status, reason, message)), headers);
  if (request.api === 'auth') return withHeaders(tokenError(new TokenError(reason, message, status)), headers);
  const error = new GcsError(status, reason, message);
  return withHeaders(request.api === 'xml' ? xmlError(error) : jsonError(error), headers);
}

function withHeaders(reply: Reply, headers: Record<string, string>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function send(reply: Reply, request: GcsRequest, response: ServerResponse): void {
  const body = Buffer.from(reply.body ?? '');
  response.sendDate = false;
  response.setHeader('date', request.now.toUTCString());
  response.setHeader('server', 'UploadServer');
  response.setHeader('x-guploader-uploadid', randomBytes(24).toString('base64url'));
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  const empty = reply.status === 204 || reply.status === 304;
  if (!empty) response.setHeader('content-length', body.length);
  response.writeHead(reply.status);
  response.end(request.method === 'HEAD' || empty ? undefined : body);
}
