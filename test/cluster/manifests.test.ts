/** Manifests from files and standard input, and what is made of their scalars. */
import { Readable } from 'node:stream';
import { describe, expect, it, test } from 'vitest';
import { readManifests } from '../../src/cluster/manifests.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import { accountFor, accountsOf, releaseName } from '../../src/cluster/service-accounts.ts';
import { workloadsIn } from '../../src/cluster/workloads.ts';
import { deployment, serviceAccount } from '../support/deployments.ts';

const read = (text: string) => readManifests(['-'], Readable.from([Buffer.from(text)]), 10_000);

describe('manifests', () => {
  it('are documents of YAML, or lists of them', async () => {
    const text = 'kind: A\n---\n# Source: b.yaml\n---\napiVersion: v1\nkind: List\nitems:\n- kind: B\n- kind: C\n';
    expect((await read(text)).map(({ kind }) => kind)).toEqual(['A', 'B', 'C']);
  });

  it('are JSON, and the items of a list without a kind have that of the list', async () => {
    const list = { kind: 'DeploymentList', items: [{ metadata: { name: 'a' } }] };
    expect(await read(JSON.stringify(list))).toEqual([{ kind: 'Deployment', metadata: { name: 'a' } }]);
  });

  it('have numbers, booleans and nulls as kubectl reads them', async () => {
    const text = 'kind: A\na: 0400\nb: 1_000\nc: -1.5\nd: yes\ne: off\nf: ~\ng: "0400"\nh: .inf\ni: 0x10\n';
    expect(await read(text)).toEqual([
      { kind: 'A', a: 256, b: 1000, c: -1.5, d: true, e: false, f: null, g: '0400', h: '.inf', i: 16 },
    ]);
  });

  test.each([
    ['', 'standard input: contains no Kubernetes object; expected the output of helm template'],
    ['a: 1\n', 'standard input: contains no Kubernetes object; expected the output of helm template'],
    ['kind: {{ .Values.x }}\n', 'standard input: not valid YAML at line 1'],
    ['{"kind": ', 'standard input: not valid JSON at line 1'],
  ])('%j is refused on one line', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('are read from standard input once, and from files that are there', async () => {
    await expect(readManifests(['-', '-'], Readable.from([]), 1000)).rejects.toThrow('can be read only once');
    await expect(readManifests(['/no/such'], Readable.from([]), 1000)).rejects.toThrow('/no/such: no such file');
  });
});

describe('resources', () => {
  it('are requested and limited, and replace defaults one by one', () => {
    expect(resourcesIn('memory=1Gi')).toEqual({
      requests: { cpu: '100m', memory: '1Gi' },
      limits: { cpu: '1', memory: '1Gi' },
    });
  });

  test.each(['', 'memory', 'memory=', 'gpu=1', 'cpu=1,', 'memory=1 Gi', 'memory=-1'])('%j is refused', (text) => {
    expect(() => resourcesIn(text)).toThrow('--resources: expected quantities such as cpu=250m,memory=512Mi');
  });
});

describe('service accounts', () => {
  const objects = [
    deployment('server'),
    deployment('drain', { spec: { serviceAccountName: 'default' } }),
    serviceAccount('spacelift-backend', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/x' }),
    serviceAccount('default'),
    serviceAccount('other'),
  ];

  it('are those that the workloads use, and never default', () => {
    expect(accountsOf(workloadsIn(objects, 'x'), objects)).toEqual([objects[2]]);
  });

  it('belong to the release that the labels name', () => {
    expect(releaseName(objects, 'x')).toBe('spacelift');
    expect(() => releaseName([deployment('drain'), serviceAccount('x')], 'x')).not.toThrow();
    const two = [
      serviceAccount('x'),
      { metadata: { labels: { 'helm.sh/chart': 'x', 'app.kubernetes.io/instance': 'y' } } },
    ];
    expect(() => releaseName(two, 'x')).toThrow('x: --create-service-accounts expects the output of helm template');
    expect(() => releaseName([{ kind: 'Deployment' }], 'x')).toThrow('--create-service-accounts');
  });

  it('carry Helm’s marks, so that the installation adopts one that is left', () => {
    const made = accountFor(objects[2] ?? {}, { run: 'ab12cd34', release: 'spacelift', namespace: 'prod' });
    expect(made).toMatchObject({
      kind: 'ServiceAccount',
      metadata: {
        name: 'spacelift-backend',
        labels: { 'app.kubernetes.io/managed-by': 'Helm', 'spacelift-preflight/run': 'ab12cd34' },
        annotations: {
          'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/x',
          'meta.helm.sh/release-name': 'spacelift',
          'meta.helm.sh/release-namespace': 'prod',
        },
      },
      automountServiceAccountToken: true,
    });
    expect(made).not.toHaveProperty('metadata.ownerReferences');
  });
});
