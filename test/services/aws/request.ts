/** A request to any of the services, once its body has arrived. */
import type { IncomingMessage } from 'node:http';
import { readSignature, type Signable, type Signed } from '../sigv4.ts';
import type { ServiceName } from './types.ts';

export class AwsRequest implements Signable {
  readonly method: string;
  readonly path: string;
  readonly query: [name: string, value: string][];
  readonly headers: [name: string, value: string][];
  readonly body: Buffer;
  readonly signed: Signed | undefined | { incomplete: string };
  /** The decoded JSON document or form; empty when the body is neither. */
  readonly input: Record<string, unknown>;

  constructor(message: IncomingMessage, body: Buffer) {
    const [path = '/', ...rest] = (message.url ?? '/').split('?');
    this.method = message.method ?? 'GET';
    this.path = path;
    this.query = [...new URLSearchParams(rest.join('?'))];
    this.headers = [];
    for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
      this.headers.push([(message.rawHeaders[i] ?? '').toLowerCase(), message.rawHeaders[i + 1] ?? '']);
    }
    this.body = body;
    this.signed = readSignature(this);
    this.input = parseInput(this.header('content-type') ?? '', body);
  }

  header(name: string): string | undefined {
    return this.headers.find(([header]) => header === name)?.[1];
  }

  param(name: string): string | undefined {
    return this.query.find(([parameter]) => parameter === name)?.[1];
  }

  get region(): string {
    return this.signed !== undefined && 'region' in this.signed ? this.signed.region : '';
  }

  /** `X-Amz-Target: Prefix.Operation` */
  get target(): { prefix: string; operation: string } {
    const [prefix = '', operation = ''] = (this.header('x-amz-target') ?? '').split('.', 2);
    return { prefix, operation };
  }

  /** By the target of JSON services, else by the form's action, else by the path: a signature for another service is then
   * refused, as by the real endpoints. */
  get service(): ServiceName {
    const byTarget: Record<string, ServiceName> = {
      TrentService: 'kms',
      AmazonSQS: 'sqs',
      secretsmanager: 'secretsmanager',
      AmazonSSM: 'ssm',
      AmazonEC2ContainerServiceV20141113: 'ecs',
      Logs_20140328: 'logs',
    };
    const named = byTarget[this.target.prefix];
    if (named !== undefined) return named;
    if (typeof this.input.Action === 'string') return 'sts';
    if (this.path === '/mqtt') return 'iotdevicegateway';
    return this.path.startsWith('/topics/') ? 'iotdata' : 'iot';
  }
}

function parseInput(type: string, body: Buffer): Record<string, unknown> {
  if (type.includes('x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body.toString()));
  if (!type.includes('json')) return {};
  try {
    const value: unknown = JSON.parse(body.toString() || '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
