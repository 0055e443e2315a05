/** The permissions that a plan prints are those that the run takes: no more, and no less. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encryption } from '../../checks/encryption/index.ts';
import { CHECKS } from '../../checks/index.ts';
import { messageQueues } from '../../checks/message-queues/index.ts';
import { mqttBroker } from '../../checks/mqtt-broker/index.ts';
import { objectStorage } from '../../checks/object-storage/index.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { DEFAULTS } from '../../src/config/options.ts';
import type { Grant } from '../../src/engine/check.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { type Policy, permissionsOf } from '../../src/plan/policy.ts';
import { startKms } from '../checks/encryption/kms-support.ts';
import { useDatabases } from '../checks/message-queues/databases.ts';
import { role } from '../checks/message-queues/sqs-world.ts';
import { startIot } from '../checks/mqtt-broker/iotcore-world.ts';
import { startAws } from '../checks/object-storage/aws-storage.ts';
import { ROLE as AZURE_ROLE } from '../checks/object-storage/azure-storage.ts';
import {
  contents,
  judged,
  NAMES,
  OPERATOR,
  real,
  type Storage,
  startStorage,
} from '../checks/object-storage/storage.ts';
import type { PolicyDocument, S3User, Statement } from '../services/s3/index.ts';
import { type Options, source, type Variables } from '../support/preflight.ts';
import { DEPLOYMENTS } from './deployments.ts';

interface Levels {
  readonly least: Policy | undefined;
  readonly further: Policy | undefined;
}

async function planned(
  system: 'aws' | 'minio',
  variables: Variables,
  { service, ...options }: Options = {},
): Promise<Levels> {
  const deployment = makeDeployment([source(variables)], { service, environment: {} });
  const { permissions } = await makePlan(CHECKS, deployment, { ...DEFAULTS, ...options });
  return { least: permissions[system]?.least, further: permissions[system]?.further };
}

/** As it would be pasted: through JSON. */
function document(...policies: (Policy | undefined)[]): PolicyDocument {
  const statements = policies.flatMap((policy) => policy?.Statement ?? []);
  return JSON.parse(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
}

const PLANNED = 'planned';
const user = (policy: PolicyDocument): S3User => ({ ...OPERATOR, accessKeyId: PLANNED, policy });

describe.each([
  ['minio', startStorage],
  ['aws', startAws],
] as const)('object storage on %s', (system, start) => {
  let storage: Storage;
  let secretAccessKey: string;
  beforeAll(async () => {
    storage = await start();
    secretAccessKey = storage.store.users[0]?.secretAccessKey ?? '';
  });
  afterAll(() => storage.store.close());
  const check = (policy: PolicyDocument, options: Options = {}) => {
    storage.store.users = [{ ...user(policy), secretAccessKey }];
    return storage.check({ as: PLANNED, ...options });
  };

  test('with all of it everything passes, and nothing stays behind', async () => {
    const { least, further } = await planned(system, storage.variables);
    const before = storage.store.snapshot();
    const result = await check(document(least, further));
    expect({ ...judged(result), skip: result.ids('skip') }).toEqual({ fail: [], warn: [], skip: [] });
    expect(result.run.leftovers).toEqual([]);
    expect(storage.store.snapshot()).toEqual(before);
  });

  test('with the least of it nothing fails or warns', async () => {
    const { least } = await planned(system, storage.variables);
    const result = await check(document(least));
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    const skipped = new Set(result.ids('skip').map((id) => id.split('/').at(-1)));
    expect(skipped).toEqual(new Set(['retention']));
    for (const key of contents(storage.store)) expect(key).toMatch(/^[a-z-]+\/spacelift-preflight\/probe 1$/);
  });

  test.each(['server', 'drain'] as const)('as the %s', async (service) => {
    const { least, further } = await planned(system, storage.variables, { service });
    expect(further).toBeUndefined();
    expect(judged(await check(document(least), { service }))).toEqual({ fail: [], warn: [] });
  });

  test('to look alone, less will do', async () => {
    const { least, further } = await planned(system, storage.variables, { readOnly: true });
    expect(judged(await check(document(least, further), { readOnly: true }))).toEqual({ fail: [], warn: [] });
  });

  test('without any one of its actions, something fails', async () => {
    const { least } = await planned(system, storage.variables);
    const actions = new Set(least?.Statement.flatMap(({ Action }) => Action));
    expect(actions.size).toBe(4);
    for (const action of actions) {
      const denying: Statement = { Effect: 'Deny', Action: action, Resource: '*' };
      const result = await check({ Statement: [document(least).Statement, denying].flat() });
      expect(judged(result).fail, action).not.toEqual([]);
    }
  });
});

test('KMS: by ARN and by alias', async () => {
  for (const changed of [{}, { ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'alias/spacelift-encryption' }]) {
    const { server, variables, run, drain } = await startKms();
    const { least } = await planned('aws', { ...variables, ...changed }, { only: ['encryption/*'] });
    const statements = document(least).Statement;
    // The test server knows no condition of KMS; what it narrows is shown by the plan itself.
    const loose = [statements].flat().map(({ Condition, ...rest }) => rest);
    const limited = { ...drain, policy: { Version: '2012-10-17', Statement: loose } };
    server.users = [limited];
    const credentials = {
      AWS_ACCESS_KEY_ID: limited.accessKeyId,
      AWS_SECRET_ACCESS_KEY: limited.secretAccessKey,
      AWS_SESSION_TOKEN: limited.sessionToken,
    };
    const result = await run({ ...credentials, ...changed }, { only: ['encryption/*'] });
    expect(result.findings.filter(({ id }) => id.startsWith('encryption/')).map(({ status }) => status)).toEqual(
      Array(4).fill('pass'),
    );
    const conditions = [statements].flat().flatMap(({ Condition }) => (Condition === undefined ? [] : [Condition]));
    expect(conditions).toEqual(
      'ENCRYPTION_KMS_ENCRYPTION_KEY_ID' in changed
        ? [{ StringEquals: { 'kms:RequestAlias': 'alias/spacelift-encryption' } }]
        : [],
    );
  }
});

describe('SQS and IoT Core', () => {
  const databases = useDatabases();
  const only = ['message-queues/*', 'mqtt-broker/*'];
  const checks = [encryption, messageQueues, mqttBroker];

  test('with all of it everything passes', async () => {
    const world = await startIot(databases.empty);
    const { least, further } = await planned('aws', world.variables, { only });
    const as = role('planned', [document(least, further).Statement].flat());
    const before = world.aws.snapshot();
    const result = await world.check({ as, only, checks });
    const { ids } = result;
    const requested = result.findings.filter(({ title }) => title === 'skipped by request').map(({ id }) => id);
    expect({ fail: ids('fail'), warn: ids('warn'), skip: ids('skip') }).toEqual({
      fail: [],
      warn: [],
      skip: requested,
    });
    expect(world.aws.snapshot()).toEqual(before);
  });

  test('with the least of it nothing fails or warns', async () => {
    const world = await startIot(databases.empty);
    const { least } = await planned('aws', world.variables, { only });
    const as = role('planned', [document(least).Statement].flat());
    const { ids } = await world.check({ as, only, checks });
    expect({ fail: ids('fail'), warn: ids('warn') }).toEqual({ fail: [], warn: [] });
    expect(ids('pass')).toContain('mqtt-broker/iotcore/publish');
  });

  test.each(['server', 'drain', 'scheduler'] as const)('as the %s', async (service) => {
    const world = await startIot(databases.empty);
    const { least, further } = await planned('aws', world.variables, { only, service });
    expect(further).toBeUndefined();
    const as = role('planned', [document(least).Statement].flat());
    const { ids } = await world.check({ as, only, checks, service });
    expect({ fail: ids('fail'), warn: ids('warn') }).toEqual({ fail: [], warn: [] });
  });
});

describe('the clouds that grant roles: those with which the checks’ own tests pass', () => {
  const permissions = async (name: string, service?: 'server') => {
    const deployment = makeDeployment([source(DEPLOYMENTS[name] ?? {})], { service, environment: {} });
    return (await makePlan([objectStorage], deployment, DEFAULTS)).permissions;
  };
  test('Google Cloud', async () => {
    const { gcp } = await permissions('on Google Cloud');
    expect(gcp?.least).toEqual([
      { role: 'roles/storage.objectAdmin', on: NAMES.map((name) => `gs://${real(name)}`).sort() },
      { role: expect.stringContaining('roles/iam.serviceAccountTokenCreator'), on: ['the service account itself'] },
    ]);
    expect(gcp?.further?.map(({ role }) => role)).toEqual([
      'a custom role with storage.buckets.get and storage.buckets.getIamPolicy',
    ]);
    expect((await permissions('on Google Cloud', 'server')).gcp?.further).toBeUndefined();
  });
  test('Azure', async () => {
    const { azure } = await permissions('on Azure');
    const account = ['the storage account of https://corp.blob.core.windows.net'];
    expect(azure).toEqual({
      least: [{ role: AZURE_ROLE, on: account }],
      further: [
        { role: 'Storage Blob Data Owner', on: account },
        { role: 'Reader', on: account },
      ],
    });
    expect((await permissions('on Azure', 'server')).azure).toEqual({ least: [{ role: AZURE_ROLE, on: account }] });
  });
});

test('grants are merged: one statement for all resources with the same actions', () => {
  const grant = (action: string, resource: string, more: Partial<Grant> = {}): Grant => ({
    system: 'aws',
    action,
    resource,
    ...more,
  });
  const condition = { StringEquals: { 'kms:RequestAlias': 'alias/a' } };
  const found = permissionsOf([
    grant('s3:GetObject', 'b'),
    grant('s3:PutObject', 'a'),
    grant('s3:GetObject', 'a'),
    grant('s3:PutObject', 'b'),
    grant('s3:GetObject', 'a', { further: true }),
    grant('s3:DeleteObjectVersion', 'a', { further: true }),
    grant('kms:Sign', 'k', { condition }),
    { system: 'gcp', action: 'roles/storage.objectAdmin', resource: 'y' },
    { system: 'gcp', action: 'roles/storage.objectAdmin', resource: 'x' },
  ]);
  expect(found).toEqual({
    aws: {
      least: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] },
          { Effect: 'Allow', Action: ['kms:Sign'], Resource: ['k'], Condition: condition },
        ],
      },
      further: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['s3:DeleteObjectVersion'], Resource: ['a'] }],
      },
    },
    gcp: { least: [{ role: 'roles/storage.objectAdmin', on: ['x', 'y'] }] },
  });
});
