/** What a server does other than failing on the network: it answers, and refuses. */
import { NetworkError } from '../../src/net/network-error.ts';

export type ServerErrorKind =
  /** An error of PostgreSQL's or of a pooler's, by its SQLSTATE (PostgreSQL manual, appendix A). */
  | {
      readonly kind: 'sql';
      readonly code: string;
      /** The server's function that refused, which unlike the message is the same in every language; or what only the message tells. */
      readonly reason: string | undefined;
      /** The run-time setting that the message is about. */
      readonly setting: string | undefined;
    }
  | { readonly kind: 'not-postgres'; readonly speaks: string | undefined }
  | { readonly kind: 'no-password' }
  /** It asks for a way of logging in that is not supported here. */
  | { readonly kind: 'method'; readonly method: string }
  /** `sslcert` and `sslkey` are no pair of PEM files, or `sslpassword` does not open the key. */
  | { readonly kind: 'client-certificate' }
  /** `target_session_attrs` asks for another kind of server. */
  | { readonly kind: 'attributes' };

export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly refusal: ServerErrorKind;
  constructor(refusal: ServerErrorKind) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

/** The SQLSTATE, when the error is the server's. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof ServerError && error.refusal.kind === 'sql' ? error.refusal.code : undefined;
}

/** Whether a server or the way to it is to blame, and not this program. */
export const isServerError = (error: unknown): error is ServerError | NetworkError =>
  error instanceof ServerError || error instanceof NetworkError;
