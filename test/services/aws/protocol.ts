/** How each service words results and errors on the wire (Smithy, "AWS JSON 1.0/1.1", "AWS query", "AWS restJson1"). */
import { randomUUID } from 'node:crypto';
import { toXml } from '../s3/xml.ts';
import { AwsError, type Refusal, RefusedError } from './errors.ts';
import type { Reply, ServiceName } from './types.ts';

type Codes = Record<Refusal, readonly [status: number, code: string]>;

export interface Protocol {
  codes: Codes;
  success(output: unknown, requestId: string): Reply;
  failure(error: { code: string; status: number; message: string }, requestId: string, source?: AwsError): Reply;
}

const exceptions = (status: number): Codes => ({
  missing: [status, 'MissingAuthenticationTokenException'],
  incomplete: [status, 'IncompleteSignatureException'],
  'unknown-key': [status, 'UnrecognizedClientException'],
  expired: [status, 'ExpiredTokenException'],
  signature: [status, 'InvalidSignatureException'],
  denied: [status, 'AccessDeniedException'],
});

const queryCodes: Codes = {
  missing: [403, 'MissingAuthenticationToken'],
  incomplete: [400, 'IncompleteSignature'],
  'unknown-key': [403, 'InvalidClientTokenId'],
  expired: [403, 'ExpiredToken'],
  signature: [403, 'SignatureDoesNotMatch'],
  denied: [403, 'AccessDenied'],
};

const json = (version: string): Protocol => ({
  codes: exceptions(400),
  success: (output, id) => ({ status: 200, headers: jsonHeaders(version, id), body: JSON.stringify(output ?? {}) }),
  failure: ({ code, status, message }, id) => ({
    status,
    headers: jsonHeaders(version, id),
    body: JSON.stringify({ __type: code, message }),
  }),
});

const jsonHeaders = (version: string, id: string) => ({
  'content-type': `application/x-amz-json-${version}`,
  'x-amzn-requestid': id,
});

/** JSON 1.0 that still tells the codes of the query protocol it had before, in a header. */
const sqs: Protocol = {
  codes: queryCodes,
  success: json('1.0').success,
  failure: ({ code, status, message }, id, source) => {
    const type =
      source === undefined ? `com.amazon.coral.service#${exceptionName(code)}` : `${source.namespace}#${code}`;
    return {
      status,
      headers: {
        ...jsonHeaders('1.0', id),
        'x-amzn-query-error': `${source?.queryCode ?? code};${status < 500 ? 'Sender' : 'Receiver'}`,
      },
      body: JSON.stringify({ __type: type, message }),
    };
  },
};

function exceptionName(queryCode: string): string {
  const refusal = (Object.keys(queryCodes) as Refusal[]).find((name) => queryCodes[name][1] === queryCode);
  return refusal === undefined ? queryCode : exceptions(403)[refusal][1];
}

const sts: Protocol = {
  codes: queryCodes,
  success: (output, id) => {
    const { root, result } = output as { root: string; result: Record<string, string> };
    const document = { [`${root}Result`]: result, ResponseMetadata: { RequestId: id } };
    return { status: 200, headers: xmlHeaders(id), body: stsXml(`${root}Response`, document) };
  },
  failure: ({ code, status, message }, id) => ({
    status,
    headers: xmlHeaders(id),
    body: stsXml('ErrorResponse', { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: id }),
  }),
};

const xmlHeaders = (id: string) => ({ 'content-type': 'text/xml', 'x-amzn-requestid': id });

function stsXml(root: string, document: Parameters<typeof toXml>[1]): string {
  return toXml(root, { '@xmlns': 'https://sts.amazonaws.com/doc/2011-06-15/', ...document });
}

const rest: Protocol = {
  codes: exceptions(403),
  success: (output, id) => ({
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': id },
    body: JSON.stringify(output ?? {}),
  }),
  failure: ({ code, status, message }, id) => ({
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': id, 'x-amzn-errortype': code },
    body: JSON.stringify({ message }),
  }),
};

const forbidden = [403, 'ForbiddenException'] as const;

/** IoT's data plane tells everything but the reason by one code, and a permission that is missing not at all. */
const iotdata: Protocol = {
  codes: {
    missing: forbidden,
    incomplete: forbidden,
    'unknown-key': forbidden,
    expired: forbidden,
    signature: forbidden,
    denied: forbidden,
  },
  success: rest.success,
  failure: (error, id) => {
    const reply = rest.failure(error, id);
    return { ...reply, body: JSON.stringify({ message: error.message, traceId: id }) };
  },
};

export const protocols: Record<ServiceName, Protocol> = {
  kms: json('1.1'),
  secretsmanager: json('1.1'),
  ssm: json('1.1'),
  ecs: json('1.1'),
  logs: json('1.1'),
  sqs,
  sts,
  iot: rest,
  iotdata,
  iotdevicegateway: iotdata,
};

/** Words any error for a service. */
export function failure(service: ServiceName, error: unknown): { reply: Reply; code: string } {
  const protocol = protocols[service];
  const id = randomUUID();
  if (error instanceof RefusedError) {
    const [status, code] = protocol.codes[error.refusal];
    const hidden = protocol === iotdata && error.refusal === 'denied';
    const message = hidden ? 'Forbidden' : error.message;
    return { reply: protocol.failure({ code, status, message }, id), code };
  }
  if (error instanceof AwsError) {
    const { code, status = 400, message } = error;
    return { reply: protocol.failure({ code, status, message }, id, error), code: error.queryCode ?? code };
  }
  const code = 'InternalFailure';
  return { reply: protocol.failure({ code, status: 500, message: String(error) }, id), code };
}
