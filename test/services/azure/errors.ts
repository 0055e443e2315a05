/** Errors in the words of the blob service, of Microsoft Entra ID and of Azure Resource Manager. */
import { randomUUID } from 'node:crypto';
import { json, type Reply } from './types.ts';

/** An error of the blob service. */
export class BlobError extends Error {
  readonly status: number;
  readonly code: string;
  readonly elements: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: string,
    message: string,
    more: { elements?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.elements = more.elements ?? {};
    this.headers = more.headers ?? {};
  }
}

/** An error of the management plane. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An error of the directory: `AADSTS…`. */
export class EntraError extends Error {
  readonly status: number;
  readonly error: string;
  readonly number: number;
  constructor(status: number, error: string, number: number, message: string) {
    super(message);
    this.status = status;
    this.error = error;
    this.number = number;
  }
}

export const permissionMismatch = () =>
  new BlobError(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );

/** A token that is not accepted; `detail` says why, as the service does. */
export const invalidToken = (tenantId: string, detail?: string) =>
  new BlobError(
    401,
    'InvalidAuthenticationInfo',
    'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
    {
      ...(detail !== undefined && { elements: { AuthenticationErrorDetail: detail } }),
      headers: {
        'www-authenticate': `Bearer authorization_uri=https://login.microsoftonline.com/${tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
      },
    },
  );

/** A shared access signature that is not accepted. */
export const authenticationFailed = (detail: string) =>
  new BlobError(
    403,
    'AuthenticationFailed',
    'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
    { elements: { AuthenticationErrorDetail: detail } },
  );

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
export const escapeXml = (text: string) => text.replace(/[&<>]/g, (character) => entities[character] ?? character);

export function blobError({ status, code, message, elements, headers }: BlobError, now: Date): Reply {
  const id = randomUUID();
  const text = `${message}\nRequestId:${id}\nTime:${now.toISOString().replace('Z', '0000Z')}`;
  const content = Object.entries({ Code: code, Message: text, ...elements })
    .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
    .join('');
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code, 'x-ms-request-id': id, ...headers },
    body: `<?xml version="1.0" encoding="utf-8"?><Error>${content}</Error>`,
  };
}

export const armError = ({ status, code, message }: ArmError): Reply =>
  json({ error: { code, message } }, status, {
    'x-ms-failure-cause': 'gateway',
    ...(status === 401 && { 'www-authenticate': 'Bearer authorization_uri="https://login.microsoftonline.com/"' }),
  });

export function entraError({ status, error, number, message }: EntraError, now: Date): Reply {
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = now.toISOString().replace('T', ' ').replace(/\.\d+/, '');
  return json(
    {
      error,
      error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [number],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    },
    status,
  );
}
