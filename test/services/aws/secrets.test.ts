import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { type AwsUser, administrator } from './index.ts';
import { as, limited, refused, start } from './testing.ts';

test('a secret by name, ARN and ARN without its random end', async () => {
  const user = limited({ Action: 'secretsmanager:GetSecretValue', Resource: '*:other-*' });
  const aws = await start({ users: [administrator, user] });
  const secret = aws.secrets.put('spacelift/database', '{"url":"postgres://x"}');
  const read = (SecretId: string, input = {}, who?: AwsUser) =>
    new SecretsManagerClient(as(aws, who)).send(new GetSecretValueCommand({ SecretId, ...input }));
  expect(secret.arn).toMatch(
    /^arn:aws:secretsmanager:eu-central-1:123456789012:secret:spacelift\/database-[0-9a-f]{6}$/,
  );
  for (const id of ['spacelift/database', secret.arn, secret.arn.slice(0, -7)]) {
    expect(await read(id)).toMatchObject({ SecretString: '{"url":"postgres://x"}', VersionStages: ['AWSCURRENT'] });
  }
  await read(secret.arn, { VersionId: secret.versionId, VersionStage: 'AWSCURRENT' });
  const missing = (words: RegExp) => refused('ResourceNotFoundException', words);
  await expect(read('nothing')).rejects.toEqual(missing(/^Secrets Manager can't find the specified secret\.$/));
  await expect(read(secret.arn, { VersionStage: 'AWSPENDING' })).rejects.toEqual(
    missing(/staging label: AWSPENDING\.$/),
  );
  await expect(read(secret.arn, { VersionId: crypto.randomUUID() })).rejects.toEqual(missing(/VersionId/));
  await expect(read(secret.arn, {}, user)).rejects.toEqual(
    refused(
      'AccessDeniedException',
      `secretsmanager:GetSecretValue on resource: ${secret.arn} because no identity-based`,
    ),
  );
  secret.deleted = true;
  await expect(read(secret.arn)).rejects.toEqual(refused('InvalidRequestException', /marked for deletion/));
  const key = aws.keys.create();
  aws.secrets.put('other', 'text', { keyId: key.arn });
  expect(await read('other')).toMatchObject({ SecretString: 'text' });
  // The secret is this user's to read, its key is not.
  await expect(read('other', {}, user)).rejects.toEqual(
    refused('AccessDeniedException', /^Access to KMS is not allowed$/),
  );
});

test('parameters: names, paths and ARNs, decrypted when asked', async () => {
  const user = limited({ Action: 'ssm:GetParameter*', Resource: '*' });
  const aws = await start({ users: [administrator, user] });
  const secure = aws.parameters.put('/spacelift/token', 'hush');
  aws.parameters.put('plain', 'text', { type: 'String' });
  const read = async (Name: string, WithDecryption = true, who?: AwsUser) =>
    (await new SSMClient(as(aws, who)).send(new GetParameterCommand({ Name, WithDecryption }))).Parameter;
  expect(await read('/spacelift/token')).toMatchObject({ Value: 'hush', Type: 'SecureString', ARN: secure.arn });
  expect(await read(secure.arn)).toMatchObject({ Value: 'hush' });
  expect((await read('/spacelift/token', false))?.Value).not.toContain('hush');
  expect(await read('plain', false)).toMatchObject({ Value: 'text', Type: 'String' });
  await expect(read('/nothing')).rejects.toEqual(refused('ParameterNotFound'));
  const both = await new SSMClient(as(aws)).send(new GetParametersCommand({ Names: ['plain', '/nothing'] }));
  expect(both).toMatchObject({ Parameters: [{ Name: 'plain' }], InvalidParameters: ['/nothing'] });
  secure.keyId = aws.keys.create().arn;
  await expect(read('/spacelift/token', true, user)).rejects.toEqual(
    refused('AccessDeniedException', /^The ciphertext refers to/),
  );
  expect(await read('/spacelift/token')).toMatchObject({ Value: 'hush' });
  user.policy = { Statement: { Effect: 'Allow', Action: 'ssm:*', Resource: '*:parameter/other' } };
  await expect(read('plain', true, user)).rejects.toEqual(
    refused('AccessDeniedException', /ssm:GetParameter on resource: \S+parameter\/plain because/),
  );
});
