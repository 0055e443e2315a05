/** The volumes and sidecars of a Pod, and what PodSecurity asks of it. */
import { describe, expect, it, test } from 'vitest';
import type { Json, JsonMap } from '../../src/util/json.ts';
import { type Changes, CLOUD_SQL_PROXY } from '../support/deployments.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { built } from './built-pod.ts';

describe('the volumes of a Pod', () => {
  const volumes = [
    { name: 'ca', configMap: { name: 'ca', defaultMode: 0o400 } },
    { name: 'key', secret: { secretName: 'key', items: [{ key: 'a', path: 'a', mode: 0o400 }] } },
    {
      name: 'token',
      projected: { defaultMode: 0o440, sources: [{ serviceAccountToken: { audience: 'sts', path: 't' } }] },
    },
    { name: 'tmp', emptyDir: {} },
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'disk', gcePersistentDisk: { pdName: 'x' } },
  ];
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));

  it('are those that two pods can have, readable by any user', () => {
    const { spec, own, notes } = built({ spec: { volumes }, container: { volumeMounts } });
    expect(spec.volumes).toEqual([
      { name: 'ca', configMap: { name: 'ca' } },
      { name: 'key', secret: { secretName: 'key', items: [{ key: 'a', path: 'a' }] } },
      { name: 'token', projected: { sources: [{ serviceAccountToken: { audience: 'sts', path: 't' } }] } },
      { name: 'tmp', emptyDir: {} },
    ]);
    expect((own.volumeMounts as readonly JsonMap[]).map(({ name }) => name)).toEqual(['ca', 'key', 'token', 'tmp']);
    expect(notes).toEqual([
      'drain: Deployment spacelift-drain: volume data (PersistentVolumeClaim data, which may be ReadWriteOnce) is left out',
      'drain: Deployment spacelift-drain: volume disk is left out',
    ]);
  });

  test.each([
    [['ReadWriteMany'], 1],
    [['ReadOnlyMany'], 1],
    [['ReadWriteOnce', 'ReadWriteMany'], 0],
    [[], 0],
  ])('of a claim with access modes %j: %i', (accessModes, count) => {
    const claim = { kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes } };
    const { spec } = built({ spec: { volumes: volumes.filter(({ name }) => name === 'data') } }, { claims: [claim] });
    expect(spec.volumes).toHaveLength(count);
    if (count === 1)
      expect(spec.volumes).toMatchObject([{ persistentVolumeClaim: { claimName: 'data', readOnly: true } }]);
  });
});

describe('sidecars', () => {
  it('that are native run as they are', () => {
    const { spec, notes } = built({ spec: { initContainers: [CLOUD_SQL_PROXY] } });
    expect(spec.initContainers).toMatchObject([
      { ...CLOUD_SQL_PROXY, securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true } },
    ]);
    expect(notes).toEqual([]);
  });

  it('that are not are left out, and that is said', () => {
    const [own] = built().workload.spec.containers as readonly JsonMap[];
    const containers: Json[] = [own ?? {}, { name: 'proxy' }];
    const { spec, notes } = built({ spec: { containers, initContainers: [{ name: 'migrate' }] } });
    expect(spec).not.toHaveProperty('initContainers');
    expect(spec.containers).toHaveLength(1);
    expect(notes).toEqual([
      'drain: Deployment spacelift-drain: init container migrate does not run',
      expect.stringContaining('container proxy does not run; a sidecar that the service needs must be'),
    ]);
  });

  it('run without what restricted forbids, and that is said', () => {
    const sidecar = {
      ...CLOUD_SQL_PROXY,
      ports: [{ containerPort: 1, hostPort: 1 }],
      securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['NET_ADMIN', 'NET_BIND_SERVICE'] } },
    };
    const { spec, notes } = built({ spec: { initContainers: [sidecar] } });
    expect(spec.initContainers).toMatchObject([
      {
        ports: [{ containerPort: 1 }],
        securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] }, runAsNonRoot: true },
      },
    ]);
    expect(notes).toEqual([
      'drain: Deployment spacelift-drain: its sidecar cloud-sql-proxy runs without privileged mode, root, capability NET_ADMIN',
    ]);
  });
});

describe('PodSecurity restricted', () => {
  const hostile: readonly Changes[] = [
    {},
    {
      spec: {
        securityContext: {
          runAsUser: 0,
          sysctls: [{ name: 'kernel.x', value: '1' }],
          seccompProfile: { type: 'Unconfined' },
        },
      },
    },
    {
      container: { securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] }, procMount: 'Unmasked' } },
    },
    { spec: { initContainers: [CLOUD_SQL_PROXY] } },
    {
      spec: {
        initContainers: [
          {
            ...CLOUD_SQL_PROXY,
            ports: [{ containerPort: 1, hostPort: 1 }],
            securityContext: {
              privileged: true,
              runAsUser: 0,
              seLinuxOptions: { type: 'spc_t' },
              seccompProfile: { type: 'Unconfined' },
              procMount: 'Unmasked',
            },
          },
        ],
        volumes: [
          { name: 'a', nfs: { server: 'x', path: '/' } },
          { name: 'b', image: { reference: 'x' } },
          { name: 'c', ephemeral: { volumeClaimTemplate: {} } },
        ],
      },
    },
  ];

  test.each(hostile)('is met whatever the Deployment asks for: %#', (changes) => {
    expect(restrictedViolations(built(changes).pod)).toEqual([]);
    expect(restrictedViolations(built(changes, { authorities: 'PEM' }).pod)).toEqual([]);
  });

  test.each(hostile)('sets no group, and only a sidecar’s own user: %#', (changes) => {
    const text = JSON.stringify(built(changes).pod);
    expect(text).not.toContain('fsGroup');
    expect(text).not.toContain('runAsUser');
  });
});
