/** Pods that do not get to a report, in the words of the cluster. */
import { describe, expect, it, test } from 'vitest';
import type { Cluster, ClusterOptions } from '../../services/kubectl.ts';
import { deployment } from '../../support/deployments.ts';
import { driven, ended, fates, logOf, passes, running, started, waiting } from './support.ts';

describe('a lost run has the words of the cluster and a fix, and the others go on', () => {
  const cases: readonly (readonly [string, Partial<ClusterOptions>, string, string])[] = [
    [
      'an image that can’t be pulled',
      { fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff', 'Back-off pulling image "x"')] } }) },
      'the image could not be pulled within 0 s',
      'Back-off pulling image "x"',
    ],
    [
      'a Secret that is missing',
      {
        fates: fates({
          drain: { statuses: [waiting('drain', 'CreateContainerConfigError', 'secret "spacelift-drain" not found')] },
        }),
      },
      'the container could not be configured within 0 s',
      'secret "spacelift-drain" not found',
    ],
    [
      'a volume that only events tell',
      {
        fates: fates({
          drain: {
            statuses: [waiting('drain', 'ContainerCreating')],
            events: ['FailedMount: MountVolume.SetUp failed for volume "ca" : configmap "ca" not found'],
          },
        }),
      },
      'a volume could not be mounted within 0 s',
      'configmap "ca" not found',
    ],
    [
      'out of memory',
      { fates: fates({ drain: { statuses: [running('drain'), ended('drain', 137, 'OOMKilled')] } }) },
      'the container ran out of memory',
      'OOMKilled',
    ],
    [
      'over its deadline',
      {
        fates: fates({
          drain: { statuses: [{ phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active too long' }] },
        }),
      },
      'the Pod did not end before its deadline',
      'Pod was active too long',
    ],
    [
      'a log that is cut in the middle',
      { fates: fates({ drain: { ...passes('drain'), log: logOf('drain').slice(0, 400) } }) },
      'the container ended with exit code 0 and without a report',
      '',
    ],
    [
      'a config that is unusable',
      {
        fates: fates({
          drain: {
            statuses: [ended('drain', 2)],
            log: 'spacelift-preflight: the environment contains no Spacelift variable; pass a config with -f\n',
          },
        }),
      },
      'the container ended with exit code 2 and without a report',
      'the environment contains no Spacelift variable',
    ],
    [
      'the report of another service',
      { fates: fates({ drain: { ...passes('drain'), log: logOf('server') } }) },
      'the container ended with exit code 0 and without a report',
      'its report is for server',
    ],
    [
      'an admission webhook',
      {
        admit: (pod) =>
          JSON.stringify(pod).includes('"spacelift-preflight/service":"drain"')
            ? 'admission webhook "validation.gatekeeper.sh" denied the request: no digest'
            : undefined,
      },
      'admission webhook validation.gatekeeper.sh denied the Pod',
      'no digest',
    ],
    [
      'a service account that is missing',
      { deployments: [deployment('server'), deployment('drain', { spec: { serviceAccountName: 'gone' } })] },
      'service account gone does not exist',
      'serviceaccount "gone" not found',
    ],
  ];
  test.each(cases)('%s', async (_, options, title, detail) => {
    const cluster = await started(options);
    const { lost, left } = await driven(cluster, { settings: { startTimeoutMs: 0 } });
    expect(Object.keys(lost)).toEqual(['drain']);
    expect(lost.drain).toMatchObject({ title, detail: expect.stringContaining(detail) });
    expect({ left, objects: cluster.objects }).toEqual({ left: [], objects: [] });
  });

  it('is told at once, and waited for until the start timeout', async () => {
    const late = [
      waiting('drain', 'ErrImagePull', 'not found'),
      waiting('drain', 'ImagePullBackOff', 'Back-off 10s'),
      waiting('drain', 'ImagePullBackOff', 'Back-off 20s'),
    ];
    const cluster = await started({
      fates: fates({ drain: { ...passes('drain'), statuses: [...late, ended('drain', 0)] } }),
    });
    const { said, lost } = await driven(cluster);
    expect(lost).toEqual({});
    expect(said).toEqual(['drain: waiting: ErrImagePull: not found', 'drain: waiting: ImagePullBackOff: Back-off 10s']);
  });

  it('a quota that nothing frees', async () => {
    const cluster = await started({ quota: 0 });
    const { lost } = await driven(cluster, { settings: { startTimeoutMs: 0 } });
    expect(Object.values(lost).map(({ title }) => title)).toEqual(Array(3).fill('quota pods is exceeded'));
  });

  it('a server that stops responding, and what is there then', async () => {
    const cluster = await started({ broken: ([command, what]) => command === 'get' && what === 'pods' });
    const { lost, left } = await driven(cluster);
    expect(lost.server).toMatchObject({
      title: 'the API server stopped responding during the run',
      detail: 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
    });
    expect(left).toEqual(['the Pods of the run were deleted, but can’t be listed to see whether they have ended']);
  });

  it('a Pod that somebody deletes', async () => {
    const cluster: Cluster = await started({
      fates: fates({ drain: { statuses: [running('drain')] } }),
      called: ([command]) => {
        if (command === 'logs') cluster.drain('drain');
      },
    });
    expect((await driven(cluster)).lost).toMatchObject({ drain: { title: 'the Pod was deleted during the run' } });
  });
});
