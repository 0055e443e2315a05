/** What callers of the Azure test services see: principals, accounts, faults and the request log. */
import type { Assignment } from './roles.ts';

/** An application of the directory, with its service principal. */
export interface Principal {
  /** `AZURE_CLIENT_ID` */
  clientId: string;
  /** The service principal's object id: what roles are assigned to. */
  objectId: string;
  /** `AZURE_CLIENT_SECRET` */
  secret: string;
  /** The secret has run out: AADSTS7000222. */
  secretExpired?: boolean;
}

export interface CorsRule {
  /** Separated by commas, as are the others; `*` for any. */
  allowedOrigins: string;
  allowedMethods: string;
  allowedHeaders: string;
  exposedHeaders: string;
  maxAgeInSeconds: number;
}

/** A rule of the account's lifecycle management policy, with the management API's names. */
export interface ManagementRule {
  name: string;
  enabled?: boolean;
  type: 'Lifecycle';
  definition: {
    actions: {
      baseBlob?: Record<string, object>;
      snapshot?: Record<string, object>;
      version?: Record<string, object>;
    };
    filters?: { blobTypes: string[]; prefixMatch?: string[] };
  };
}

export type PublicAccess = 'blob' | 'container' | undefined;

/** Every field but the name may be changed while the server runs; CORS rules by `setCors`. */
export interface Account {
  readonly name: string;
  readonly resourceGroup: string;
  versioning: boolean;
  allowBlobPublicAccess: boolean;
  managementRules: ManagementRule[];
  readonly cors: readonly CorsRule[];
}

/** entra: the directory; arm: the management plane; blob: an account; imds: the instance's managed identity. */
export type Plane = 'entra' | 'arm' | 'blob' | 'imds';

/** A request as fault functions see it. */
export interface FaultRequest {
  method: string;
  host: string;
  path: string;
  /** Signatures left out. */
  query: string;
  headers: Readonly<Record<string, string>>;
  plane: Plane;
  /** For blob: the operation's name in the REST reference, such as `Put Blob`; for arm the permission that it takes. */
  action: string;
  container: string | undefined;
  blob: string | undefined;
}

export interface FaultReply {
  status: number;
  code: string;
  message?: string;
  headers?: Record<string, string>;
}

/** What goes wrong, on purpose. Every field may be changed while the server runs. */
export interface AzureFaults {
  /** Milliseconds before each request is looked at. */
  delayMs?: number;
  /** Milliseconds that the services' clocks are ahead (negative: behind). */
  clockOffsetMs?: number;
  /** Answers instead of the service, before authentication. */
  statusFor?: (request: FaultRequest) => FaultReply | undefined;
  /** Accept the request and never answer. */
  hangFor?: (request: FaultRequest) => boolean;
  /** Flip one byte of every blob that is read. */
  corruptReads?: boolean;
}

/** One line of the request log. */
export interface RequestRecord {
  method: string;
  host: string;
  path: string;
  query: string;
  plane: Plane;
  action: string;
  /** 0 while unanswered. */
  status: number;
  /** The caller's object id, `anonymous`, or undefined when authentication failed or was not reached. */
  caller: string | undefined;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface Options {
  /** Storage accounts to make. Default: `preflighttest`. */
  accounts?: string[];
  /** A GUID. */
  tenantId?: string;
  subscriptionId?: string;
  /** Seconds. Default 3599. */
  tokenLifetimeSeconds?: number;
  faults?: AzureFaults;
}

export type { Assignment };

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}
