/** From an HTTP request to its answer: faults, authentication, the operation, and the service's words. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { authenticate } from './authenticate.ts';
import type { Operation } from './call.ts';
import { ecs, logs } from './ecs/operations.ts';
import { AwsError } from './errors.ts';
import { iot, iotdata, restAction } from './iot/operations.ts';
import { kms } from './kms/operations.ts';
import { failure, protocols } from './protocol.ts';
import { AwsRequest } from './request.ts';
import { secretsmanager, ssm } from './secrets.ts';
import { sqs } from './sqs/operations.ts';
import { sts } from './sts.ts';
import type { FaultReply, Reply, RequestRecord, ServiceName } from './types.ts';
import type { World } from './world.ts';

const operations: Record<ServiceName, Record<string, Operation>> = {
  kms,
  sqs,
  sts,
  iot,
  iotdata,
  secretsmanager,
  ssm,
  ecs,
  logs,
  iotdevicegateway: {},
};

/** The prefix of a service's actions in policies, where it isn't the service's name. */
const actionPrefix: Partial<Record<ServiceName, string>> = { iotdata: 'iot' };

/** What faults have in store for a request, and its line in the log. */
export type Attempt = { record: RequestRecord; fate: 'answer' | 'hang' | 'reset'; fault: FaultReply | undefined };

/** Waits, logs, and asks the faults. */
export async function begin(world: World, request: AwsRequest, service: ServiceName, action: string): Promise<Attempt> {
  const { faults } = world;
  if (faults.delayMs) await sleep(faults.delayMs, undefined, { signal: world.closed });
  const { region, method, path, input } = request;
  const record: RequestRecord = {
    service,
    action,
    region,
    target: targetOf(request, service),
    status: 0,
    code: undefined,
    user: undefined,
  };
  world.requests.push(record);
  const seen = { service, action, region, method, path, input };
  const fate = faults.hangFor?.(seen) ? 'hang' : faults.resetFor?.(seen) ? 'reset' : 'answer';
  return { record, fate, fault: faults.statusFor?.(seen) };
}

export function faultReply(service: ServiceName, { status, code, message = code, headers = {} }: FaultReply): Reply {
  const reply = protocols[service].failure({ code, status, message }, randomUUID());
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** Handles one request; settles when it is answered, or given up because of a fault. */
export async function handle(world: World, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const request = new AwsRequest(message, Buffer.concat(chunks));
  const { service } = request;
  const action = actionOf(request, service);
  const { record, fate, fault } = await begin(world, request, service, action);
  if (fate === 'hang') return;
  if (fate === 'reset') {
    message.socket.resetAndDestroy();
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, world.closed]);
  let reply: Reply;
  try {
    if (fault === undefined) reply = await perform(world, request, service, action, record, signal);
    else {
      record.code = fault.code;
      reply = faultReply(service, fault);
    }
  } catch (error) {
    const failed = failure(service, error);
    record.code = failed.code;
    reply = failed.reply;
  }
  if (world.faults.resetAfter?.({ ...record, method: request.method, path: request.path, input: request.input })) {
    message.socket.resetAndDestroy();
    return;
  }
  record.status = reply.status;
  response.sendDate = false;
  response.setHeader('date', new Date(world.now()).toUTCString());
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body) }).end(reply.body);
}

async function perform(
  world: World,
  request: AwsRequest,
  service: ServiceName,
  name: string,
  record: RequestRecord,
  gone: AbortSignal,
): Promise<Reply> {
  const user = authenticate(request, service, world);
  record.user = user.accessKeyId;
  const operation = operations[service][name];
  if (operation === undefined) throw unknownOperation(service);
  const action = `${actionPrefix[service] ?? service}:${name}`;
  const output = await operation({ request, world, user, region: request.region, action, input: request.input, gone });
  return protocols[service].success(output, randomUUID());
}

function actionOf(request: AwsRequest, service: ServiceName): string {
  if (service === 'sts') return String(request.input.Action);
  if (service === 'iot' || service === 'iotdata') return restAction(request.method, request.path);
  return request.target.operation;
}

function unknownOperation(service: ServiceName): AwsError {
  if (service === 'sts') return new AwsError('InvalidAction', 'Could not find operation for version 2011-06-15');
  const status = service === 'iot' || service === 'iotdata' ? 404 : 400;
  return new AwsError('UnknownOperationException', 'The requested operation is not recognized by the service.', {
    status,
    namespace: 'com.amazon.coral.service',
  });
}

function targetOf({ input, path }: AwsRequest, service: ServiceName): string | undefined {
  if (service === 'iot' || service === 'iotdata') return decodeURIComponent(path.replace(/^\/(topics|rules)\//, ''));
  const named =
    input.KeyId ??
    input.QueueUrl ??
    input.QueueName ??
    input.SecretId ??
    input.Name ??
    input.family ??
    input.taskDefinition;
  return typeof named === 'string' ? named : undefined;
}
