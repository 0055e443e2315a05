/** An installation on ECS, each of whose tasks really runs the command line, as its role, with the secrets of its task definition. */
import { expect } from 'vitest';
import type { Service } from '../../src/config/options.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { run } from '../cli/spawned.ts';
import type { AwsUser } from '../services/aws/index.ts';
import { executing, type RunContainer } from './ecs-tasks.ts';
import { type Eks, startEks } from './eks.ts';
import { LOG_GROUP, NETWORK, taskDefinition } from './task-definitions.ts';
import { expectValidMatrix } from './valid.ts';

const SERVICES = ['server', 'drain', 'scheduler'] as const;
const START = ['run', 'ecs', '--cluster', 'spacelift', '--image', 'preflight', '--only', 'encryption/*', '-o', 'json'];

/** With its key in Parameter Store, and a sidecar that never ends. */
function definitionOf(eks: Eks, license: string, service: Service): JsonMap {
  const { ENCRYPTION_KMS_ENCRYPTION_KEY_ID: key = '', ...variables } = eks.variables;
  const name = `/spacelift/${service}/key`;
  eks.aws.parameters.put(name, key);
  const environment = Object.entries({ ...variables, ENCRYPTION_TYPE: 'kms' }).map(([variable, value]) => ({
    name: variable,
    value,
  }));
  const secrets = [
    { name: 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID', valueFrom: name },
    { name: 'LICENSE_TOKEN', valueFrom: license },
  ];
  const sidecar = { name: 'xray', image: 'xray:1', essential: true };
  const dependsOn = [{ containerName: 'xray', condition: 'START' }];
  return taskDefinition(service, { container: { environment, secrets, dependsOn }, sidecars: [sidecar] });
}

const roleOf = (service: Service): string => `arn:aws:iam::123456789012:role/spacelift-${service}`;
const without = (user: AwsUser, action: string): AwsUser => ({
  ...user,
  accessKeyId: `${user.accessKeyId}LESS`,
  policy: {
    Version: '2012-10-17',
    Statement: [...[user.policy?.Statement ?? []].flat(), { Effect: 'Deny', Action: action, Resource: '*' }],
  },
});

/** Shows that the drain's role lacks a grant which the others have. @param runContainer see `executing` */
export async function expectDrainWithoutSign(runContainer?: RunContainer): Promise<void> {
  const eks = await startEks('https://localhost');
  try {
    await runWithoutSign(eks, runContainer);
  } finally {
    await eks.close();
  }
}

async function runWithoutSign(eks: Eks, runContainer: RunContainer | undefined): Promise<void> {
  eks.aws.ecs.createCluster('spacelift');
  eks.aws.ecs.createGroup(LOG_GROUP);
  const license = eks.aws.secrets.put('spacelift/license', 'the-license-in-a-secret').arn;
  for (const service of SERVICES)
    eks.aws.ecs.createService('spacelift', `spacelift-${service}`, definitionOf(eks, license, service), NETWORK);
  const drain = without(eks.users.drain, 'kms:Sign');
  eks.aws.users = [...eks.aws.users, drain];
  const users = {
    [roleOf('server')]: eks.users.server,
    [roleOf('drain')]: drain,
    [roleOf('scheduler')]: eks.users.scheduler,
  };
  eks.aws.ecs.execute = await executing(users, eks.environment, runContainer);
  const { operator } = eks.users;
  const { code, stdout, stderr } = await run(START, {
    env: {
      ...eks.environment,
      AWS_REGION: eks.aws.region,
      AWS_ACCESS_KEY_ID: operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    },
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  const matrix = expectValidMatrix(JSON.parse(stdout));
  expect(matrix.runs.map(({ service, lost }) => [service, lost])).toEqual(
    SERVICES.map((service) => [service, undefined]),
  );
  const failures = matrix.checks.flatMap(({ findings }) =>
    findings.flatMap(({ id, entries }) =>
      entries.filter(({ status }) => status === 'fail').map((entry) => ({ id, ...entry })),
    ),
  );
  expect(failures).toMatchObject([
    {
      id: 'encryption/kms/signing-key',
      title: expect.stringMatching(/kms:Sign.*; fails for the drain, passes for the server and the scheduler/),
      runs: ['drain'],
    },
  ]);
  expect(failures[0]?.differences).toContainEqual({
    name: 'task role',
    here: ['spacelift-drain'],
    there: ['spacelift-server', 'spacelift-scheduler'],
  });
  expect(stdout).not.toContain('the-license-in-a-secret');
  expect(eks.aws.ecs.leftovers).toEqual([]);
}
