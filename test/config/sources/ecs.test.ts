import { describe, expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { refusal, valuesOf } from './helpers.ts';

const SHARED = [
  { name: 'SERVER_DOMAIN', value: 'spacelift.corp.internal' },
  { name: 'OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS', value: '' },
];
const SECRETS = [
  {
    name: 'DATABASE_URL',
    valueFrom: 'arn:aws:secretsmanager:eu-west-1:012345678901:secret:spacelift-Ab1:DATABASE_URL::',
  },
];
const AGENT = {
  name: 'datadog-agent',
  image: 'public.ecr.aws/datadog/agent',
  environment: [{ name: 'DD_SITE', value: 'datadoghq.eu' }],
  secrets: [{ name: 'DD_API_KEY', valueFrom: 'arn:aws:secretsmanager:eu-west-1:012345678901:secret:dd' }],
};
const container = (name: string, command: readonly string[] | string, more: object = {}) => ({
  name,
  command,
  essential: true,
  image: '012345678901.dkr.ecr.eu-west-1.amazonaws.com/spacelift:v1',
  environment: SHARED,
  secrets: SECRETS,
  ...more,
});
const read = (value: unknown, name = 'task.json') => parseSource(name, JSON.stringify(value, null, 2));
const services = async (...containers: readonly object[]) => [
  ...new Set((await read(containers)).entries.map(({ service }) => service)),
];

describe('an ECS task definition', () => {
  const server = container('server', ['spacelift', 'backend', 'server']);

  it.each([
    ['a bare array of container definitions', [server, AGENT]],
    ['containerDefinitions', { family: 'server', containerDefinitions: [server, AGENT] }],
    ['the output of describe-task-definition', { taskDefinition: { containerDefinitions: [server, AGENT] }, tags: [] }],
  ])('is read as %s, without sidecars', async (_, value) => {
    const source = await read(value);
    expect(source.incomplete).toBe(false);
    expect(valuesOf(source)).toEqual({
      SERVER_DOMAIN: 'spacelift.corp.internal',
      OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: '',
      DATABASE_URL: `secret: ${SECRETS[0]?.valueFrom}`,
    });
    expect([...new Set(source.entries.map(({ service, origin }) => `${service} ${origin}`))]).toEqual([
      'server task.json (container server)',
    ]);
  });

  it('is read from YAML, and in the letters of CloudFormation', async () => {
    const yaml = `
ContainerDefinitions:
  - Name: spacelift-drain
    Image: x
    Environment:
      - {Name: SERVER_DOMAIN, Value: a.b}
      - {Name: AWS_ACCOUNT_ID, Value: 012345678901}
      - {Name: AWS_REGION, Value: !Ref AWS::Region}
      - {Name: ENVIRONMENT}
    Secrets:
      - {Name: DATABASE_URL, ValueFrom: db-url}
`;
    const source = await parseSource('task.yaml', yaml);
    expect(valuesOf(source)).toEqual({
      SERVER_DOMAIN: 'a.b',
      AWS_ACCOUNT_ID: 'not-a-string: number',
      AWS_REGION: 'not-a-string: object',
      ENVIRONMENT: '',
      DATABASE_URL: 'secret: db-url',
    });
    expect(source.entries[0]?.service).toBe('drain');
  });

  it('takes several task definitions in a row', async () => {
    const text = ['server', 'drain', 'scheduler', 'vcs-gateway']
      .map((name) => JSON.stringify({ containerDefinitions: [container(name, [])] }))
      .join('\n');
    const source = await parseSource('-', text);
    expect([...new Set(source.entries.map(({ service }) => service))]).toEqual([
      'server',
      'drain',
      'scheduler',
      'vcs-gateway',
    ]);
  });

  it('marks values that are no strings', async () => {
    const environment = [
      { name: 'SERVER_DOMAIN', value: true },
      { name: 'AWS_ACCOUNT_ID', value: 123456789012 },
      { name: 'ENVIRONMENT', value: null },
      { name: 'GCP_PROJECT', value: { Ref: 'Project' } },
    ];
    const source = await read([container('server', [], { environment, secrets: [{ name: 'DATABASE_URL' }] })]);
    expect(valuesOf(source)).toEqual({
      SERVER_DOMAIN: 'not-a-string: boolean',
      AWS_ACCOUNT_ID: 'not-a-string: number',
      ENVIRONMENT: '',
      GCP_PROJECT: 'not-a-string: object',
      DATABASE_URL: 'not-a-string: null',
    });
  });

  it('is incomplete when a container of Spacelift takes environment files, and not for a sidecar', async () => {
    const files = { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::spacelift/server.env' }] };
    expect((await read([container('server', [], files)])).incomplete).toBe(true);
    expect((await read([server, { ...AGENT, ...files }])).incomplete).toBe(false);
    expect((await read([container('server', [], { environmentFiles: [] })])).incomplete).toBe(false);
    expect(await read([server, container('vcs-gateway', [], files)])).toMatchObject({
      incomplete: false,
      incompleteGateway: true,
    });
  });
});

describe('the service of a container', () => {
  it.each([
    ['server', [], 'server'],
    ['spacelift-server', [], 'server'],
    ['prod_drain_2', [], 'drain'],
    ['Scheduler', [], 'scheduler'],
    ['drain', ['spacelift', 'backend', 'server'], 'drain'],
    ['app', ['spacelift', 'backend', 'server'], 'server'],
    ['app', ['spacelift', 'backend', 'drain-local'], 'drain'],
    ['app', ['spacelift', 'scheduler'], 'scheduler'],
    ['app', ['sh', '-c', 'exec /usr/bin/spacelift backend drain'], 'drain'],
    ['app', 'backend server', 'server'],
    ['migrations', ['migrate'], 'all'],
    ['observer', ['run'], 'all'],
    ['spacelift-vcs-gateway', [], 'vcs-gateway'],
    ['gateway', ['spacelift', 'backend', 'vcs-gateway'], 'vcs-gateway'],
  ])('%s running %j is %s', async (name, command, service) => {
    expect(await services(container(name, command))).toEqual([service]);
  });

  it.each([
    ['vcs-gateway-x1', 'app', 'vcs-gateway'],
    ['drain-x1', 'app', 'drain'],
    ['spacelift', 'app', 'all'],
    ['vcs-gateway-x1', 'server', 'server'],
  ])('in the family %s, %s is %s', async (family, name, service) => {
    const { entries } = await read({ family, containerDefinitions: [container(name, []), AGENT] });
    expect([...new Set(entries.map((entry) => entry.service))]).toEqual([service]);
  });

  it('is needed: otherwise the containers are named', async () => {
    expect(await refusal('task.json', JSON.stringify([AGENT, { ...AGENT, name: 'log-router' }]))).toBe(
      'task.json: expected a container that is named or started as server, drain, scheduler or vcs-gateway; found datadog-agent, log-router',
    );
    expect(await refusal('task.json', '{"containerDefinitions":[]}')).toBe(
      'task.json: expected a container that is named or started as server, drain, scheduler or vcs-gateway; found no container',
    );
  });
});

describe('a broken task definition', () => {
  it.each([
    [{ environment: { SERVER_DOMAIN: 'a.b' } }, 'environment is an object, expected an array'],
    [{ environment: [{ value: 'a.b' }] }, 'environment[0] has no name'],
    [{ secrets: ['DATABASE_URL'] }, 'secrets[0] has no name'],
  ])('%j is refused', async (broken, problem) => {
    expect(await refusal('task.json', JSON.stringify([container('server', [], broken)]))).toBe(
      `task.json: container server: ${problem}`,
    );
  });
});
