/** Pull Secrets beside a config: their logins are read, and they set no variable. */
import { expect, test } from 'vitest';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';

const AUTHS = JSON.stringify({ auths: { 'registry.corp.io': { username: 'robot', password: 'a-long-password' } } });
const base64 = (text: string) => Buffer.from(text).toString('base64');

const pullSecret = ({
  type = 'dockerconfigjson',
  key = '.dockerconfigjson',
  namespace = 'spacelift',
  json = AUTHS,
} = {}) => `
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: ${namespace}}
type: kubernetes.io/${type}
data: {${key}: ${base64(json)}}
`;
const CONFIG = `
apiVersion: v1
kind: Secret
metadata: {name: spacelift-shared, namespace: spacelift}
stringData: {SERVER_DOMAIN: spacelift.corp.io}
`;

const loginsIn = async (...objects: string[]) => (await parseSource('all.yaml', objects.join('---'))).logins ?? [];

test('its logins are read, and masked', async () => {
  const source = await parseSource('all.yaml', [CONFIG, pullSecret()].join('---'));
  expect(source.entries.map(({ name }) => name)).toEqual(['SERVER_DOMAIN']);
  expect(source.logins).toEqual([
    {
      scope: 'registry.corp.io',
      credentials: { kind: 'password', username: 'robot', password: 'a-long-password' },
      origin: 'all.yaml (Secret regcred)',
    },
  ]);
  const deployment = makeDeployment([source], { environment: {} });
  expect(deployment.registryLogins).toEqual(source.logins);
  expect(deployment.secrets).toContain('a-long-password');
});

test('the older type, and stringData', async () => {
  const json = JSON.stringify({ 'registry.corp.io': { auth: base64('a:b') } });
  expect(await loginsIn(CONFIG, pullSecret({ type: 'dockercfg', key: '.dockercfg', json }))).toHaveLength(1);
  expect(
    await loginsIn(CONFIG, pullSecret().replace(/data: .*/, `stringData: {.dockerconfigjson: '${AUTHS}'}`)),
  ).toHaveLength(1);
});

test('it is kept where megabytes of other typed Secrets are left out', async () => {
  const helm = `apiVersion: v1\nkind: Secret\nmetadata: {name: release, namespace: spacelift}\ndata:\n  release: ${'QUFB'.repeat(200_000)}\ntype: helm.sh/release.v1\n`;
  const documents = [CONFIG, helm, pullSecret()].map((text) => text.trim());
  expect(await loginsIn(documents.map((text) => `${text}\n`).join('---\n'))).toHaveLength(1);
  const data = { '.dockerconfigjson': base64(AUTHS) };
  const object = (name: string, more: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, ...more });
  const items = [
    object('spacelift-shared', { data: { SERVER_DOMAIN: base64('spacelift.corp.io') } }),
    object('release', { type: 'helm.sh/release.v1', data: { release: 'QUFB' } }),
    object('regcred', { type: 'kubernetes.io/dockerconfigjson', data }),
  ];
  expect(await loginsIn(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))).toHaveLength(1);
});

test.each([
  ['in another namespace', pullSecret({ namespace: 'other' })],
  ['of another type', pullSecret({ type: 'tls' })],
  ['that was redacted', pullSecret().replace(/(\.dockerconfigjson: ).*/, '$1REDACTED}')],
  ['without data', pullSecret().replace(/^data: .*/m, '')],
])('one %s has no logins, and is no error', async (_, secret) => {
  expect(await loginsIn(CONFIG, secret)).toEqual([]);
});

test('alone it is no config', async () => {
  await expect(loginsIn(pullSecret())).resolves.toHaveLength(1);
  const stdin = (async function* () {
    yield Buffer.from(pullSecret());
  })();
  await expect(readSources(['-'], { stdin, env: {} })).rejects.toThrow(
    'standard input: contains no Spacelift variable; expected SERVER_DOMAIN, DATABASE_URL, …, as in: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  );
});
