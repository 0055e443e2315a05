/** The copy of a service's task definition: what it has of the service's, and what it never has. */
import { describe, expect, it, test } from 'vitest';
import { taskOf } from '../../../src/cluster/ecs/task.ts';
import { type EcsWorkload, serviceIn } from '../../../src/cluster/ecs/workloads.ts';
import type { Service } from '../../../src/config/options.ts';
import { type JsonMap, listIn, mapIn } from '../../../src/util/json.ts';
import { BACKEND, type Changes, LOG_GROUP, taskDefinition } from '../../support/task-definitions.ts';

const SETTINGS = {
  run: '0a1b2c3d',
  cluster: 'spacelift',
  endsBy: new Date(0),
  image: 'registry.internal/preflight:1',
  args: ['--service', 'drain'],
  authorities: undefined,
  logGroup: undefined,
  region: 'eu-central-1',
};

function workload(service: Service, changes: Changes = {}, tags: readonly JsonMap[] = []): EcsWorkload {
  const definition = taskDefinition(service, changes);
  const container = listIn(definition, 'containerDefinitions').find((one) => serviceIn(one) === service) ?? {};
  return { service, definition, container, tags, label: `service spacelift-${service}`, placement: {} };
}

const built = (changes: Changes = {}, settings: Partial<typeof SETTINGS> | JsonMap = {}) =>
  taskOf(workload('drain', changes), { ...SETTINGS, ...settings });
const containersOf = (changes: Changes = {}, settings: Partial<typeof SETTINGS> | JsonMap = {}) =>
  listIn(built(changes, settings).definition, 'containerDefinitions');
const ownOf = (container: JsonMap, settings: Partial<typeof SETTINGS> | JsonMap = {}) =>
  containersOf({ container }, settings)[0] ?? {};

describe('the copy', () => {
  it('has the roles, size and network of the service, and a family of its own', () => {
    const { definition } = built({
      definition: {
        runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
        revision: 3,
        status: 'ACTIVE',
        registeredBy: 'x',
        compatibilities: ['EC2', 'FARGATE'],
      },
    });
    const { containerDefinitions: _, tags, ...rest } = definition;
    expect(rest).toEqual({
      family: 'spacelift-preflight-0a1b2c3d-drain',
      taskRoleArn: 'arn:aws:iam::123456789012:role/spacelift-drain',
      executionRoleArn: 'arn:aws:iam::123456789012:role/spacelift-execution',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '1024',
      memory: '2048',
      runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
      volumes: [],
    });
    expect(tags).toEqual([
      { key: 'spacelift-preflight/run', value: '0a1b2c3d' },
      { key: 'spacelift-preflight/service', value: 'drain' },
      { key: 'spacelift-preflight/cluster', value: 'spacelift' },
      { key: 'spacelift-preflight/ends-by', value: '1970-01-01T00:00:00.000Z' },
    ]);
  });

  it('has the tags of the service that anybody can set', () => {
    const given = ['team', 'aws:cloudformation:stack-name', 'spacelift-preflight/run'];
    const tags = given.map((key) => ({ key, value: 'x' }));
    const { definition } = taskOf(workload('drain', {}, tags), SETTINGS);
    expect(listIn(definition, 'tags')[0]).toEqual({ key: 'team', value: 'x' });
    expect(listIn(definition, 'tags')).toHaveLength(5);
  });

  it('has the smallest size on Fargate without one', () => {
    const { cpu: _cpu, memory: _memory, ...definition } = taskDefinition('drain');
    const { definition: copy } = taskOf({ ...workload('drain'), definition }, SETTINGS);
    expect(copy).toMatchObject({ cpu: '256', memory: '512' });
  });
});

describe('our container', () => {
  it('has the variables of the service, and none of what only the service needs', () => {
    const variables = {
      environment: [{ name: 'A', value: 'b' }],
      secrets: [{ name: 'C', valueFrom: '/d' }],
      environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::bucket/x.env' }],
    };
    const dropped = {
      privileged: true,
      pseudoTerminal: true,
      workingDirectory: '/x',
      linuxParameters: { capabilities: { add: ['SYS_ADMIN'] } },
      ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 1 }],
      stopTimeout: 120,
      restartPolicy: { enabled: true },
    };
    expect(ownOf({ ...variables, ...dropped })).toEqual({
      name: 'drain',
      image: 'registry.internal/preflight:1',
      command: ['--service', 'drain'],
      essential: true,
      readonlyRootFilesystem: true,
      ...variables,
      mountPoints: [],
      dependsOn: [],
      volumesFrom: [],
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': LOG_GROUP,
          'awslogs-region': 'eu-central-1',
          'awslogs-stream-prefix': 'drain',
          mode: 'blocking',
        },
      },
    });
  });

  it('gets certificates as a variable, which the definition can’t set', () => {
    const environment = [{ name: 'SPACELIFT_PREFLIGHT_CA_CERTIFICATES', value: 'theirs' }];
    const secrets = [{ name: 'SPACELIFT_PREFLIGHT_CA_CERTIFICATES', valueFrom: '/theirs' }];
    expect(ownOf({ environment, secrets })).toMatchObject({ environment: [], secrets: [] });
    expect(ownOf({ environment }, { authorities: 'ours' }).environment).toEqual([
      { name: 'SPACELIFT_PREFLIGHT_CA_CERTIFICATES', value: 'ours' },
    ]);
  });

  it.each([
    ['registry.corp.io/spacelift:1', 'registry.corp.io/preflight:1', true],
    ['registry.corp.io/spacelift:1', 'registry.internal/preflight:1', false],
    ['spacelift:1', 'registry.internal/preflight:1', false],
  ])('%s with a login: %s has it: %s', (image, ours, has) => {
    const repositoryCredentials = { credentialsParameter: 'arn:aws:secretsmanager:x' };
    expect('repositoryCredentials' in ownOf({ image, repositoryCredentials }, { image: ours })).toBe(has);
  });

  it('can’t write to volumes', () => {
    const volumes = [{ name: 'certs', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }];
    const mountPoints = [{ sourceVolume: 'certs', containerPath: '/certs', readOnly: false }];
    const [own] = containersOf({ definition: { volumes }, container: { mountPoints } });
    expect(own?.mountPoints).toEqual([{ sourceVolume: 'certs', containerPath: '/certs', readOnly: true }]);
  });

  it('has a log that can be read', () => {
    const options = {
      'awslogs-group': 'theirs',
      'awslogs-region': 'us-east-1',
      'awslogs-create-group': 'true',
      'awslogs-multiline-pattern': '^x',
      mode: 'non-blocking',
      'max-buffer-size': '1m',
    };
    const { log, definition } = built({ container: { logConfiguration: { logDriver: 'awslogs', options } } });
    expect(log).toEqual({ group: 'theirs', region: 'us-east-1', prefix: 'spacelift-preflight/drain/' });
    expect(mapIn(mapIn(listIn(definition, 'containerDefinitions')[0] ?? {}, 'logConfiguration'), 'options')).toEqual({
      'awslogs-group': 'theirs',
      'awslogs-region': 'us-east-1',
      'awslogs-create-group': 'true',
      'awslogs-stream-prefix': 'spacelift-preflight',
      mode: 'blocking',
    });
    const { log: named } = built(
      { container: { logConfiguration: { logDriver: 'awsfirelens' } } },
      { logGroup: '/ours' },
    );
    expect(named).toEqual({ group: '/ours', region: 'eu-central-1', prefix: 'spacelift-preflight/drain/' });
  });

  it.each([
    ['awslogs-region', 'evil.test/#'],
    ['awslogs-region', 'eu-central-1.evil.test'],
    ['awslogs-group', 'a b'],
  ])('is refused with %s %s', (option, value) => {
    const options = { 'awslogs-group': 'x', 'awslogs-region': 'eu-central-1', [option]: value };
    expect(() => built({ container: { logConfiguration: { logDriver: 'awslogs', options } } })).toThrow(option);
  });
});

describe('sidecars', () => {
  const proxy = {
    name: 'proxy',
    image: 'proxy:1',
    essential: true,
    portMappings: [{ containerPort: 1 }],
    healthCheck: { command: ['CMD', 'true'] },
    environment: [{ name: 'A', value: 'b' }],
  };

  it('run beside ours without ports, and do not decide about the task', () => {
    const dependsOn = [{ containerName: 'proxy', condition: 'HEALTHY' }];
    const [own, sidecar] = containersOf({ container: { dependsOn }, sidecars: [proxy] });
    expect(own?.dependsOn).toEqual(dependsOn);
    const { portMappings: _, ...kept } = proxy;
    expect(sidecar).toEqual({ ...kept, essential: false, mountPoints: [], dependsOn: [], volumesFrom: [] });
  });

  it('are linked as before, except for those that do not run', () => {
    const migration = { name: 'migrate', image: BACKEND };
    const container = { links: ['proxy:db', 'migrate'] };
    const definition = { networkMode: 'bridge', requiresCompatibilities: ['EC2'] };
    const [own] = containersOf({ definition, container, sidecars: [proxy, migration] });
    expect(own?.links).toEqual(['proxy:db']);
  });

  it('that wait for the health of the service wait for its start', () => {
    const waits = { ...proxy, dependsOn: [{ containerName: 'drain', condition: 'HEALTHY' }] };
    expect(containersOf({ sidecars: [waits] })[1]?.dependsOn).toEqual([{ containerName: 'drain', condition: 'START' }]);
  });

  test.each<[name: string, sidecar: JsonMap, condition: string | undefined, note: string]>([
    [
      'another service',
      { name: 'server', image: 'x', command: ['spacelift', 'backend', 'server'] },
      undefined,
      'it runs another service',
    ],
    [
      'a migration',
      { name: 'migrate', image: BACKEND, command: ['spacelift', 'migrate'] },
      undefined,
      'it has the image of the service',
    ],
    ['what ends before', { name: 'init', image: 'init:1' }, 'SUCCESS', 'it ends before the service starts'],
  ])('%s does not run, and nothing depends on it', (_, sidecar, condition, note) => {
    const dependsOn = condition === undefined ? [] : [{ containerName: sidecar.name ?? '', condition }];
    const other = { ...proxy, dependsOn: [{ containerName: sidecar.name ?? '', condition: 'COMPLETE' }] };
    const { definition, notes } = built({ container: { dependsOn }, sidecars: [sidecar, other] });
    const containers = listIn(definition, 'containerDefinitions');
    expect(containers.map(({ name, dependsOn: on }) => [name, on])).toEqual([
      ['drain', []],
      ['proxy', []],
    ]);
    expect(notes).toEqual([expect.stringContaining(`container ${sidecar.name} does not run: ${note}`)]);
  });

  it('have no privileged mode', () => {
    const { definition, notes } = built({ sidecars: [{ ...proxy, privileged: true }] });
    expect(JSON.stringify(definition)).not.toContain('privileged');
    expect(notes).toEqual([expect.stringContaining('its sidecar proxy runs without privileged mode')]);
  });

  it('have no added capabilities, no devices and no security options, and the rest of their parameters', () => {
    const linuxParameters = {
      capabilities: { add: ['SYS_ADMIN'], drop: ['NET_RAW'] },
      devices: [{ hostPath: '/dev/sda' }],
      initProcessEnabled: true,
    };
    const { definition, notes } = built({
      sidecars: [{ ...proxy, linuxParameters, dockerSecurityOptions: ['label:disable'] }],
    });
    const [, sidecar] = listIn(definition, 'containerDefinitions');
    expect(sidecar).toMatchObject({
      linuxParameters: { capabilities: { drop: ['NET_RAW'] }, initProcessEnabled: true },
    });
    expect(JSON.stringify(definition)).not.toMatch(/SYS_ADMIN|\/dev\/sda|label:disable/);
    expect(notes).toEqual([
      expect.stringContaining(
        'its sidecar proxy runs without capability SYS_ADMIN, devices of the instance, dockerSecurityOptions',
      ),
    ]);
  });
});

test.each<[name: string, volume: JsonMap, isRefused: boolean]>([
  ['a path', { host: { sourcePath: '/' } }, true],
  [
    'a bind mount by Docker',
    { dockerVolumeConfiguration: { driverOpts: { type: 'none', o: 'bind', device: '/' } } },
    true,
  ],
  [
    'one of the driver local',
    { dockerVolumeConfiguration: { driver: 'local', driverOpts: { type: 'nfs', o: 'ro,bind', device: '/' } } },
    true,
  ],
  ['a disk', { dockerVolumeConfiguration: { driverOpts: { type: 'ext4', device: '/dev/sda1' } } }, true],
  [
    'NFS',
    { dockerVolumeConfiguration: { driverOpts: { type: 'nfs', o: 'addr=10.0.0.1,ro', device: ':/share' } } },
    false,
  ],
  ['a named volume', { dockerVolumeConfiguration: { driver: 'local' } }, false],
  ['a scratch volume', { host: {} }, false],
])('a volume that is a path of the instance is refused: %s', (_, volume, isRefused) => {
  const make = () => built({ definition: { volumes: [{ name: 'x', ...volume }] } });
  if (isRefused) expect(make).toThrow('mounts a path of its instance, which a run never gets');
  else expect(listIn(make().definition, 'volumes')).toEqual([{ name: 'x', ...volume }]);
});

it('volumes that a second task can’t mount are left out, and said', () => {
  const volumes = [
    { name: 'efs', efsVolumeConfiguration: { fileSystemId: 'fs-1' } },
    { name: 'scratch', host: {} },
    { name: 'ebs', configuredAtLaunch: true },
    { name: 'shared', dockerVolumeConfiguration: { scope: 'shared' } },
  ];
  const mountPoints = volumes.map(({ name }) => ({ sourceVolume: name, containerPath: `/${name}` }));
  const { definition, notes } = built({ definition: { volumes }, container: { mountPoints } });
  expect(listIn(definition, 'volumes').map(({ name }) => name)).toEqual(['efs', 'scratch']);
  expect(listIn(listIn(definition, 'containerDefinitions')[0] ?? {}, 'mountPoints')).toHaveLength(2);
  expect(notes).toEqual([
    expect.stringContaining('volume ebs (an EBS volume that the service configures at launch) is left out'),
    expect.stringContaining('volume shared (a Docker volume that the tasks of an instance share) is left out'),
  ]);
});
