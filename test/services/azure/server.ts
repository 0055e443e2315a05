/** From an HTTP request to its answer: faults, then the plane that it is for, then the error in that plane's form. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { armAction, handleArm } from './arm.ts';
import { handleBlob } from './blob.ts';
import { ArmError, armError, BlobError, blobError, EntraError, entraError } from './errors.ts';
import type { FaultReply, FaultRequest, Reply, RequestRecord } from './types.ts';
import { AzureRequest, type World } from './world.ts';

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
  const request = new AzureRequest(message, new Date(Date.now() + (faults.clockOffsetMs ?? 0)), secure);
  const { method, host, path, publicQuery: query, plane, headers, place } = request;
  const actions = { entra: 'token', imds: 'token', arm: armAction(path), blob: request.operation?.name ?? 'unknown' };
  const action = actions[plane];
  const record: RequestRecord = { method, host, path, query, plane, action, status: 0, caller: undefined };
  world.requests.push(record);
  const { container, blob } = place;
  const seen: FaultRequest = { method, host, path, query, headers, plane, action, container, blob };
  if (faults.hangFor?.(seen)) return;
  request.body = await buffer(message);
  const fault = faults.statusFor?.(seen);
  const reply = fault === undefined ? await perform(world, request, record) : faultReply(fault, request);
  record.status = reply.status;
  send(reply, request, response);
}

async function perform(world: World, request: AzureRequest, record: RequestRecord): Promise<Reply> {
  const seen = (caller: string) => {
    record.caller = caller;
  };
  try {
    if (request.plane === 'entra') return await world.authority.handle(request);
    if (request.plane === 'imds') return await world.authority.managedIdentity(request);
    if (request.plane === 'arm') return await handleArm(world, request, seen);
    return await handleBlob(world, request, seen);
  } catch (error) {
    return errorReply(error, request);
  }
}

function errorReply(error: unknown, { now }: AzureRequest): Reply {
  if (error instanceof EntraError) return entraError(error, now);
  if (error instanceof ArmError) return armError(error);
  return blobError(error instanceof BlobError ? error : new BlobError(500, 'InternalError', String(error)), now);
}

function faultReply({ status, code, message = code, headers = {} }: FaultReply, request: AzureRequest): Reply {
  const errors = {
    entra: () => new EntraError(status, code, Number(/\d+/.exec(code)?.[0] ?? 90033), message),
    imds: () => new EntraError(status, code, 0, message),
    arm: () => new ArmError(status, code, message),
    blob: () => new BlobError(status, code, message),
  };
  const reply = errorReply(errors[request.plane](), request);
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function send(reply: Reply, request: AzureRequest, response: ServerResponse): void {
  const body = Buffer.from(reply.body ?? '');
  const head = request.method === 'HEAD';
  response.sendDate = false;
  response.setHeader('x-ms-request-id', randomUUID());
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader('date', request.now.toUTCString());
  response.setHeader(
    'server',
    request.plane === 'blob' ? 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0' : 'Microsoft-IIS/10.0',
  );
  // A HEAD answer's length is that of the body it leaves out.
  if (!head || body.length > 0) response.setHeader('content-length', body.length);
  response.writeHead(reply.status);
  response.end(head ? undefined : body);
}
