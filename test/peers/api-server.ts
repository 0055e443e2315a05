/** As much of the API server of Kubernetes as it takes to look up service accounts. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonMap } from '../../src/util/json.ts';

export interface ApiServer {
  readonly env: { readonly KUBECONFIG: string };
  /** The paths of the accounts that were looked up. */
  readonly lookedUp: readonly string[];
  close(): Promise<void>;
}

/** @param accounts by the name; `default` is there if any is */
export async function startApiServer(accounts: Readonly<Record<string, JsonMap>>): Promise<ApiServer> {
  const lookedUp: string[] = [];
  const resource = {
    name: 'serviceaccounts',
    singularName: '',
    namespaced: true,
    kind: 'ServiceAccount',
    verbs: ['get'],
  };
  const answers: Readonly<Record<string, JsonMap>> = {
    '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [resource] },
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://server').pathname;
    const [, name] = /^\/api\/v1\/namespaces\/spacelift\/serviceaccounts\/(.+)$/.exec(path) ?? [];
    if (name !== undefined) lookedUp.push(name);
    const metadata = name === undefined ? undefined : accounts[name];
    const found = metadata === undefined ? answers[path] : { kind: 'ServiceAccount', apiVersion: 'v1', metadata };
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? status));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'preflight-kubeconfig-'));
  const path = join(folder, 'config');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'x', cluster: { server: url } }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    users: [{ name: 'x', user: {} }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(config));
  return {
    env: { KUBECONFIG: path },
    lookedUp,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
