/** The Helm chart in a real cluster: a hook that fails stops the installation, and `helm test` tells of each service. */
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { JsonMap } from '../../src/util/json.ts';
import { CHART, helm } from '../peers/helm.ts';
import { refusedPort } from '../services/tcp.ts';
import { accountName, type Installation, SERVICES } from './real/installation.ts';
import { IMAGE, type Scene, startScene } from './real/scene.ts';

const RELEASE = 'preflight';

let scene: Scene;
/** The chart with an object that is no hook. */
let chart: string;
beforeAll(async () => {
  scene = await startScene(inject('image'));
  chart = join(await mkdtemp(join(scene.folder, 'chart-')), 'chart');
  await cp(CHART, chart, { recursive: true });
  const marker = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'installed' } };
  await writeFile(join(chart, 'templates/installed.yaml'), JSON.stringify(marker));
});
afterAll(() => scene?.stop());

const values = (): JsonMap => ({
  image: IMAGE,
  volumes: [{ name: 'ca', configMap: { name: 'ca' } }],
  volumeMounts: [{ name: 'ca', mountPath: '/etc/company-ca', readOnly: true }],
  options: { caFiles: ['/etc/company-ca/ca.pem'], strict: true },
  ...Object.fromEntries(SERVICES.map((service) => [service, { serviceAccount: { name: accountName(service) } }])),
});

const installed = (options: Parameters<Scene['installed']>[0] = {}): Promise<Installation> => {
  const ca = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'ca' },
    data: { 'ca.pem': scene.authority.certPem },
  };
  return scene.installed({ ...options, objects: [ca] });
};

/** As a cluster administrator. */
async function run({ namespace }: Installation, args: readonly string[], given?: JsonMap) {
  const env = { KUBECONFIG: await scene.cluster.kubeconfig('admin', namespace) };
  return helm([...args, '--namespace', namespace], { env, ...(given !== undefined && { values: given }) });
}
const install = (installation: Installation) => run(installation, ['upgrade', '--install', RELEASE, chart], values());

const isInstalled = async ({ namespace }: Installation): Promise<boolean> =>
  (await scene.cluster.kubectl(['get', 'configmaps', '-n', namespace, '-o=name'])).includes('configmap/installed');

/** The drain's own Secret, with a database that nothing listens for. */
async function unreachable(): Promise<Readonly<Record<string, string>>> {
  const url = new URL(scene.variables.DATABASE_URL ?? '');
  url.port = String((await refusedPort()).port);
  return { DATABASE_URL: url.href };
}

const setDrain = ({ namespace }: Installation, stringData: Readonly<Record<string, string>>) =>
  scene.cluster.kubectl(
    ['apply', '--server-side', '--force-conflicts', '-n', namespace, '--filename=-'],
    [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'spacelift-drain' }, stringData }],
  );

describe('a hook', () => {
  it('that fails stops the installation with its report, and lets it pass once the cause is gone', async () => {
    const installation = await installed({ own: { drain: await unreachable() } });
    const stopped = await install(installation);
    expect(stopped.code).not.toBe(0);
    expect(stopped.stderr).toMatch(/pre-install/);
    expect(stopped.stdout + stopped.stderr).toMatch(/✖ database\/connect[\s\S]*refused the connection/);
    expect(await isInstalled(installation)).toBe(false);

    await setDrain(installation, { DATABASE_URL: scene.variables.DATABASE_URL ?? '' });
    const passed = await install(installation);
    expect(passed).toMatchObject({ code: 0 });
    expect(await isInstalled(installation)).toBe(true);
  });
});

describe('helm test', () => {
  it('passes as each service, and fails when one of them can’t work', async () => {
    const installation = await installed();
    expect(await install(installation)).toMatchObject({ code: 0 });
    const green = await run(installation, ['test', RELEASE, '--logs']);
    expect(green).toMatchObject({ code: 0 });
    expect(green.stdout.match(/ready: .* passed/g)).toHaveLength(SERVICES.length);

    await setDrain(installation, await unreachable());
    const red = await run(installation, ['test', RELEASE, '--logs']);
    expect(red.code).not.toBe(0);
    expect(red.stdout + red.stderr).toMatch(/✖ database\/connect[\s\S]*refused the connection/);
  });
});
