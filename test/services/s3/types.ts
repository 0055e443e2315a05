/** What callers of the S3 test server see: options, users, faults and the request log. */
import type { PolicyDocument } from '../policy.ts';

/** Whose habits the server has where AWS S3 and open-source MinIO differ. */
export type Flavor = 'minio' | 'aws';

export interface S3User {
  accessKeyId: string;
  secretAccessKey: string;
  /** Temporary credentials: every request must carry this token. */
  sessionToken?: string;
  /** The credentials have run out: every request answers ExpiredToken. */
  expired?: boolean;
  /** Absent: an administrator. */
  policy?: PolicyDocument;
  /** Named in AWS's denials and by bucket policies. Default: an IAM user of account 123456789012. */
  arn?: string;
}

/** A request as fault functions see it. */
export interface FaultRequest {
  method: string;
  path: string;
  query: string;
  headers: Readonly<Record<string, string>>;
  /** The operation's name in the S3 API reference, `CORSPreflight` for OPTIONS, or `Unknown`. */
  action: string;
  bucket: string | undefined;
  key: string | undefined;
}

/** What goes wrong, on purpose. Every field may be changed while the server runs. */
export interface S3Faults {
  /** Milliseconds before each request is looked at, or what chooses them. */
  delayMs?: number | (() => number);
  /** Milliseconds that the server's clock is ahead (negative: behind). */
  clockOffsetMs?: number;
  /** Answers instead of the server, before authentication, as a proxy or an overloaded server does. */
  statusFor?: (request: FaultRequest) => FaultReply | undefined;
  /** nginx's default: a header whose name has an underscore vanishes before the server sees it. */
  dropUnderscoreHeaders?: boolean;
  /** Larger bodies answer 413 with nginx's page, and the connection closes. */
  maxBodyBytes?: number;
  /** Flip one byte of every object that is read. */
  corruptReads?: boolean;
  /** Lists no versions, as gateways do that have none or word the listing in their own way. */
  emptyVersions?: boolean;
  /** Accept the request and never answer. */
  hangFor?: (request: FaultRequest) => boolean;
}

export interface FaultReply {
  status: number;
  code: string;
  message?: string;
  headers?: Record<string, string>;
}

/** One line of the request log. The query has no signature and no session token. */
export interface RequestRecord {
  method: string;
  path: string;
  query: string;
  action: string;
  /** 0 while unanswered. */
  status: number;
  /** Access key id, or `anonymous`; undefined when authentication failed or was not reached. */
  user: string | undefined;
}

export interface S3Options {
  users?: S3User[];
  /** PEM texts. Present: HTTPS. */
  tls?: { key: string; cert: string };
  /** Default `us-east-1`. Empty: any region is accepted, as MinIO does when none is configured. */
  region?: string;
  /** Default `minio`. */
  flavor?: Flavor;
  faults?: S3Faults;
  /** Loopback address to listen on. Default `127.0.0.1`. */
  host?: string;
}

/** What an operation answers. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}
