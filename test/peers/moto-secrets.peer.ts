import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { readSecrets } from '../../src/clouds/aws/secret-stores.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { DEFAULTS } from '../../src/config/options.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { allow } from '../checks/mqtt-broker/iotcore-world.ts';
import { preflight, type Variables } from '../support/preflight.ts';
import { type Moto, startMoto } from './moto.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
let moto: Moto;
let task: string;
let stranger: Variables;
beforeAll(async () => {
  [world, moto] = await Promise.all([startWorld(), startMoto()]);
  stranger = await moto.user('stranger', { Version: '2012-10-17', Statement: [allow(['s3:ListAllMyBuckets'])] });
  const secrets = new SecretsManagerClient(moto.access);
  const parameters = new SSMClient(moto.access);
  const { DATABASE_URL = '', ENCRYPTION_RSA_PRIVATE_KEY = '', LICENSE_TOKEN = '', ...open } = world.variables;
  const whole = await secrets.send(new CreateSecretCommand({ Name: 'spacelift/database', SecretString: DATABASE_URL }));
  const members = JSON.stringify({ key: ENCRYPTION_RSA_PRIVATE_KEY });
  const json = await secrets.send(new CreateSecretCommand({ Name: 'spacelift/keys', SecretString: members }));
  const parameter = { Name: '/spacelift/license', Value: LICENSE_TOKEN, Type: 'SecureString' } as const;
  await parameters.send(new PutParameterCommand(parameter));
  for (const client of [secrets, parameters]) client.destroy();
  const { AWS_ACCOUNT_ID, AWS_REGION, AWS_DEFAULT_REGION } = moto.variables;
  const environment = { ...open, AWS_ACCOUNT_ID, AWS_REGION, AWS_DEFAULT_REGION };
  const container = {
    name: 'spacelift',
    environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
    secrets: [
      { name: 'DATABASE_URL', valueFrom: whole.ARN },
      { name: 'ENCRYPTION_RSA_PRIVATE_KEY', valueFrom: `${json.ARN}:key::` },
      { name: 'LICENSE_TOKEN', valueFrom: parameter.Name },
    ],
  };
  task = JSON.stringify({ containerDefinitions: [container] });
  await moto.enforce();
});
afterAll(() => Promise.all([world?.stop(), moto?.stop()]));

async function check({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }: Variables) {
  const environment = { ...moto.environment, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  const sources = [await parseSource('task.json', task)];
  const resolved = await readSecrets(sources, makeDeployment(sources, { environment }), DEFAULTS);
  return preflight(CHECKS, resolved, { environment });
}

test('what a task definition keeps in Secrets Manager and Parameter Store is read, and healthy', async () => {
  const result = await check(moto.variables);
  expect(judged(result)).toEqual(HEALTHY);
  for (const id of ['database/connect', 'encryption/rsa/round-trip', 'license/token']) {
    expect(result.finding(id).status).toBe('pass');
  }
});

test('who may not read it has no failure, and nothing that depends on it is tried', async () => {
  const result = await check(stranger);
  expect(judged(result)).toEqual(HEALTHY);
  expect(result.finding('database/connect')).toMatchObject({ status: 'skip' });
  expect(JSON.stringify(result.findings)).toContain('secretsmanager:GetSecretValue');
});
