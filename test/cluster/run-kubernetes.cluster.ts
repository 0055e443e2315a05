/** `run kubernetes` in a real cluster, whose node really runs the image. */
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { yamlOfAll } from '../../src/cluster/print.ts';
import { CLUSTER_ACCESS } from '../../src/cluster/role.ts';
import type { Matrix } from '../../src/report/matrix/types.ts';
import { command } from '../cli/host.ts';
import { refusedPort } from '../services/tcp.ts';
import { serviceAccount } from '../support/deployments.ts';
import { expectValidMatrix } from '../support/valid.ts';
import { accountName, type Installation, SERVICES } from './real/installation.ts';
import { ADDRESS } from './real/machine.ts';
import { PAUSE } from './real/node.ts';
import { IMAGE_NAME, type Scene, startScene } from './real/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene(inject('image'));
});
afterAll(() => scene?.stop());
const installed: Scene['installed'] = (options) => scene.installed(options);
const kubectl: Scene['cluster']['kubectl'] = (...all) => scene.cluster.kubectl(...all);

interface More {
  readonly args?: readonly string[];
  readonly image?: string;
  readonly stdin?: string;
  readonly started?: NonNullable<Parameters<typeof command>[1]>['started'];
  /** A directory with another `kubectl`, before the true one. */
  readonly programs?: string;
}

/** Runs as the operator, whose rights are the printed Role. */
async function run(
  { namespace, kubeconfig }: Installation,
  { args = [], image = IMAGE_NAME, stdin, started, programs }: More = {},
) {
  const own = ['--kubeconfig', kubeconfig, '-n', namespace, '--image', image, '--ca-file', scene.authority.path];
  const path = [...(programs === undefined ? [] : [programs]), scene.cluster.programs, process.env.PATH].join(
    delimiter,
  );
  const env = { PATH: path, HOME: scene.folder };
  const more = { env, ...(stdin !== undefined && { stdin }), ...(started !== undefined && { started }) };
  return command(['run', 'kubernetes', ...own, '-o', 'json', ...args], more);
}

const matrixIn = (stdout: string): Matrix => expectValidMatrix(JSON.parse(stdout));
const lostIn = (matrix: Matrix) =>
  Object.fromEntries(matrix.runs.flatMap(({ name, lost }) => (lost === undefined ? [] : [[name, lost]])));

/** All that fails, as `id: title`. */
const failuresIn = ({ checks }: Matrix): string[] =>
  checks.flatMap(({ findings }) =>
    findings.flatMap(({ id, entries }) =>
      entries
        .filter(({ status }) => status === 'fail')
        .map(({ title, runs }) => `${id} (${runs.join(', ')}): ${title}`),
    ),
  );

/** Ready, without a word; otherwise the error names what is not. */
function expectReady({ code, stdout, stderr }: Awaited<ReturnType<typeof run>>): Matrix {
  const matrix = matrixIn(stdout);
  const told = { code, stderr, failures: failuresIn(matrix), lost: lostIn(matrix), verdict: matrix.verdict };
  expect(told).toEqual({ code: 0, stderr: '', failures: [], lost: {}, verdict: 'ready' });
  return matrix;
}

describe('a healthy installation', () => {
  it('is ready, as each service under its own account, and nothing stays', async () => {
    const installation = await installed();
    const matrix = expectReady(await run(installation, { args: ['--strict'] }));
    expect(matrix).toMatchObject({ summary: { fail: 0, warn: 0 } });
    expect(
      matrix.runs.map(({ name, facts }) => [name, facts.find((fact) => fact.name === 'service account')?.value]),
    ).toEqual(SERVICES.map((service) => [service, accountName(service)]));
    expect(await installation.left()).toEqual([]);
  });

  it('is ready beside a sidecar that never ends', async () => {
    const sidecar = { name: 'proxy', image: PAUSE, restartPolicy: 'Always' };
    const installation = await installed({ changes: { drain: { spec: { initContainers: [sidecar] } } } });
    expectReady(await run(installation));
    expect(await installation.left()).toEqual([]);
  });

  it('is ready for two runs at once', async () => {
    const installation = await installed();
    const both = await Promise.all([run(installation), run(installation)]);
    for (const one of both) expectReady(one);
    expect(await installation.left()).toEqual([]);
  });

  it('gets no traffic while it is checked: a Service never has its Pods as ready', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'spacelift-server' },
      spec: { selector: { 'app.kubernetes.io/name': 'spacelift-server' }, ports: [{ port: 80 }] },
    };
    const installation = await installed({ objects: [service] });
    let isOver = false;
    const running = run(installation, { args: ['--services', 'server'] }).finally(() => {
      isOver = true;
    });
    const seen: boolean[] = [];
    for (; !isOver; await wait(100)) {
      const path = '{.items[*].endpoints[*].conditions.ready}';
      const ready = await kubectl(['get', 'endpointslices', '-n', installation.namespace, `-o=jsonpath=${path}`]);
      seen.push(
        ...ready
          .split(' ')
          .filter((one) => one !== '')
          .map((one) => one === 'true'),
      );
    }
    expect((await running).code).toBe(0);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(true);
  });

  it('is ready with service accounts that only Helm will create, which are gone afterward', async () => {
    const installation = await installed({ accounts: [] });
    const stdin = await yamlOfAll([
      ...installation.deployments,
      ...SERVICES.map((service) => serviceAccount(accountName(service))),
    ]);
    await kubectl(['delete', 'deployments', '--all', '-n', installation.namespace]);
    const rights = [...CLUSTER_ACCESS.rules, ...CLUSTER_ACCESS.createServiceAccounts];
    await kubectl([
      'patch',
      'role',
      'spacelift-preflight',
      '-n',
      installation.namespace,
      '--type=merge',
      `--patch=${JSON.stringify({ rules: rights })}`,
    ]);
    const args = ['-f', '-', '--create-service-accounts'];
    expectReady(await run(installation, { args, stdin }));
    expect(await installation.left()).toEqual([]);
  });
});

describe('a worker’s view', () => {
  /** A namespace for workers, in which the operator has the same Role. */
  const WORKERS = 'spacelift-workers';

  it('is tried in the namespace of the workers, with what the server’s report names', async () => {
    await scene.installed({ namespace: WORKERS, deployments: [] });
    const installation = await installed();
    const { runs } = expectReady(await run(installation, { args: ['--worker-namespace', WORKERS, '--strict'] }));
    expect(runs.map(({ name }) => name)).toEqual([...SERVICES, 'worker']);
    expect(runs.at(-1)?.report).toMatchObject({
      service: 'worker',
      domain: 'localhost',
      summary: { fail: 0, warn: 0 },
    });
    expect(await installation.left()).toEqual([]);
    expect(await kubectl(['get', 'jobs,pods', '-n', WORKERS, '-o=name'])).toBe('');
  });

  it('is lost, with the services’ results, where its namespace does not exist', async () => {
    const installation = await installed();
    const { code, stdout } = await run(installation, {
      args: ['--worker-namespace', 'nowhere', '--services', 'server'],
    });
    expect(code).toBe(1);
    const matrix = matrixIn(stdout);
    expect(matrix.runs.map(({ name, report }) => [name, report?.verdict])).toEqual([
      ['server', 'ready'],
      ['worker', undefined],
    ]);
    expect(lostIn(matrix).worker).toMatchObject({ title: 'the worker’s Pod could not be run' });
  });

  it('is lost without the server’s report', async () => {
    const installation = await installed();
    const { stdout } = await run(installation, { args: ['--worker-namespace', 'nowhere', '--services', 'drain'] });
    expect(lostIn(matrixIn(stdout)).worker).toMatchObject({ title: 'the worker’s view was not tried' });
  });
});

describe('what only one service has', () => {
  it('a database role without a privilege', async () => {
    await scene.estate.database.query("CREATE ROLE drain LOGIN PASSWORD 'drain-password'", [], 'postgres');
    const own = new URL(scene.variables.DATABASE_URL ?? '');
    [own.username, own.password] = ['drain', 'drain-password'];
    const installation = await installed({ own: { drain: { DATABASE_URL: own.href } } });
    const { code, stdout } = await run(installation);
    expect(code).toBe(1);
    const failures = failuresIn(matrixIn(stdout));
    expect(failures).not.toEqual([]);
    for (const failure of failures) expect(failure).toMatch(/^database\/.* \(drain\): /);
  });

  it('a database that it can’t reach', async () => {
    const { port } = await refusedPort();
    const own = new URL(scene.variables.DATABASE_URL ?? '');
    own.port = String(port);
    const installation = await installed({ own: { drain: { DATABASE_URL: own.href } } });
    const { code, stdout } = await run(installation);
    expect(code).toBe(1);
    expect(failuresIn(matrixIn(stdout))).toEqual([
      expect.stringMatching(new RegExp(`^database/\\S+ \\(drain\\): .*${ADDRESS}:${port} refused the connection`)),
    ]);
  });
});

describe('a run that is lost, in the words of the cluster', () => {
  it('a Secret that is missing', async () => {
    const envFrom = [{ secretRef: { name: 'spacelift-other' } }];
    const installation = await installed({ changes: { drain: { container: { envFrom } } } });
    const { code, stdout } = await run(installation, { args: ['--start-timeout', '5'] });
    expect(code).toBe(1);
    const matrix = matrixIn(stdout);
    expect(matrix.verdict).not.toBe('ready');
    expect(lostIn(matrix)).toEqual({
      drain: expect.objectContaining({
        title: 'the container could not be configured within 5 s',
        detail: expect.stringContaining('secret "spacelift-other" not found'),
      }),
    });
    expect(await installation.left()).toEqual([]);
  });

  it('a service account that is missing', async () => {
    const installation = await installed({ accounts: ['server', 'scheduler'] });
    const { code, stdout } = await run(installation);
    expect(code).toBe(1);
    const { drain } = lostIn(matrixIn(stdout));
    expect(drain).toMatchObject({ detail: expect.stringContaining('serviceaccount "spacelift-drain" not found') });
  });

  it('an image that can’t be pulled', async () => {
    const installation = await installed();
    const image = `${ADDRESS}:1/none@sha256:${'0'.repeat(64)}`;
    const { code, stdout } = await run(installation, { image, args: ['--start-timeout', '5', '--services', 'server'] });
    expect(code).toBe(1);
    const { server } = lostIn(matrixIn(stdout));
    expect(server).toMatchObject({
      title: 'the image could not be pulled within 5 s',
      detail: expect.stringContaining(image),
    });
    expect(await installation.left()).toEqual([]);
  });

  it('a container without enough memory', async () => {
    const installation = await installed();
    const args = ['--resources', 'memory=24Mi', '--services', 'server'];
    const { stdout } = await run(installation, { args });
    expect(lostIn(matrixIn(stdout)).server).toMatchObject({ title: 'the container ran out of memory' });
    expect(await installation.left()).toEqual([]);
  });

  it('a run that does not end', async () => {
    const installation = await installed();
    const args = ['--timeout', '0.1', '--services', 'server'];
    const { stdout } = await run(installation, { image: PAUSE, args });
    expect(lostIn(matrixIn(stdout)).server).toMatchObject({ title: expect.stringMatching(/did not end/) });
    expect(await installation.left()).toEqual([]);
  });

  it('a log that is cut in the middle', async () => {
    const programs = await mkdtemp(join(scene.folder, 'cut-'));
    const script = `#!/bin/sh\n[ "$1" = logs ] || exec ${scene.cluster.programs}/kubectl "$@"\n${scene.cluster.programs}/kubectl "$@" | head -c 2000\n`;
    await writeFile(join(programs, 'kubectl'), script);
    await chmod(join(programs, 'kubectl'), 0o755);
    const installation = await installed();
    const { code, stdout } = await run(installation, { programs });
    expect(code).toBe(1);
    const matrix = matrixIn(stdout);
    expect(Object.keys(lostIn(matrix))).toEqual([...SERVICES]);
    expect(matrix.verdict).toBe('not-ready');
  });
});

describe('quotas', () => {
  const quota = (hard: Readonly<Record<string, string>>) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota' },
    spec: { hard },
  });

  it('one that demands limits admits the Pods', async () => {
    const objects = [
      quota({ 'limits.cpu': '10', 'limits.memory': '10Gi', 'requests.cpu': '10', 'requests.memory': '10Gi' }),
    ];
    const { code, stdout } = await run(await installed({ objects }));
    expect(lostIn(matrixIn(stdout))).toEqual({});
    expect(code).toBe(0);
  });

  it('one with room for a single Pod lets them run one after another', async () => {
    const installation = await installed({ objects: [quota({ pods: '1' })] });
    const { stdout } = await run(installation);
    expect(lostIn(matrixIn(stdout))).toEqual({});
    expect(await installation.left()).toEqual([]);
  });

  it('one without room is told', async () => {
    const installation = await installed({ objects: [quota({ pods: '0' })] });
    const { code, stdout } = await run(installation, { args: ['--start-timeout', '3', '--services', 'server'] });
    expect(code).toBe(1);
    expect(lostIn(matrixIn(stdout)).server).toMatchObject({ detail: expect.stringContaining('exceeded quota') });
    expect(await installation.left()).toEqual([]);
  });
});

describe('an interruption leaves nothing', () => {
  /** What is in the namespace when the signal comes. */
  const MOMENTS = {
    'when the Job is there': 'jobs',
    'when the Pods are there': 'pods',
    'when a container runs': 'pods',
  } as const;
  it.each(Object.entries(MOMENTS))('%s', async (moment, resource) => {
    const installation = await installed();
    let kill: (signal: 'SIGINT') => void = () => {};
    const running = run(installation, {
      started: (end) => {
        kill = end;
      },
    });
    const isThen = async () => {
      const found = await kubectl(['get', resource, '-n', installation.namespace, '-o=json']);
      return moment.endsWith('runs') ? found.includes('"running": {') : found.includes('spacelift-preflight/run');
    };
    while (!(await isThen())) await wait(20);
    kill('SIGINT');
    const { code, stderr } = await running;
    expect(code).toBe(130);
    expect(stderr).toContain('SIGINT received: removing the Pods');
    expect(await installation.left()).toEqual([]);
  });

  it('what is kept is found and removed by --cleanup', async () => {
    const installation = await installed();
    expect((await run(installation, { args: ['--keep', '--services', 'server'] })).code).toBe(0);
    expect(await installation.left()).toHaveLength(2);
    // Before, it could be in progress.
    const phase = () => kubectl(['get', 'pods', '-n', installation.namespace, '-o=jsonpath={.items[*].status.phase}']);
    await expect.poll(phase).toBe('Succeeded');
    const { stdout } = await command(
      ['run', 'kubernetes', '--cleanup', '--kubeconfig', installation.kubeconfig, '-n', installation.namespace],
      { env: { PATH: `${scene.cluster.programs}${delimiter}${process.env.PATH ?? ''}`, HOME: scene.folder } },
    );
    expect(stdout).toMatch(/^removed run \S+$/m);
    expect(await installation.left()).toEqual([]);
  });
});

describe('a Role that lacks a verb', () => {
  const VERBS = CLUSTER_ACCESS.rules.flatMap(({ apiGroups, resources, verbs }) =>
    verbs.map((verb) => ({ apiGroups, resource: resources[0] ?? '', verb })),
  );
  const without = ({ resource, verb }: (typeof VERBS)[number]) =>
    CLUSTER_ACCESS.rules
      .map((rule) =>
        rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
      )
      .filter(({ verbs }) => verbs.length > 0);
  // Events only explain; jobs are listed by --cleanup alone.
  it.each(VERBS.filter(({ resource, verb }) => resource !== 'events' && !(resource === 'jobs' && verb === 'list')))(
    '$verb $resource',
    async (missing) => {
      const installation = await installed({ rules: without(missing) });
      const { code, stdout, stderr } = await run(installation, { args: ['--services', 'server'] });
      if (missing.verb === 'delete') {
        expect(stderr).toMatch(new RegExp(`could not be removed: .*cannot delete resource "${missing.resource}"`));
        // What belongs to a Job goes with it.
        if (missing.resource === 'pods') await expect.poll(() => installation.left()).toEqual([]);
        else expect(await installation.left()).not.toEqual([]);
        return;
      }
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(
          `^spacelift-preflight: operator is not allowed to ${missing.verb} ${missing.resource} in namespace`,
          'm',
        ),
      );
      // Without `list pods`, the run can't wait until they have ended.
      await expect.poll(() => installation.left()).toEqual([]);
    },
  );
});
