/** Pods that run, from the cluster or from manifests, and those of an interrupted run. */
import { describe, expect, it, test } from 'vitest';
import { runWorker } from '../../../src/app/kubernetes/worker.ts';
import { STOPPED } from '../../../src/cluster/lost.ts';
import { mapIn } from '../../../src/cluster/objects.ts';
import { InterruptedError } from '../../../src/engine/timeouts.ts';
import { type Cluster, NAMESPACE } from '../../services/kubectl.ts';
import { deployment, serviceAccount } from '../../support/deployments.ts';
import {
  DEPLOYMENTS,
  driven,
  ended,
  fates,
  LIVE,
  passes,
  running,
  SERVICES,
  SETTINGS,
  started,
  waiting,
} from './support.ts';

describe('a run', () => {
  it('has a report of each service, and leaves nothing', async () => {
    const cluster = await started();
    const { runs, lost, left } = await driven(cluster);
    expect({ lost, left }).toEqual({ lost: {}, left: [] });
    expect(runs.map(({ outcome }) => 'report' in outcome && outcome.report.service)).toEqual(SERVICES);
    expect(cluster.objects).toEqual([]);
    expect(cluster.created.map(({ kind }) => kind)).toEqual(['Job', 'Pod', 'Pod', 'Pod']);
  });

  it('uses the namespace alone, and never asks for Secrets', async () => {
    const cluster = await started({ fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff')] } }) });
    await driven(cluster, { settings: { startTimeoutMs: 0 } });
    for (const call of cluster.calls) {
      expect(call).toContain(`--namespace=${NAMESPACE}`);
      expect(call.join(' ')).not.toMatch(/secret|logs .* -f|--follow|--all-namespaces/);
    }
  });

  it('reads the result beside a sidecar that never ends', async () => {
    const drain = { ...passes('drain'), statuses: [{ ...ended('drain', 1), phase: 'Running' }] };
    const cluster = await started({ fates: fates({ drain }) });
    expect((await driven(cluster)).lost).toEqual({});
    expect(cluster.objects).toEqual([]);
  });

  it('keeps everything on request, and says how to remove it', async () => {
    const cluster = await started();
    const { left } = await driven(cluster, { settings: { keep: true } });
    expect(cluster.objects).toHaveLength(4);
    expect(left).toEqual([expect.stringMatching(/^kept; to remove it: kubectl delete job spacelift-preflight-\w{8}$/)]);
  });

  it('runs services one after another where a quota has room for one', async () => {
    const cluster = await started({ quota: 1 });
    expect((await driven(cluster, { settings: { startTimeoutMs: 5_000 } })).lost).toEqual({});
  });

  it('has the priority of the service only where a quota demands one', async () => {
    const words = 'exceeded quota: unclassed, requested: pods=1, used: pods=0, limited: pods=0';
    const deployments = [deployment('drain', { spec: { priorityClassName: 'high' } })];
    const cluster = await started({
      deployments,
      admit: (pod) => (mapIn(pod, 'spec').priorityClassName === undefined ? words : undefined),
    });
    expect((await driven(cluster)).lost).toEqual({});
  });
});

describe('an interrupted run', () => {
  const calls = ['create', 'get', 'logs'];
  test.each(calls)('while kubectl is asked to %s, leaves nothing and has what is known', async (when) => {
    const controller = new AbortController();
    const cluster = await started({
      fates: fates({ drain: { statuses: [running('drain')] } }),
      called: ([command, what]) => {
        if (command === when && what !== 'deployments') controller.abort(new InterruptedError());
      },
    });
    const { runs } = await driven(cluster, { signal: controller.signal });
    expect(runs).toHaveLength(3);
    expect(runs.some(({ outcome }) => 'lost' in outcome && outcome.lost.title.startsWith('interrupted'))).toBe(true);
    expect(cluster.objects).toEqual([]);
  });
});

it('nothing is started for a worker’s view after an interruption', async () => {
  const connect = () => {
    throw new Error('kubectl was called');
  };
  const observer = { started: () => {}, finished: () => {}, said: () => {} };
  const { runs, left } = await runWorker([], 'workers', SETTINGS, connect, LIVE, observer, AbortSignal.abort());
  expect(runs).toMatchObject([{ workload: { service: 'worker' }, outcome: { lost: STOPPED } }]);
  expect(left).toEqual([]);
});

describe('rendered manifests', () => {
  const manifests = [...DEPLOYMENTS, serviceAccount('spacelift-backend')];
  const none = { deployments: [], accounts: [] };

  it('run before anything is installed, with the account that is there', async () => {
    const cluster = await started({ ...none, accounts: ['spacelift-backend'] });
    expect((await driven(cluster, { manifests })).lost).toEqual({});
  });

  it('never run under another account than theirs', async () => {
    const cluster = await started(none);
    const { lost } = await driven(cluster, { manifests });
    expect(lost.server).toMatchObject({ title: 'service account spacelift-backend does not exist' });
    expect(cluster.created.filter(({ kind }) => kind === 'Pod')).toEqual([]);
  });

  it('bring their accounts on request, which are removed after', async () => {
    const cluster = await started(none);
    const { lost, left } = await driven(cluster, { manifests, settings: { createServiceAccounts: true } });
    expect({ lost, left, objects: cluster.objects }).toEqual({ lost: {}, left: [], objects: [] });
    expect(cluster.created.find(({ kind }) => kind === 'ServiceAccount')).toMatchObject({
      metadata: {
        name: 'spacelift-backend',
        annotations: { 'meta.helm.sh/release-name': 'spacelift', 'meta.helm.sh/release-namespace': NAMESPACE },
      },
    });
  });

  it('leave an account that an installation has adopted meanwhile, or that was there before', async () => {
    const cluster: Cluster = await started({
      ...none,
      called: ([command]) => {
        if (command === 'logs') cluster.install(deployment('server'));
      },
    });
    const { left } = await driven(cluster, { manifests, settings: { createServiceAccounts: true } });
    expect(left).toEqual(['service account spacelift-backend stays: a Deployment uses it now']);
    const before = await started({ ...none, accounts: ['spacelift-backend'] });
    await driven(before, { manifests, settings: { createServiceAccounts: true } });
    expect(before.calls.some((call) => call[0] === 'delete' && call[1] === 'serviceaccount')).toBe(false);
  });

  it('use no more than the live Deployments', async () => {
    const more = [deployment('drain', { container: { envFrom: [{ secretRef: { name: 'other' } }] } })];
    const cluster = await started();
    await expect(driven(cluster, { manifests: more })).rejects.toThrow(
      'standard input: Deployment spacelift-drain uses Secret other, which the live Deployment spacelift-drain does not use',
    );
    expect(cluster.created).toEqual([]);
  });

  it('are for the namespace of the run', async () => {
    const other = [deployment('drain', { namespace: 'other' })];
    await expect(driven(await started(), { manifests: other })).rejects.toThrow('use -n other');
  });
});
