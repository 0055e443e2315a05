/** What the tests of the AWS services share. */
import { afterEach, expect } from 'vitest';
import { algorithm, canonicalRequest, deriveKey, formatTime, hmac, sha256, stringToSign } from '../sigv4.ts';
import { type AwsOptions, type AwsServer, type AwsUser, administrator, type Statement, startAws } from './index.ts';

/** Servers that this file's tests started; closed after each test. */
const running: AwsServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

export async function start(options: AwsOptions = {}): Promise<AwsServer> {
  const server = await startAws(options);
  running.push(server);
  return server;
}

/** What every SDK client needs to reach the server as someone. */
export function as(server: AwsServer, user: Partial<AwsUser> = {}, region = server.region) {
  const { accessKeyId, secretAccessKey, sessionToken } = { ...administrator, ...user };
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  return { endpoint: server.url, region, credentials, maxAttempts: 1 };
}

/** A user who may do only what the statements allow. */
export function limited(...statements: Omit<Statement, 'Effect'>[]): AwsUser {
  const Statement = statements.map((statement) => ({ Effect: 'Allow' as const, ...statement }));
  return {
    accessKeyId: 'AKIALIMITED',
    secretAccessKey: 'secret-of-limited',
    arn: 'arn:aws:iam::123456789012:user/limited',
    policy: { Version: '2012-10-17', Statement },
  };
}

/** An SDK's error: its name and message as the service sent them. */
export const refused = (name: string, message: string | RegExp = '') =>
  expect.objectContaining({ name, message: expect.stringMatching(message) });

/** The WebSocket URL of `/mqtt`, signed for someone; the token is added after signing. */
export function signedMqttUrl(
  server: AwsServer,
  user: AwsUser = administrator,
  change: { region?: string; at?: number } = {},
) {
  const { region = server.region, at = Date.now() } = change;
  const time = formatTime(at);
  const scope = { date: time.slice(0, 8), region, service: 'iotdevicegateway' };
  const url = new URL(server.mqttUrl);
  const parameters = {
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${user.accessKeyId}/${scope.date}/${region}/${scope.service}/aws4_request`,
    'X-Amz-Date': time,
    'X-Amz-Expires': '300',
    'X-Amz-SignedHeaders': 'host',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const request = {
    method: 'GET',
    path: url.pathname,
    query: [...url.searchParams],
    headers: [['host', url.host] as const],
  };
  const canonical = canonicalRequest(request, { signedHeaders: ['host'], payload: sha256('') });
  const key = deriveKey(user.secretAccessKey, scope);
  url.searchParams.set('X-Amz-Signature', hmac(key, stringToSign(time, scope, canonical)).toString('hex'));
  if (user.sessionToken !== undefined) url.searchParams.set('X-Amz-Security-Token', user.sessionToken);
  return url.href;
}
