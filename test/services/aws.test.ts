import { IoTClient, ListTopicRulesCommand } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { isUnderWayAfter } from '../support/under-way.ts';
import { type AwsServer, type AwsUser, administrator, type FaultRequest } from './aws/index.ts';
import { as, limited, refused, start } from './aws/testing.ts';
import { makeCa } from './tls.ts';

const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/async';

/** A request to each service, as someone. */
function ask(server: AwsServer, user: Partial<AwsUser> = {}, region?: string) {
  const client = { ...as(server, user, region), disableClockSkewCorrection: true };
  return {
    sts: () => new STSClient(client).send(new GetCallerIdentityCommand({})),
    kms: () => new KMSClient(client).send(new GetPublicKeyCommand({ KeyId: 'alias/signing' })),
    sqs: () => new SQSClient(client).send(new GetQueueAttributesCommand({ QueueUrl: queueUrl })),
    iot: () => new IoTClient(client).send(new ListTopicRulesCommand({})),
    data: () => new IoTDataPlaneClient(client).send(new PublishCommand({ topic: 'a/b' })),
  };
}

async function allRefused(asked: ReturnType<typeof ask>, codes: Record<keyof typeof asked, string>, message: RegExp) {
  for (const service of Object.keys(codes) as (keyof typeof asked)[]) {
    await expect(asked[service](), service).rejects.toEqual(refused(codes[service], message));
  }
}

test('who the credentials are', async () => {
  const server = await start();
  const role = {
    accessKeyId: 'ASIAROLE',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    arn: 'arn:aws:sts::123456789012:assumed-role/spacelift-drain/i-0123',
    policy: { Statement: { Effect: 'Deny' as const, Action: '*', Resource: '*' } },
  };
  server.users = [administrator, role];
  expect(await ask(server).sts()).toMatchObject({ Account: '123456789012', Arn: administrator.arn });
  // Not even a denial of everything hides it.
  expect(await ask(server, role).sts()).toMatchObject({ Arn: role.arn, UserId: 'AROAROLE:i-0123' });
});

test('each service tells in its own code that it does not know the access key', async () => {
  const server = await start();
  const unknown = ask(server, { accessKeyId: 'AKIANOBODY' });
  const codes = {
    sts: 'InvalidClientTokenId',
    kms: 'UnrecognizedClientException',
    sqs: 'InvalidClientTokenId',
    iot: 'UnrecognizedClientException',
    data: 'ForbiddenException',
  };
  await allRefused(unknown, codes, /^The security token included in the request is invalid\.$/);
  expect(server.requests.map(({ user }) => user)).toEqual(Array(5).fill(undefined));
});

const signatureCodes = {
  sts: 'SignatureDoesNotMatch',
  kms: 'InvalidSignatureException',
  sqs: 'SignatureDoesNotMatch',
  iot: 'InvalidSignatureException',
  data: 'ForbiddenException',
};

test('a wrong secret', async () => {
  const server = await start();
  await allRefused(ask(server, { secretAccessKey: 'wrong' }), signatureCodes, /^The request signature we calculated/);
});

test('a clock that is wrong, either way', async () => {
  const server = await start({ faults: { clockOffsetMs: 60 * 60_000 } });
  await allRefused(ask(server), signatureCodes, /^Signature expired: \d{8}T\d{6}Z is now earlier than .* min\.\)$/);
  server.faults = { clockOffsetMs: -60 * 60_000 };
  await allRefused(ask(server), signatureCodes, /^Signature not yet current: .* is still later than/);
  server.faults = { clockOffsetMs: 4 * 60_000 };
  await ask(server).sts();
});

test('the SDK corrects its clock by the date of the answer', async () => {
  const server = await start({ faults: { clockOffsetMs: 60 * 60_000 } });
  const client = new STSClient({ ...as(server), maxAttempts: 2 });
  expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '123456789012' });
});

test('a region that is not there', async () => {
  const server = await start();
  const message = /^Credential should be scoped to a valid region\.$/;
  await allRefused(ask(server, {}, 'eu-west-1'), signatureCodes, message);
});

test('temporary credentials: the token counts, and they run out', async () => {
  const server = await start({ users: [{ ...administrator, sessionToken: 'token' }] });
  await ask(server, { sessionToken: 'token' }).sts();
  await expect(ask(server).sts()).rejects.toEqual(refused('InvalidClientTokenId'));
  await expect(ask(server, { sessionToken: 'other' }).kms()).rejects.toEqual(refused('UnrecognizedClientException'));
  server.users = [{ ...administrator, sessionToken: 'token', expired: true }];
  const codes = {
    sts: 'ExpiredToken',
    kms: 'ExpiredTokenException',
    sqs: 'ExpiredToken',
    iot: 'ExpiredTokenException',
    data: 'ForbiddenException',
  };
  await allRefused(
    ask(server, { sessionToken: 'token' }),
    codes,
    /^The security token included in the request is expired$/,
  );
});

test('requests that are signed for another service, badly, or not at all', async () => {
  const server = await start();
  const post = (headers: Record<string, string>) =>
    fetch(server.url, { method: 'POST', headers: { 'x-amz-target': 'TrentService.Sign', ...headers }, body: '{}' });
  expect(await (await post({})).json()).toEqual({
    __type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  });
  const incomplete = await post({ authorization: 'AWS4-HMAC-SHA256 Credential=a/b' });
  expect(incomplete.status).toBe(400);
  expect(await incomplete.json()).toMatchObject({ __type: 'IncompleteSignatureException' });
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const credential = `${administrator.accessKeyId}/${time.slice(0, 8)}/eu-central-1/sqs/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=00`;
  const other = await post({ authorization, 'x-amz-date': time });
  expect(await other.json()).toMatchObject({ message: "Credential should be scoped to correct service: 'kms'." });
  const form = new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' });
  const query = await fetch(server.url, { method: 'POST', body: form });
  expect(query.status).toBe(403);
  expect(await query.text()).toContain('<Code>MissingAuthenticationToken</Code>');
});

test('denials name the user, the action, the resource and the kind of policy', async () => {
  const user = limited({ Action: 'kms:Encrypt', Resource: '*' });
  const server = await start({ users: [user] });
  server.queues.create('async');
  server.keys.create({ spec: 'RSA_2048', aliases: ['signing'] });
  const subject = 'User: arn:aws:iam::123456789012:user/limited is not authorized to perform:';
  const asked = ask(server, user);
  const reason = (action: string) => `because no identity-based policy allows the ${action} action`;
  await expect(asked.kms()).rejects.toEqual(
    refused(
      'AccessDeniedException',
      `${subject} kms:GetPublicKey on resource: ${server.keys.all()[0]?.arn} ${reason('kms:GetPublicKey')}`,
    ),
  );
  await expect(asked.sqs()).rejects.toEqual(
    refused(
      'AccessDenied',
      `${subject} sqs:getqueueattributes on resource: arn:aws:sqs:eu-central-1:123456789012:async ${reason('sqs:getqueueattributes')}`,
    ),
  );
  await expect(asked.iot()).rejects.toEqual(
    refused('AccessDeniedException', `${subject} iot:ListTopicRules on resource: \\* `),
  );
  // The data plane gives no reason.
  await expect(asked.data()).rejects.toEqual(refused('ForbiddenException', /^Forbidden$/));
  user.policy = {
    Statement: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'iot:L*', Resource: '*' },
    ],
  };
  await expect(ask(server, user).iot()).rejects.toEqual(
    refused('AccessDeniedException', /with an explicit deny in an identity-based policy$/),
  );
});

test('fails as asked', async () => {
  const server = await start();
  const toSts = ({ service }: FaultRequest) => service === 'sts';
  server.faults = {
    statusFor: (request) => (toSts(request) ? { status: 503, code: 'ServiceUnavailable' } : undefined),
  };
  await expect(ask(server).sts()).rejects.toEqual(refused('ServiceUnavailable'));
  server.faults = { resetFor: toSts };
  await expect(ask(server).sts()).rejects.toEqual(expect.objectContaining({ code: 'ECONNRESET' }));
  server.faults = { hangFor: toSts };
  const client = new STSClient(as(server));
  const aborted = client.send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(100) });
  await expect(aborted).rejects.toEqual(expect.objectContaining({ name: 'AbortError' }));
  expect(await ask(server).iot()).toMatchObject({ rules: [] });
  server.faults = { delayMs: 100 };
  expect(await isUnderWayAfter(90, ask(server).sts())).toBe(true);
});

test('logs without secrets, over TLS, and ends what is under way when it closes', async () => {
  const authority = await makeCa();
  const { keyPem: key, certPem: cert } = await authority.issue({ names: ['127.0.0.1'] });
  const server = await start({ tls: { key, cert }, users: [{ ...administrator, sessionToken: 'hush' }] });
  server.queues.create('async');
  const { Agent } = await import('node:https');
  const requestHandler = { httpsAgent: new Agent({ ca: authority.certPem }) };
  const client = { ...as(server, { sessionToken: 'hush' }), requestHandler };
  await new SQSClient(client).send(new GetQueueAttributesCommand({ QueueUrl: queueUrl }));
  expect(server.requests).toEqual([
    {
      service: 'sqs',
      action: 'GetQueueAttributes',
      region: 'eu-central-1',
      target: queueUrl,
      status: 200,
      code: undefined,
      user: administrator.accessKeyId,
    },
  ]);
  expect(JSON.stringify(server.requests)).not.toContain('hush');
  server.faults = { hangFor: () => true };
  const hanging = new STSClient(client).send(new GetCallerIdentityCommand({}));
  const ended = expect(hanging).rejects.toThrow();
  await expect.poll(() => server.requests.length).toBe(2);
  await server.close();
  await ended;
});
