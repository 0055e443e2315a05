/** The Jobs in `examples/`: PodSecurity and the command line accept them, and they repeat what the sources say. */
import { beforeAll, describe, expect, it, test } from 'vitest';
import { listIn, mapIn, textIn, textsIn } from '../../src/cluster/objects.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import { CONTAINER_SECURITY, POD_SECURITY } from '../../src/cluster/security.ts';
import { DEFAULTS } from '../../src/config/options.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { VERSION } from '../../src/util/version.ts';
import { readYaml } from '../ci/runner.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { runArguments } from '../support/run-arguments.ts';

const FILES = ['examples/kubernetes-job.yaml', 'examples/argo-cd-presync.yaml'] as const;
const specOf = (object: JsonMap): JsonMap => mapIn(object, 'spec');
const templateOf = (job: JsonMap): JsonMap => mapIn(specOf(job), 'template');

let jobs: readonly [job: JsonMap, preSync: JsonMap];
beforeAll(async () => {
  const [job, preSync] = (await Promise.all(FILES.map(readYaml))) as JsonMap[];
  jobs = [job ?? {}, preSync ?? {}];
});

describe.each([0, 1] as const)('%s', (index) => {
  it('has a Pod that PodSecurity restricted admits, with the contexts and resources of all others', () => {
    const pod = templateOf(jobs[index]);
    expect(restrictedViolations(pod)).toEqual([]);
    expect(specOf(pod)).toMatchObject({
      serviceAccountName: 'spacelift-backend',
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      securityContext: POD_SECURITY,
      containers: [
        {
          image: `registry.example.com/spacelift-preflight:${VERSION}`,
          securityContext: CONTAINER_SECURITY,
          resources: resourcesIn(undefined),
          envFrom: [{ secretRef: { name: 'spacelift-shared' } }, { secretRef: { name: 'spacelift-drain' } }],
        },
      ],
    });
  });

  it('has arguments that the command line accepts', () => {
    const [container = {}] = listIn(specOf(templateOf(jobs[index])), 'containers');
    expect(runArguments(textsIn(container, 'args'))).toMatchObject({
      service: 'drain',
      color: false,
      format: 'pretty',
      report: [{ format: 'frame', path: '/dev/stdout' }],
    });
  });

  it('runs once, and its Pod ends before it does, so that the log stays', () => {
    const job = specOf(jobs[index]);
    expect(job.backoffLimit).toBe(0);
    const limits = [DEFAULTS.timeoutMs / 1000, Number(specOf(templateOf(jobs[index])).activeDeadlineSeconds)];
    expect(limits[0]).toBeLessThan(limits[1] ?? 0);
    expect(limits[1]).toBeLessThan(Number(job.activeDeadlineSeconds));
  });
});

test('the hook of Argo CD is the same Job, which Argo CD removes instead of its TTL', () => {
  const [job, preSync] = jobs;
  const { ttlSecondsAfterFinished, ...kept } = specOf(job);
  expect(ttlSecondsAfterFinished).toBe(86400);
  expect(specOf(preSync)).toEqual(kept);
  const { annotations, ...metadata } = mapIn(preSync, 'metadata');
  expect(metadata).toEqual(mapIn(job, 'metadata'));
  expect(annotations).toEqual({
    'argocd.argoproj.io/hook': 'PreSync',
    'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
    'argocd.argoproj.io/sync-wave': '0',
  });
  expect(textIn(mapIn(job, 'metadata'), 'name')).toBe('spacelift-preflight-drain');
});
