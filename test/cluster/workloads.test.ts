/** Which containers run Spacelift's services, and what a rendered manifest may use. */
import { describe, expect, it, test } from 'vitest';
import { refuseMoreAuthority, workloadsIn } from '../../src/cluster/workloads.ts';
import { deployment } from '../support/deployments.ts';

describe('the service in a command', () => {
  it('is found behind a shell, and in the arguments alone', () => {
    const shell = deployment('server', {
      container: { command: ['/bin/sh', '-c', "exec 'spacelift' backend server;"] },
    });
    const args = deployment('drain', { container: { command: ['spacelift'], args: ['backend', 'drain-local'] } });
    expect(workloadsIn([shell, args], 'x').map(({ service }) => service)).toEqual(['server', 'drain']);
  });
});

describe('the workloads', () => {
  it('are in the order of the services, whatever else is there', () => {
    const other = deployment('server', { name: 'other', container: { command: ['nginx'] } });
    const objects = [deployment('scheduler'), other, deployment('server'), { kind: 'Deployment' }, { kind: 'Secret' }];
    expect(workloadsIn(objects, 'x').map(({ deployment: name }) => name)).toEqual([
      'spacelift-server',
      'spacelift-scheduler',
    ]);
  });

  it('are those of one installation', () => {
    const two = [deployment('drain'), deployment('drain', { name: 'spacelift-drain-2' })];
    expect(() => workloadsIn(two, 'namespace x')).toThrow(
      'namespace x: Deployment spacelift-drain and Deployment spacelift-drain-2 both run the drain; pass the Deployments of one installation with -f',
    );
  });
});

describe('a rendered manifest beside the live one', () => {
  const live = workloadsIn([deployment('drain')], 'live');
  const refused = (changes: Parameters<typeof deployment>[1]) => () =>
    refuseMoreAuthority(workloadsIn([deployment('drain', changes)], 'x'), live, 'x');

  it('may use what the live one uses, and services that are not live anything', () => {
    expect(refused({})).not.toThrow();
    expect(() => refuseMoreAuthority(workloadsIn([deployment('server')], 'x'), live, 'x')).not.toThrow();
  });

  test.each([
    ['service account admin', { spec: { serviceAccountName: 'admin' } }],
    ['Secret other', { container: { envFrom: [{ secretRef: { name: 'other' } }] } }],
    ['Secret other', { container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'other', key: 'a' } } }] } }],
    ['Secret other', { spec: { volumes: [{ name: 'a', secret: { secretName: 'other' } }] } }],
    ['Secret other', { spec: { volumes: [{ name: 'a', projected: { sources: [{ secret: { name: 'other' } }] } }] } }],
    ['Secret other', { spec: { volumes: [{ name: 'a', csi: { nodePublishSecretRef: { name: 'other' } } }] } }],
    ['Secret other', { spec: { imagePullSecrets: [{ name: 'other' }] } }],
    [
      'Secret other',
      {
        spec: { initContainers: [{ name: 'a', restartPolicy: 'Always', envFrom: [{ secretRef: { name: 'other' } }] }] },
      },
    ],
  ])('may not use %s', (more, changes) => {
    expect(refused(changes)).toThrow(`x: Deployment spacelift-drain uses ${more}, which the live Deployment`);
  });
});
