/** The sidecars and volumes of the copy of a task definition. */
import { describe, expect, it, test } from 'vitest';
import { type JsonMap, listIn } from '../../../src/util/json.ts';
import { BACKEND } from '../../support/task-definitions.ts';
import { built, containersOf } from './built-task.ts';

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
