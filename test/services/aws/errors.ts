/** An error that a service answers with; protocol.ts words it on the wire. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  /** SQS: the code of its older query protocol, when that differs. */
  readonly queryCode: string | undefined;
  /** SQS: the shape's namespace. */
  readonly namespace: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { status?: number; queryCode?: string; namespace?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.status = options.status;
    this.queryCode = options.queryCode;
    this.namespace = options.namespace;
  }
}

/** Why a request is not believed or not allowed; each service has its own codes for these. */
export type Refusal = 'missing' | 'incomplete' | 'unknown-key' | 'expired' | 'signature' | 'denied';

export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}
