/** The Pod of a service: what is taken over, replaced and left out. */
import { describe, expect, it, test } from 'vitest';
import { mapIn, textIn } from '../../src/cluster/objects.ts';
import { ownedBy, withPriority } from '../../src/cluster/pod.ts';
import type { JsonMap } from '../../src/util/json.ts';
import type { Changes } from '../support/deployments.ts';
import { built, SETTINGS } from './built-pod.ts';

describe('a Pod', () => {
  it('is like the service’s own where it matters', () => {
    const changes = {
      nodeSelector: { pool: 'spacelift' },
      tolerations: [{ key: 'spacelift', operator: 'Exists' }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.0.0.10'] },
      hostAliases: [{ ip: '10.0.0.11', hostnames: ['db'] }],
      imagePullSecrets: [{ name: 'registry' }],
    };
    const { spec, own, container } = built({ spec: changes });
    expect(spec).toMatchObject({ serviceAccountName: 'spacelift-backend', ...changes });
    expect(own).toMatchObject({
      name: 'drain',
      env: [{ name: 'ENABLE_INSTRUMENTATION_ENDPOINTS', value: 'true' }],
      envFrom: [{ secretRef: { name: 'spacelift-shared' } }, { secretRef: { name: 'spacelift-drain' } }],
    });
    expect(container).toBe('drain');
  });

  it('has an image, a command and resources of its own, and neither probes nor ports', () => {
    const { own } = built({ container: { lifecycle: { preStop: { sleep: { seconds: 5 } } }, workingDir: '/x' } });
    expect(Object.keys(own).sort()).toEqual([
      'args',
      'env',
      'envFrom',
      'image',
      'name',
      'resources',
      'securityContext',
      'terminationMessagePolicy',
      'volumeMounts',
    ]);
    expect(own).toMatchObject({
      image: SETTINGS.image,
      args: ['--service', 'drain'],
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    });
  });

  it('leaves out what is not asked for: no controller, no priority, no readiness', () => {
    const { spec } = built({
      spec: { priorityClassName: 'high', hostname: 'x', nodeName: 'n', schedulingGates: [{ name: 'x' }] },
    });
    for (const field of ['priorityClassName', 'hostname', 'nodeName', 'schedulingGates'])
      expect(spec).not.toHaveProperty(field);
    expect(spec).toMatchObject({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 300,
      readinessGates: [{ conditionType: 'spacelift-preflight/never-ready' }],
    });
  });

  it('keeps the priority for a quota that admits no other', () => {
    const { pod, workload } = built({ spec: { priorityClassName: 'high' } });
    expect(withPriority(pod, workload)).toMatchObject({ spec: { priorityClassName: 'high' } });
    const without = built();
    expect(withPriority(without.pod, without.workload)).toBeUndefined();
  });

  it('is owned by the Job, but not controlled by it', () => {
    const { pod } = built();
    const job = { metadata: { name: 'spacelift-preflight-ab12cd34', uid: '1' } };
    expect(mapIn(ownedBy(pod, job), 'metadata').ownerReferences).toEqual([
      { apiVersion: 'batch/v1', kind: 'Job', name: 'spacelift-preflight-ab12cd34', uid: '1' },
    ]);
  });

  it('has the labels of the service, without those of controllers, and its own', () => {
    const { metadata } = built({
      metadata: {
        labels: { app: 'drain', 'azure.workload.identity/use': 'true', 'pod-template-hash': 'abc' },
        annotations: { 'vault.example/role': 'drain' },
      },
    });
    expect(metadata).toMatchObject({
      name: 'spacelift-preflight-ab12cd34-drain',
      labels: {
        app: 'drain',
        'azure.workload.identity/use': 'true',
        'spacelift-preflight/run': 'ab12cd34',
        'spacelift-preflight/service': 'drain',
      },
      annotations: { 'vault.example/role': 'drain' },
    });
    expect(mapIn(metadata, 'labels')).not.toHaveProperty('pod-template-hash');
  });

  it('waits for Istio’s proxy unless the service configures it', () => {
    const annotations = (own: JsonMap) => mapIn(built({ metadata: { annotations: own } }).metadata, 'annotations');
    expect(textIn(annotations({}), 'proxy.istio.io/config')).toContain('holdApplicationUntilProxyStarts');
    expect(annotations({ 'proxy.istio.io/config': 'own' })).toMatchObject({ 'proxy.istio.io/config': 'own' });
  });

  it('has AppArmor annotations only for its containers, and none that asks for less', () => {
    const name = (container: string) => `container.apparmor.security.beta.kubernetes.io/${container}`;
    const annotations = { [name('drain')]: 'runtime/default', [name('gone')]: 'runtime/default' };
    const own = mapIn(built({ metadata: { annotations } }).metadata, 'annotations');
    expect(own).toHaveProperty([name('drain')]);
    expect(own).not.toHaveProperty([name('gone')]);
    const open = built({ metadata: { annotations: { [name('drain')]: 'unconfined' } } });
    expect(mapIn(open.metadata, 'annotations')).not.toHaveProperty([name('drain')]);
  });

  it('mounts the token of the API only for a pod that asks for it, or for Linkerd', () => {
    const token = (changes: Changes) => built(changes).spec.automountServiceAccountToken;
    expect(token({})).toBe(false);
    expect(token({ spec: { automountServiceAccountToken: true } })).toBe(true);
    expect(token({ metadata: { annotations: { 'linkerd.io/inject': 'enabled' } } })).toBe(true);
    expect(token({ metadata: { annotations: { 'linkerd.io/inject': 'disabled' } } })).toBe(false);
  });

  it('passes dollar signs on as they are', () => {
    expect(built({}, { args: ['--only', '$(DATABASE_URL)$$'] }).own.args).toEqual(['--only', '$$(DATABASE_URL)$$$$']);
  });

  it('gets certificates from an annotation', () => {
    const { own, spec, metadata } = built({}, { authorities: 'PEM' });
    expect(own.args).toEqual(['--service', 'drain', '--ca-file', '/run/spacelift-preflight/ca.pem']);
    expect(own.volumeMounts).toEqual([
      { name: 'spacelift-preflight-ca', mountPath: '/run/spacelift-preflight', readOnly: true },
    ]);
    expect(spec.volumes).toMatchObject([{ name: 'spacelift-preflight-ca' }]);
    expect(mapIn(metadata, 'annotations')).toMatchObject({ 'spacelift-preflight/ca-certificates': 'PEM' });
  });

  it('uses the pull Secrets of the Deployment and of the caller', () => {
    const { spec } = built({ spec: { imagePullSecrets: [{ name: 'a' }] } }, { imagePullSecrets: ['b'] });
    expect(spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }]);
  });
});

describe('where a Pod may run', () => {
  it('is where the service may, but not only apart from it', () => {
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } };
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] };
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'x' }], ...preferred };
    const { spec } = built({ spec: { affinity: { nodeAffinity, podAntiAffinity }, topologySpreadConstraints: [{}] } });
    expect(spec.affinity).toEqual({ nodeAffinity, podAntiAffinity: preferred });
    expect(spec).not.toHaveProperty('topologySpreadConstraints');
  });
});

describe('a Pod that would have access to its node is refused', () => {
  test.each([
    [{ hostNetwork: true }, 'Deployment spacelift-drain sets hostNetwork'],
    [{ hostPID: true }, 'Deployment spacelift-drain sets hostPID'],
    [{ hostIPC: true }, 'Deployment spacelift-drain sets hostIPC'],
    [
      { volumes: [{ name: 'host', hostPath: { path: '/' } }] },
      'Deployment spacelift-drain mounts a path of its node (volume host)',
    ],
  ])('%j', (spec, message) => {
    expect(() => built({ spec })).toThrow(message);
  });

  it('and so is a container whose name could be an option', () => {
    expect(() => built({ container: { name: '--all' } })).toThrow('expected a container with a name, such as drain');
  });
});
