/** Errors of a container registry as values with a kind; `messages.ts` turns them into texts. */
import type { NetworkError } from '../../src/net/network-error.ts';

/** Where an error was observed: the registry itself, or the server that issues its tokens. */
export type RegistryPart = 'registry' | 'token-server';

export type RegistryErrorKind =
  /** Without a login: the image is private, or does not exist. */
  | 'login-required'
  /** The login is not valid. */
  | 'login-rejected'
  /** The login is valid, but is not allowed to pull the image; or the image does not exist. */
  | 'pull-denied'
  /** No such repository, or no such tag in it. */
  | 'not-found'
  /** Too many requests. */
  | 'rate-limited'
  /** A status from 500. */
  | 'server-error'
  /** A response that no registry sends, such as a web page. */
  | 'not-a-registry'
  /** A login by another method than Basic and Bearer. */
  | 'unsupported-login'
  /** The login would be sent without TLS. */
  | 'insecure-token-server'
  /** Plain HTTP from a host other than this machine. */
  | 'plain-http'
  /** A redirect to plain HTTP, or one too many. */
  | 'bad-redirect';

/** A response of the registry from which the image can't be pulled. */
export class RegistryError extends Error {
  readonly kind: RegistryErrorKind;
  readonly part: RegistryPart;
  /** The host that responded, with its port. */
  readonly host: string;
  /** HTTP. */
  readonly status: number | undefined;
  /** The registry's own code, such as `MANIFEST_UNKNOWN`. */
  readonly code: string | undefined;
  /** `text/html`, or the login method that is not supported. */
  readonly found: string | undefined;
  constructor(
    kind: RegistryErrorKind,
    more: { part: RegistryPart; host: string; status?: number; code?: string | undefined; found?: string | undefined },
  ) {
    super(kind);
    this.name = 'RegistryError';
    this.kind = kind;
    this.part = more.part;
    this.host = more.host;
    this.status = more.status;
    this.code = more.code;
    this.found = more.found;
  }
}

/** A registry, or its token server, that could not be reached. */
export class UnreachableRegistryError extends Error {
  readonly part: RegistryPart;
  readonly url: URL;
  readonly error: NetworkError;
  constructor(part: RegistryPart, url: URL, error: NetworkError) {
    super(error.kind);
    this.name = 'UnreachableRegistryError';
    this.part = part;
    this.url = url;
    this.error = error;
  }
}
