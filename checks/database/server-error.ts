/** Errors that the server reports, as opposed to network errors. */
import { NetworkError } from '../../src/net/network-error.ts';
import type { AuthMethod, PolicyParameter } from './auth-policy.ts';
import type { CatalogObject } from './catalog-objects.ts';
import type { PoolerError } from './pooler-errors.ts';
import type { Scene } from './scene.ts';

export type ServerErrorKind =
  /** An error from PostgreSQL or a pooler, by its SQLSTATE (PostgreSQL manual, appendix A). */
  | {
      readonly kind: 'sql';
      readonly code: string;
      /** The server function that raised the error, which unlike the message is not localized; or a reason from the message. */
      readonly reason: string | undefined;
      /** The run-time setting that the message refers to. */
      readonly setting: string | undefined;
      /** The catalog, view or function in the statement that the message refers to. */
      readonly object?: CatalogObject | undefined;
    }
  | PoolerError
  | { readonly kind: 'not-postgres'; readonly speaks: string | undefined }
  /** The server requires a password and the URL has none; with the SQLSTATE of its answer to an empty one. */
  | { readonly kind: 'no-password'; readonly code: string }
  /** The server requires an authentication method that is not supported here. */
  | { readonly kind: 'method'; readonly method: string }
  /** The server asks for, or accepts, another authentication than the URL requires. */
  | { readonly kind: 'policy'; readonly parameter: PolicyParameter; readonly method: AuthMethod }
  /** `sslcert` and `sslkey` are not a pair of PEM files, or `sslpassword` does not decrypt the key. */
  | { readonly kind: 'client-certificate' }
  /** The server does not satisfy `target_session_attrs`. */
  | { readonly kind: 'attributes' };

export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly refusal: ServerErrorKind;
  /** The session that the error ended, if it was established before. */
  readonly scene: Scene | undefined;
  constructor(refusal: ServerErrorKind, scene?: Scene) {
    super(refusal.kind);
    this.refusal = refusal;
    this.scene = scene;
  }
}

/** The SQLSTATE, if the server reported the error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof ServerError && 'code' in error.refusal ? error.refusal.code : undefined;
}

/** Whether the server or the network caused the error, not this program. */
export const isServerError = (error: unknown): error is ServerError | NetworkError =>
  error instanceof ServerError || error instanceof NetworkError;
