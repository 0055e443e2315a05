/** What every part of the Azure services is given: the state, and a request once its body has arrived. */
import type { IncomingMessage } from 'node:http';
import type { Authority } from './authority.ts';
import type { Azurite } from './azurite.ts';
import { type Operation, operationOf, type Place, placeOf } from './operations.ts';
import type { Assignment } from './roles.ts';
import type { Account, AzureFaults, CorsRule, Plane, RequestRecord } from './types.ts';
import type { Container } from './versions.ts';

export interface AccountState extends Account {
  cors: CorsRule[];
  containers: Map<string, Container>;
}

export interface World {
  subscriptionId: string;
  authority: Authority;
  azurite: Azurite;
  accounts: Map<string, AccountState>;
  assignments: Assignment[];
  roles: Record<string, readonly string[]>;
  faults: AzureFaults;
  requests: RequestRecord[];
}

export class AzureRequest {
  readonly method: string;
  /** Without a port. */
  readonly host: string;
  /** scheme://host:port as the client called it. */
  readonly origin: string;
  /** As sent, still escaped. */
  readonly path: string;
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly plane: Plane;
  readonly place: Place;
  readonly operation: Operation | undefined;
  /** The services' clock when the request came. */
  readonly now: Date;
  body: Buffer = Buffer.alloc(0);

  constructor(message: IncomingMessage, now: Date, secure: boolean) {
    const [path = '/', ...rest] = (message.url ?? '/').split('?');
    this.method = message.method ?? 'GET';
    this.headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(',') : (value ?? ''),
      ]),
    );
    this.host = (this.headers.host ?? '').replace(/:\d+$/, '');
    this.origin = `${secure ? 'https' : 'http'}://${this.headers.host}`;
    this.path = path;
    this.rawQuery = rest.join('?');
    this.query = new URLSearchParams(this.rawQuery);
    this.now = now;
    this.plane = planeOf(this.host, path);
    const none = { account: '', container: undefined, blob: undefined };
    this.place = this.plane === 'blob' ? placeOf(this.host, path) : none;
    this.operation = this.plane === 'blob' ? operationOf(this.method, this.query, this.place) : undefined;
  }

  /** The query without what would let a reader of the log use it. */
  get publicQuery(): string {
    return this.rawQuery.replace(/\b(sig)=[^&]*/gi, '$1=***');
  }

  get bearer(): string | undefined {
    return /^Bearer (.+)$/i.exec(this.headers.authorization ?? '')?.[1];
  }
}

/** By the host's name, or, when the server is called by its address, by the path. */
function planeOf(host: string, path: string): Plane {
  // MSAL appends a slash to the address in AZURE_POD_IDENTITY_AUTHORITY_HOST.
  if (/^\/metadata\/identity\/oauth2\/token\/?$/.test(path)) return 'imds';
  if (host === 'login.microsoftonline.com') return 'entra';
  if (host === 'management.azure.com') return 'arm';
  if (host.endsWith('.blob.core.windows.net')) return 'blob';
  if (/^\/[^/]+\/(oauth2\/v2\.0\/|v2\.0\/\.well-known\/|discovery\/)/.test(path)) return 'entra';
  return /^\/(subscriptions|providers)(\/|$)/.test(path) ? 'arm' : 'blob';
}
