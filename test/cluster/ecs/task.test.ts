/** The copy of a service's task definition: what it has of the service's, and what it never has. */
import { describe, expect, it } from 'vitest';
import { taskOf } from '../../../src/cluster/ecs/task.ts';
import { type JsonMap, listIn, mapIn } from '../../../src/util/json.ts';
import { LOG_GROUP, taskDefinition } from '../../support/task-definitions.ts';
import { built, containersOf, SETTINGS, workload } from './built-task.ts';

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
