/** What RBAC refuses, what is no input, and what cleanup finds. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { cleanUp } from '../../../src/app/kubernetes/cleanup.ts';
import { unusable } from '../../../src/app/kubernetes/errors.ts';
import { readWorkloads } from '../../../src/app/kubernetes/source.ts';
import { KubectlError, kubectlWith } from '../../../src/cluster/kubectl.ts';
import { InterruptedError } from '../../../src/engine/timeouts.ts';
import { NAMESPACE } from '../../services/kubectl.ts';
import { driven, fates, LIVE, running, started, waiting } from './support.ts';

describe('a verb that RBAC refuses', () => {
  test.each([
    ['list deployments', 'operator is not allowed to list deployments in namespace spacelift'],
    ['create jobs', 'operator is not allowed to create jobs in namespace spacelift'],
    ['create pods', 'operator is not allowed to create pods in namespace spacelift'],
    ['list pods', 'operator is not allowed to list pods in namespace spacelift'],
    ['get pods', 'operator is not allowed to get pods in namespace spacelift'],
    ['get pods/log', 'operator is not allowed to get pods/log in namespace spacelift'],
  ])('%s', async (denied, message) => {
    const cluster = await started({ denied: [denied] });
    await expect(driven(cluster)).rejects.toThrow(message);
    expect(cluster.objects).toEqual([]);
  });

  it('list events: the status says enough', async () => {
    const options = {
      denied: ['list events'],
      fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff')] } }),
    };
    const { lost } = await driven(await started(options), { settings: { startTimeoutMs: 0 } });
    expect(lost.drain).toMatchObject({ title: 'the image could not be pulled within 0 s' });
  });

  test.each([
    ['delete pods', [expect.stringContaining('the Pods of the run could not be removed: ')]],
    ['delete jobs', [expect.stringMatching(/^Job spacelift-preflight-\w+ could not be removed: /)]],
  ])('%s: what is left is said', async (denied, left) => {
    const cluster = await started({ denied: [denied] });
    expect((await driven(cluster)).left).toEqual(left);
  });
});

describe('what is no input for a run', () => {
  test.each([
    [{ deployments: [] }, LIVE, 'namespace spacelift: no Deployment runs spacelift backend server'],
    [{}, { namespace: 'other' }, 'namespace other does not exist'],
    [{}, { namespace: NAMESPACE, context: 'none' }, 'kubectl has no context none; see kubectl config get-contexts'],
  ])('%#', async (options, connection, message) => {
    await expect(driven(await started(options), { connection })).rejects.toThrow(message);
  });

  it('no kubectl', async () => {
    const cluster = await started();
    const connect = () => kubectlWith(LIVE, { PATH: '/nowhere' });
    const source = { files: [], stdin: Readable.from([]), timeoutMs: 1, services: undefined, connection: LIVE };
    await expect(readWorkloads({ ...source, connect })).rejects.toThrow('kubectl was not found in the PATH');
    expect(cluster.calls).toEqual([]);
  });

  it('a kubectl that prints without end, in a program that it starts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'kubectl'), '#!/bin/sh\nyes | cat\n', { mode: 0o755 });
    const kubectl = kubectlWith(LIVE, { PATH: `${folder}:${process.env.PATH}` });
    await expect(kubectl(['get', 'deployments'])).rejects.toMatchObject({ kind: 'large' });
  });

  it('a kubectl that does not end', async () => {
    const cluster = await started({ called: () => new Promise(() => {}) });
    const kubectl = kubectlWith(LIVE, cluster.env, 100);
    await expect(kubectl(['get', 'deployments', '--output=json'])).rejects.toMatchObject({
      kind: 'slow',
      limitMs: 100,
    });
    expect(unusable(new KubectlError('slow', '', 45_000), LIVE).message).toBe('kubectl did not respond within 45 s');
  });
});

describe('cleanup', () => {
  it('removes what a killed run left, and nothing that could be in progress', async () => {
    const cluster = await started();
    await driven(cluster, { settings: { keep: true } });
    expect(cluster.objects).toHaveLength(4);
    const kubectl = kubectlWith(LIVE, cluster.env);
    expect((await cleanUp(kubectl, LIVE)).removed).toHaveLength(1);
    expect(cluster.objects).toEqual([]);
  });

  it('leaves a run whose Pods have not ended until it must be over', async () => {
    const cluster = await started({ fates: fates({ drain: { statuses: [running('drain')] } }) });
    const kubectl = kubectlWith(LIVE, cluster.env);
    // Killed: nothing of the process is left to remove anything.
    const controller = new AbortController();
    const settings = { keep: true };
    setTimeout(() => controller.abort(new InterruptedError()), 1_000);
    await driven(cluster, { settings, signal: controller.signal });
    expect((await cleanUp(kubectl, LIVE)).left).toEqual([
      expect.stringMatching(/^run \w{8} could be in progress until 20/),
    ]);
    const later = new Date(Date.now() + 86_400_000);
    expect((await cleanUp(kubectl, LIVE, later)).left).toEqual([]);
    expect(cluster.objects).toEqual([]);
  });
});
