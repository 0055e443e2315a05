import { expect, it } from 'vitest';
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
])('%s %s is refused', async (version, kind) => {
  const object = `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: spacelift-shared, namespace: spacelift}\n`;
  const plain = 'kind: Secret\nmetadata: {name: spacelift}\nstringData: {SERVER_DOMAIN: a.b}\n';
  const expected = `x.yaml: ${kind} spacelift-shared does not contain plaintext values; decrypt it first: kubectl get secret spacelift-shared -n spacelift -o yaml | spacelift-preflight -f -`;
  expect(await refusal('x.yaml', object)).toBe(expected);
  expect(await refusal('x.yaml', `${plain}---\n${object}`)).toBe(expected);
});

it('never puts a hostile name into a command', async () => {
  const object = 'kind: SealedSecret\nmetadata: {name: "x; rm -rf ~", namespace: "$(id)"}\n';
  expect(await refusal('x.yaml', object)).toContain('kubectl get secret NAME -o yaml |');
});
