/** What callers of the AWS test services see: options, users, faults and the request log. */
import type { PolicyDocument } from '../policy.ts';
import type { S3User } from '../s3/types.ts';

/** Credentials, who they belong to and what they may; the same object works for the S3 test server. `arn` is a user's or
 * an assumed role's; its account is the caller's. */
export type AwsUser = S3User;

/** Who may act for others: named by topic rules and task definitions. */
export interface AwsRole {
  arn: string;
  /** Absent: an administrator. */
  policy?: PolicyDocument;
}

export type ServiceName =
  | 'kms'
  | 'sqs'
  | 'sts'
  | 'iot'
  | 'iotdata'
  | 'secretsmanager'
  | 'ssm'
  | 'ecs'
  | 'logs'
  | 'iotdevicegateway';

/** A request as fault functions see it. */
export interface FaultRequest {
  service: ServiceName;
  /** The operation's name in the service's API reference; `Connect` for the MQTT WebSocket; `Unknown`. */
  action: string;
  /** Of the signature's scope; empty when unsigned. */
  region: string;
  method: string;
  path: string;
  /** The decoded JSON document or form. */
  input: Readonly<Record<string, unknown>>;
}

export interface FaultReply {
  status: number;
  code: string;
  message?: string;
  headers?: Record<string, string>;
}

/** What goes wrong, on purpose. Every field may be changed while the server runs. */
export interface AwsFaults {
  /** Milliseconds before each request is looked at. */
  delayMs?: number;
  /** Milliseconds that the server's clock is ahead (negative: behind). */
  clockOffsetMs?: number;
  /** Answers instead of the service, before authentication. */
  statusFor?: (request: FaultRequest) => FaultReply | undefined;
  /** Accept the request and never answer. */
  hangFor?: (request: FaultRequest) => boolean;
  /** Reset the connection instead of answering. */
  resetFor?: (request: FaultRequest) => boolean;
  /** Do what was requested, and reset the connection instead of answering. */
  resetAfter?: (request: FaultRequest) => boolean;
}

/** One line of the request log: no headers, bodies or credentials. */
export interface RequestRecord {
  service: ServiceName;
  action: string;
  region: string;
  /** What it was about: key, queue, topic, rule or name, as the caller wrote it. */
  target: string | undefined;
  /** 0 while unanswered. */
  status: number;
  /** The error's code. */
  code: string | undefined;
  /** Access key id; undefined when authentication failed or was not reached. */
  user: string | undefined;
}

export interface AwsOptions {
  users?: AwsUser[];
  /** The roles that topic rules and tasks may act under. Default: any role may do anything. */
  roles?: AwsRole[];
  /** Where resources are unless told otherwise. Default `eu-central-1`. */
  region?: string;
  /** Further regions that answer: whoever signs for another region than these is refused. */
  otherRegions?: string[];
  /** Default `123456789012`. */
  account?: string;
  /** Default `aws`. */
  partition?: string;
  /** PEM texts. Present: HTTPS and WSS. */
  tls?: { key: string; cert: string };
  faults?: AwsFaults;
  /** Loopback address to listen on. Default `127.0.0.1`. */
  host?: string;
}

/** What is answered on the wire. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}
