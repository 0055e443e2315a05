import { describe, expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { base64, refusal, valuesOf } from './helpers.ts';

const CIPHER = 'ENC[AES256_GCM,data:3d8f,iv:aa==,tag:bb==,type:str]';
const SOPS = (file: string) =>
  `${file}: encrypted with SOPS; decrypt it first: sops -d ${file} | spacelift-preflight -f -`;

it.each([
  ['a.yaml', `kind: Secret\ndata:\n  DATABASE_URL: ${CIPHER}\nsops:\n  mac: ${CIPHER}\n`],
  ['a.json', JSON.stringify({ DATABASE_URL: CIPHER, sops: { mac: CIPHER } })],
  ['a.env', `DATABASE_URL=${CIPHER}\nsops_version=3.9.0\n`],
  ['map.yaml', `DATABASE_URL: ${CIPHER}\nSERVER_DOMAIN: a.b\n`],
  [
    'task.json',
    JSON.stringify([{ name: 'server', image: 'x', environment: [{ name: 'DATABASE_URL', value: CIPHER }] }]),
  ],
])('SOPS in %s is refused', async (file, text) => {
  expect(await refusal(file, text)).toBe(SOPS(file));
});

it.each([
  ['shared.vault', '$ANSIBLE_VAULT;1.1;AES256\n6238', 'Ansible Vault', 'ansible-vault view'],
  [
    'inline.yaml',
    'SERVER_DOMAIN: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6238',
    'Ansible Vault',
    'ansible-vault view',
  ],
  ['x.age', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl', 'age', 'age -d'],
  ['x.asc', '-----BEGIN PGP MESSAGE-----\n\nhQ', 'PGP', 'gpg -d'],
])('%s is refused', async (file, text, by, command) => {
  expect(await refusal(file, text)).toBe(
    `${file}: encrypted with ${by}; decrypt it first: ${command} ${file} | spacelift-preflight -f -`,
  );
});

it('names a command that can be pasted', async () => {
  expect(await refusal('my config.yaml', `A: ${CIPHER}`)).toContain("sops -d 'my config.yaml' |");
  expect(await refusal("it's.yaml", `A: ${CIPHER}`)).toContain(`sops -d 'it'\\''s.yaml' |`);
  expect(await refusal('-a.yaml', `A: ${CIPHER}`)).toContain(`sops -d ./'-a.yaml' |`);
  expect(await refusal('-', `A: ${CIPHER}`)).toContain('standard input: encrypted with SOPS');
  expect(await refusal('-', `A: ${CIPHER}`)).toContain('sops -d FILE |');
  expect(await refusal('a\nb.yaml', `A: ${CIPHER}`)).toContain('sops -d FILE |');
});

it('finds an encrypted value behind base64', async () => {
  const text = `kind: Secret\ndata:\n  DATABASE_URL: ${base64(CIPHER)}\n`;
  expect(await refusal('a.yaml', text)).toBe(
    'a.yaml: the value of DATABASE_URL is encrypted; decrypt it first: sops -d a.yaml | spacelift-preflight -f -',
  );
});

it("lets a Datadog agent's references be", async () => {
  const source = await parseSource('.env', 'SERVER_DOMAIN=a.b\nDD_API_KEY=ENC[datadog_key]\n');
  expect(valuesOf(source)).toMatchObject({ DD_API_KEY: 'ENC[datadog_key]' });
});

it.each([
  ['bitnami.com/v1alpha1', 'SealedSecret'],
  ['external-secrets.io/v1', 'ExternalSecret'],
  ['external-secrets.io/v1', 'ClusterExternalSecret'],
  ['secrets.hashicorp.com/v1beta1', 'VaultStaticSecret'],
  ['secrets.hashicorp.com/v1beta1', 'VaultDynamicSecret'],
])('%s %s alone is refused', async (version, kind) => {
  const object = `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: spacelift-shared, namespace: spacelift}\n`;
  expect(await refusal('x.yaml', object)).toBe(
    `x.yaml: ${kind} spacelift-shared has no values, only the Secret that the cluster creates from it; pass that: kubectl get secret spacelift-shared -n spacelift -o yaml | spacelift-preflight -f -`,
  );
});

describe('an object from which the cluster creates a Secret', () => {
  const plain =
    'kind: Secret\nmetadata: {name: spacelift-server, namespace: spacelift}\nstringData: {SERVER_DOMAIN: a.b}\n';
  const object = (kind: string, spec: string, name = 'spacelift-shared') =>
    `kind: ${kind}\nmetadata: {name: ${name}, namespace: spacelift}\nspec: ${spec}\n`;

  it.each([
    ['ExternalSecret', '{target: {name: c}, data: [{secretKey: DATABASE_URL, remoteRef: {key: x}}]}'],
    ['ExternalSecret', '{target: {template: {data: {DATABASE_URL: "{{ .x }}"}}}, dataFrom: [{extract: {key: x}}]}'],
    ['ClusterExternalSecret', '{externalSecretSpec: {data: [{secretKey: DATABASE_URL}]}}'],
    ['SealedSecret', '{encryptedData: {DATABASE_URL: AgBy3i4OJSWK}}'],
    ['SecretProviderClass', '{secretObjects: [{secretName: c, data: [{key: DATABASE_URL, objectName: x}]}]}'],
    ['SopsSecret', '{secretTemplates: [{name: c, stringData: {DATABASE_URL: x}}]}'],
  ])('%s %s sets its keys, which are not known here', async (kind, spec) => {
    const source = await parseSource('x.yaml', `${plain}---\n${object(kind, spec)}`);
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', DATABASE_URL: 'secret: ' });
    expect(source.incomplete).toBe(false);
    expect(source.entries.at(-1)).toMatchObject({ unseen: 'operator', origin: `x.yaml (${kind} spacelift-shared)` });
  });

  it.each([
    ['ExternalSecret', '{dataFrom: [{extract: {key: x}}]}'],
    ['VaultStaticSecret', '{destination: {name: spacelift-shared}}'],
    ['OnePasswordItem', '{itemPath: x}'],
  ])('%s can set anything', async (kind, spec) => {
    const source = await parseSource('x.yaml', `${plain}---\n${object(kind, spec)}`);
    expect(source).toMatchObject({ incomplete: true, unseen: 'operator' });
    const elsewhere = object(kind, spec).replace('namespace: spacelift', 'namespace: other');
    expect((await parseSource('x.yaml', `${plain}---\n${elsewhere}`)).incomplete).toBe(false);
  });

  it('counts for nothing if it has none of Spacelift’s keys, or the Secret is there too', async () => {
    const others = [
      object('ExternalSecret', '{data: [{secretKey: password}]}', 'grafana'),
      object('ExternalSecret', '{dataFrom: [{extract: {key: x}}]}', 'spacelift-server'),
    ];
    const source = await parseSource('x.yaml', [plain, ...others].join('---\n'));
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b' });
    expect(source.incomplete).toBe(false);
  });

  it('is what workloads refer to', async () => {
    const deployment =
      'kind: Deployment\nmetadata: {name: spacelift-server, namespace: spacelift}\nspec: {template: {spec: {containers: [{name: server, envFrom: [{secretRef: {name: spacelift-server}}], env: [{name: LICENSE_TOKEN, valueFrom: {secretKeyRef: {name: made, key: x}}}]}]}}}\n';
    const made = object('VaultStaticSecret', '{destination: {name: made}}', 'x');
    const source = await parseSource('x.yaml', [plain, deployment, made].join('---\n'));
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', LICENSE_TOKEN: 'secret: ' });
  });
});

describe('SOPS in one of several documents', () => {
  const encrypted = `kind: Secret\nmetadata: {name: spacelift-shared}\nstringData:\n  DATABASE_URL: ${CIPHER}\n  ENVIRONMENT: prod\nsops:\n  mac: ${CIPHER}\n`;

  it('is set, and not known here', async () => {
    const text = `kind: Secret\nmetadata: {name: spacelift-server}\nstringData: {SERVER_DOMAIN: a.b}\n---\n${encrypted}`;
    const source = await parseSource('x.yaml', text);
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', DATABASE_URL: 'secret: ', ENVIRONMENT: 'prod' });
  });

  it('is refused if the others are no config', async () => {
    const service = 'kind: Service\nmetadata: {name: x}\n---\n';
    const text = `${service}${encrypted.replace('  ENVIRONMENT: prod\n', '')}`;
    expect(await refusal('a.yaml', text)).toBe(SOPS('a.yaml'));
  });
});

it('never puts a hostile name into a command', async () => {
  const object = 'kind: SealedSecret\nmetadata: {name: "x; rm -rf ~", namespace: "$(id)"}\n';
  expect(await refusal('x.yaml', object)).toContain('kubectl get secret NAME -o yaml |');
});
