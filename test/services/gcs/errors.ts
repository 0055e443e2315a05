/** Errors with the words of the JSON API, the XML API, the token endpoints and the IAM API. */
import { json, type Reply } from './types.ts';

export interface ErrorFields {
  /** XML API: the error's `Code` and `Message`, where they are not those of the status. */
  code?: string;
  title?: string;
  /** XML API: further elements. */
  elements?: Record<string, string>;
  /** JSON API: `header` and the header's name, or `parameter` and its name. */
  location?: { type: 'header' | 'parameter'; name: string };
  headers?: Record<string, string>;
}

/** An error of the storage service, in whichever API's form it must be said. */
export class GcsError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly fields: ErrorFields;
  constructor(status: number, reason: string, message: string, fields: ErrorFields = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.fields = fields;
  }
}

/** An error of the OAuth and STS token endpoints (RFC 6749 section 5.2). */
export class TokenError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(code: string, description: string, status = 400) {
    super(description);
    this.code = code;
    this.status = status;
  }
}

/** An error of a `google.rpc` API such as IAM Service Account Credentials. */
export class RpcError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly object[];
  constructor(status: number, code: string, message: string, details: readonly object[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export const noSuchBucket = () =>
  new GcsError(404, 'notFound', 'The specified bucket does not exist.', {
    code: 'NoSuchBucket',
    title: 'The specified bucket does not exist.',
  });

export const noSuchObject = (bucket: string, object: string, generation?: string) =>
  new GcsError(
    404,
    'notFound',
    `No such object: ${bucket}/${object}${generation === undefined ? '' : `#${generation}`}`,
    {
      code: 'NoSuchKey',
      title: 'The specified key does not exist.',
    },
  );

/** A signed-in caller is forbidden; an anonymous one is asked to sign in (JSON API), or forbidden too (XML API). */
export function denied(caller: string | undefined, permission: string): GcsError {
  const [, kind] = permission.split('.');
  const thing = kind === 'buckets' ? 'bucket' : 'object';
  const message =
    `${caller ?? 'Anonymous caller'} does not have ${permission} access to the Google Cloud Storage ${thing}. ` +
    `Permission '${permission}' denied on resource (or it may not exist).`;
  const anonymous = caller === undefined;
  return new GcsError(anonymous ? 401 : 403, anonymous ? 'required' : 'forbidden', message, {
    code: 'AccessDenied',
    title: 'Access denied.',
    ...(anonymous && { location: { type: 'header', name: 'Authorization' } as const }),
  });
}

export const invalidCredentials = () =>
  new GcsError(401, 'authError', 'Invalid Credentials', {
    code: 'AuthenticationRequired',
    title: 'Authentication required.',
    location: { type: 'header', name: 'Authorization' },
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  });

export const conditionNotMet = () =>
  new GcsError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.', {
    code: 'PreconditionFailed',
    title: 'At least one of the pre-conditions you specified did not hold.',
    location: { type: 'header', name: 'If-Match' },
  });

export const retained = (bucket: string, object: string, until: Date) =>
  new GcsError(
    403,
    'retentionPolicyNotMet',
    `Object '${bucket}/${object}' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until ${until.toISOString()}`,
    { code: 'RetentionPolicyNotMet', title: 'Retention policy not met.' },
  );

export const underHold = (bucket: string, object: string) =>
  new GcsError(
    403,
    'objectUnderActiveHold',
    `Object '${bucket}/${object}' is under active Event-Based hold and cannot be deleted, overwritten or archived until hold is removed.`,
    { code: 'ObjectUnderActiveHold', title: 'Object is under active hold.' },
  );

export const invalid = (message: string) =>
  new GcsError(400, 'invalid', message, { code: 'InvalidArgument', title: 'Invalid argument.' });

export const notImplemented = (what: string) => new GcsError(501, 'notImplemented', `${what} is not implemented.`);

export function jsonError(error: GcsError): Reply {
  const { status, reason, message, fields } = error;
  const where = fields.location && { locationType: fields.location.type, location: fields.location.name };
  const errors = [{ message, domain: 'global', reason, ...where }];
  return json({ error: { code: status, message, errors } }, status, fields.headers);
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
export const escapeXml = (text: string) => text.replace(/[&<>]/g, (character) => entities[character] ?? character);

export function xmlError(error: GcsError): Reply {
  const { code = error.reason, title = error.message, elements = {}, headers } = error.fields;
  const details = title === error.message ? {} : { Details: error.message };
  const content = Object.entries({ Code: code, Message: title, ...details, ...elements })
    .map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`)
    .join('');
  return {
    status: code === 'AccessDenied' ? 403 : error.status,
    headers: { 'content-type': 'application/xml; charset=UTF-8', ...headers },
    body: `<?xml version='1.0' encoding='UTF-8'?><Error>${content}</Error>`,
  };
}

export const tokenError = ({ status, code, message }: TokenError): Reply =>
  json({ error: code, error_description: message }, status);

export const rpcError = ({ status, code, message, details }: RpcError): Reply =>
  json({ error: { code: status, message, status: code, ...(details.length > 0 && { details }) } }, status);
