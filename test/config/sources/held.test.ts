/** Configs in secret stores, workloads, Compose files and units; and inputs without one, with the command that prints one. */
import { describe, expect, it } from 'vitest';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';
import { base64, refusal, valuesOf } from './helpers.ts';

describe('workloads', () => {
  const OBJECTS = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: spacelift}
stringData: {url: "postgres://a:b@h/d", SERVER_DOMAIN: from.secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: spacelift}
data: {REGION: eu-west-1, SERVER_DOMAIN: from.map}
---
apiVersion: v1
kind: Secret
metadata: {name: other-app, namespace: spacelift}
stringData: {DATABASE_URL: "postgres://other:b@h/d"}
---
`;
  const deployment = (container: string, kind = 'Deployment') =>
    `${OBJECTS}apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: main, namespace: spacelift}\nspec: {template: {spec: {containers: [${container}]}}}\n`;

  it.each<[string, string, Record<string, string>]>([
    [
      'later envFrom beats earlier',
      'envFrom: [{secretRef: {name: db}}, {configMapRef: {name: config}}]',
      { SERVER_DOMAIN: 'from.map', REGION: 'eu-west-1', url: 'postgres://a:b@h/d' },
    ],
    [
      'env beats envFrom',
      'envFrom: [{configMapRef: {name: config}}], env: [{name: SERVER_DOMAIN, value: own}]',
      { SERVER_DOMAIN: 'own', REGION: 'eu-west-1' },
    ],
    [
      'a prefix is put in front',
      'envFrom: [{configMapRef: {name: config}, prefix: AWS_}], env: [{name: SERVER_DOMAIN, value: own}]',
      { AWS_REGION: 'eu-west-1', AWS_SERVER_DOMAIN: 'from.map', SERVER_DOMAIN: 'own' },
    ],
    [
      'keys have other names',
      'env: [{name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}, {name: AWS_REGION, valueFrom: {configMapKeyRef: {name: config, key: REGION}}}]',
      { DATABASE_URL: 'postgres://a:b@h/d', AWS_REGION: 'eu-west-1' },
    ],
    [
      'variables refer to others',
      'env: [{name: SERVER_DOMAIN, value: a.b}, {name: WEBHOOKS_ENDPOINT, value: "https://$(SERVER_DOMAIN)/$(NONE)/$$(SERVER_DOMAIN)"}]',
      { SERVER_DOMAIN: 'a.b', WEBHOOKS_ENDPOINT: 'https://a.b/$(NONE)/$(SERVER_DOMAIN)' },
    ],
    [
      'optional references can be missing',
      'envFrom: [{secretRef: {name: none, optional: true}}], env: [{name: SERVER_DOMAIN, value: a.b}, {name: ENVIRONMENT, valueFrom: {secretKeyRef: {name: none, key: x, optional: true}}}]',
      { SERVER_DOMAIN: 'a.b' },
    ],
    [
      'what is elsewhere is not known here',
      'env: [{name: SERVER_DOMAIN, value: a.b}, {name: LICENSE_TOKEN, valueFrom: {secretKeyRef: {name: none, key: x}}}, {name: DD_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]',
      { SERVER_DOMAIN: 'a.b', LICENSE_TOKEN: 'secret: ', DD_AGENT_HOST: 'secret: ' },
    ],
  ])('%s', async (_, container, expected) => {
    const text = deployment(`{name: app, command: [spacelift, backend, server], ${container}}`);
    const source = await parseSource('x.yaml', text);
    expect(valuesOf(source)).toEqual(expected);
    expect(new Set(source.entries.map(({ service }) => service))).toEqual(new Set(['server']));
  });

  it('a Secret that is not in the input can set anything', async () => {
    const text = deployment(
      '{name: server, envFrom: [{secretRef: {name: none}}], env: [{name: SERVER_DOMAIN, value: a.b}]}',
    );
    expect(await parseSource('x.yaml', text)).toMatchObject({ incomplete: true, unseen: 'cluster' });
  });

  it('other programs in the same input are ignored', async () => {
    const text = deployment('{name: web, envFrom: [{configMapRef: {name: config}, prefix: X_}]}');
    expect(valuesOf(await parseSource('x.yaml', text))).toMatchObject({ DATABASE_URL: 'postgres://other:b@h/d' });
  });
});

it('Secrets with a type do not count, however large', async () => {
  const release = 'H4sIAAAA'.repeat(80_000);
  const helm = (index: number) =>
    `- apiVersion: v1\n  data:\n    release: ${release}\n  kind: Secret\n  metadata:\n    name: sh.helm.release.v1.app.v${index}\n    namespace: spacelift\n  type: helm.sh/release.v1\n`;
  const own = `- apiVersion: v1\n  data:\n    SERVER_DOMAIN: ${base64('a.b')}\n  kind: Secret\n  metadata:\n    name: spacelift-shared\n    namespace: spacelift\n  type: Opaque\n`;
  const count = Array.from({ length: 16 }, (_, index) => index);
  const yaml = `apiVersion: v1\nitems:\n${count.map(helm).join('')}${own}kind: List\n`;
  const json = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...count.map((index) => ({
        kind: 'Secret',
        metadata: { name: `r${index}` },
        type: 'helm.sh/release.v1',
        data: { release },
      })),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'spacelift-shared' },
        data: { SERVER_DOMAIN: base64('a.b') },
      },
    ],
  });
  for (const text of [yaml, json]) {
    expect(text.length).toBeGreaterThan(8 * 1024 * 1024);
    const stdin = (async function* () {
      yield Buffer.from(text);
    })();
    expect((await readSources(['-'], { stdin, env: {} })).map(valuesOf)).toEqual([{ SERVER_DOMAIN: 'a.b' }]);
  }
});

it('variables of the shell and files are not known here, in Compose', async () => {
  const source = await parseSource(
    'x.yaml',
    'x-env: &env {SERVER_DOMAIN: a.b, DRAIN_CONCURRENCY_IOT: 5}\nservices:\n  server:\n    image: x\n    env_file: [.env]\n    environment:\n      <<: *env\n      DATABASE_URL: ${DATABASE_URL}\n      ADMIN_USERNAME: a$$b\n      ADMIN_PASSWORD:\n  db: {image: postgres}\n',
  );
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'a.b',
    DRAIN_CONCURRENCY_IOT: '5',
    DATABASE_URL: 'secret: ',
    ADMIN_USERNAME: 'a$b',
    ADMIN_PASSWORD: 'secret: ',
  });
  expect(source).toMatchObject({ incomplete: true, unseen: 'envFile' });
  expect(source.entries[0]).toMatchObject({ service: 'server', origin: 'x.yaml (service server)' });
});

it('a unit has quotes, escapes and specifiers', async () => {
  const source = await parseSource(
    'x.service',
    '[Unit]\nDescription=x\n[Service]\nEnvironment="SERVER_DOMAIN=a.b" \'ENVIRONMENT=a "b"\' \\\n  ADMIN_PASSWORD=a%%20b\n; Environment=AWS_REGION=x\nEnvironment=ADMIN_USERNAME=%H\nEnvironmentFile=-/etc/x\nExecStart=/usr/bin/spacelift backend drain\n',
  );
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'a.b',
    ENVIRONMENT: 'a "b"',
    ADMIN_PASSWORD: 'a%20b',
    ADMIN_USERNAME: 'secret: ',
  });
  expect(source).toMatchObject({ incomplete: true, unseen: 'unit' });
  expect(source.entries[0]?.service).toBe('drain');
});

it.each([
  ['one container', '{"name":"server","image":"x","environment":[{"name":"SERVER_DOMAIN","value":"a.b"}]}', 'server'],
  ['a container without a name', '{"environment":[{"name":"SERVER_DOMAIN","value":"a.b"}]}', 'all'],
  ['docker inspect', '[{"Id":"1","Config":{"Env":["SERVER_DOMAIN=a.b"]}}]', 'all'],
  ['Parameter Store', '{"Parameters":[{"Name":"/spacelift/SERVER_DOMAIN","Value":"a.b"}]}', 'all'],
  ['Azure Key Vault', '{"id":"https://x.vault.azure.net/secrets/c/1","value":"SERVER_DOMAIN=a.b\\n"}', 'all'],
  ['Infisical', '[{"key":"SERVER_DOMAIN","value":"a.b","type":"shared"}]', 'all'],
  ['values of a chart', 'image: x\nweb:\n  env: {SERVER_DOMAIN: a.b}\n', 'all'],
])('%s', async (_, text, service) => {
  const { entries } = await parseSource('x', text);
  expect(entries.map((entry) => [entry.name, entry.value, entry.service])).toEqual([['SERVER_DOMAIN', 'a.b', service]]);
});

it.each([
  [
    'aws_region    = "eu-west-1"\nserver_domain = "a.b"\n',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '{"aws_region":"eu-west-1","server_domain":"a.b"}',
    'variables of Terraform (tfvars), which describe infrastructure; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '# x\nmodule "spacelift" {\n  source = "x"\n}\n',
    'Terraform code, which has no values yet; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  [
    '\nexport AWS_REGION=eu-west-1\nexport SERVER_DOMAIN=a.b\nexport K8S_NAMESPACE=x\n',
    'the output shell, which describes infrastructure only; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    'database_url = <sensitive>\nvpc_id = "vpc-1"\n',
    'the outputs of Terraform without sensitive values; pass the config: tofu output -json | spacelift-preflight -f -',
  ],
  [
    '{"@level":"info","@message":"x"}\n',
    'the log of tofu plan -json; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  ['age-encryption.org/v1\n-> X25519 x\n', 'encrypted with age; pass the config: age -d x | spacelift-preflight -f -'],
  [
    'shared:\n  secretRef: spacelift-shared\n',
    'Helm values that name Secrets; pass the config: kubectl get secrets spacelift-shared spacelift-server spacelift-drain -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"serial":1,"encrypted_data":"x","encryption_version":"v0"}',
    'a state that OpenTofu encrypted; pass the config: tofu show -json | spacelift-preflight -f -',
  ],
  [
    'Resources:\n  Task: {Type: AWS::ECS::TaskDefinition}\n',
    'a CloudFormation template; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    '{"ARN":"arn:x","Name":"x","VersionIdsToStages":{}}',
    'the description of a secret without its value; pass the config: aws secretsmanager get-secret-value --secret-id NAME | spacelift-preflight -f -',
  ],
  [
    'services:\n  web: {image: x}\n',
    'a Compose file, but no service of it is Spacelift’s; pass all variables: docker compose config | spacelift-preflight -f -',
  ],
  ['[Service]\nExecStart=/bin/x\n', 'a systemd unit without variables; expected Environment= lines'],
  [
    'Error from server (NotFound): secrets "x" not found\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'error: You must be logged in to the server (Unauthorized)\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n',
    'an error message of kubectl; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'No resources found in spacelift namespace.\n',
    'a message of kubectl, which found nothing; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'NAME               TYPE     DATA   AGE\nspacelift-shared   Opaque   24     3d\n',
    'a table of kubectl, which has no values; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Name:         spacelift-shared\nNamespace:    spacelift\n\nData\n====\nDATABASE_URL:  9 bytes\n',
    'a description by kubectl, which has no values; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'NAME: spacelift\nLAST DEPLOYED: today\n',
    'the status of a Helm release; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Warning: x is deprecated\napiVersion: v1\nitems: []\n',
    'warnings of kubectl in front of its output, because of 2>&1; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'Error: release: not found\n',
    'a message of a command; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    'CONTAINER ID   IMAGE     COMMAND\nabc            x         y\n',
    'a table of Docker, which has no values; pass the config: docker inspect CONTAINER | spacelift-preflight -f -',
  ],
  [
    '<!DOCTYPE html>\n<html></html>',
    'an HTML page, such as a login form; pass the config: kubectl get secrets,configmaps -n NAMESPACE -o yaml | spacelift-preflight -f -',
  ],
  [
    '\nAn error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: x\n',
    'an error message of the AWS CLI; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    '╷\n│ Error: Output "x" not found\n',
    'a message of Terraform or OpenTofu; pass the config: tofu output -raw kubernetes_secrets | spacelift-preflight -f -',
  ],
  [
    '# module.x.aws_db_instance.a[0]: (sensitive)\n# aws_s3_bucket.x:\nresource "aws_s3_bucket" "x" {\n}\n',
    'the text of tofu show, without sensitive values; pass the config: tofu show -json | spacelift-preflight -f -',
  ],
  [
    '\nTerraform used the selected providers to generate the following execution\nplan.\n',
    'the text of a plan, without sensitive values; pass the config: tofu plan -out plan.out && tofu show -json plan.out | spacelift-preflight -f -',
  ],
  [
    '====== Data ======\nKey    Value\n',
    'a table of Vault; pass the config: vault kv get -format=json -mount=MOUNT PATH | spacelift-preflight -f -',
  ],
  [
    '{"request_id":"x","data":{"data":null,"metadata":{"version":3}}}',
    'a version of a Vault secret that was deleted; pass the config: vault kv get -format=json -mount=MOUNT PATH | spacelift-preflight -f -',
  ],
  ['job "spacelift" {\n}\n', 'a Nomad job in HCL; pass the config: nomad job inspect NAME | spacelift-preflight -f -'],
  ['declare -x SERVER_DOMAIN="a.b"\n', 'the output of export -p; pass the config: env | spacelift-preflight -f -'],
  [
    '[spacelift]\nSERVER_DOMAIN=a.b\n',
    "an INI or TOML file with sections; pass the config: sed '/^\\[/d' x | spacelift-preflight -f -",
  ],
  [
    '{"Parameters":[{"Name":"/x/SERVER_DOMAIN","Type":"SecureString"}]}',
    'parameters without their values, or encrypted ones; pass the config: aws ssm get-parameters-by-path --path /PATH --recursive --with-decryption | spacelift-preflight -f -',
  ],
  [
    '[{"id":"https://x.vault.azure.net/secrets/a","name":"a"}]',
    'a list of Azure Key Vault without values; pass the config: az keyvault secret show --vault-name VAULT --name NAME | spacelift-preflight -f -',
  ],
  [
    '{"ARN":"arn:x","Name":"a","SecretString":"postgres://a:b@h/d"}',
    'secret a holds one value, without the name of a variable; pass it in a dotenv file: DATABASE_URL=…',
  ],
  [
    '{"name":"projects/1/secrets/a/versions/1","payload":{"data":"YQ=="}}',
    'secret a holds one value, without the name of a variable; pass it in a dotenv file: DATABASE_URL=…',
  ],
  [
    '{"username":"a","password":"b","host":"h"}',
    'the login of a database, without Spacelift’s variables; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    '{"tasks":[],"failures":[]}',
    'a list of ECS without variables; pass the config: aws ecs describe-task-definition --task-definition NAME | spacelift-preflight -f -',
  ],
  [
    'kind: HelmRelease\nmetadata: {name: spacelift, namespace: flux}\nspec: {targetNamespace: spacelift}\n',
    'HelmRelease spacelift is rendered in the cluster; pass the config: kubectl get deployments,secrets,configmaps -n spacelift -o yaml | spacelift-preflight -f -',
  ],
  [
    'kind: Application\nmetadata: {name: spacelift, namespace: argocd}\nspec: {destination: {namespace: spacelift}}\n',
    'Application spacelift is rendered in the cluster; pass the config: kubectl get deployments,secrets,configmaps -n spacelift -o yaml | spacelift-preflight -f -',
  ],
  [
    'kind: Kustomization\nresources: [x]\n',
    'a Kustomization, which names the files of a config; pass the config: kubectl kustomize DIRECTORY | spacelift-preflight -f -',
  ],
  [
    '{"kind":"Status","status":"Failure","code":404}',
    'an error of the Kubernetes API; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
  [
    'plain words\n',
    'expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map; found plain text; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
  ],
])('is refused: %j', async (text, expected) => {
  expect(await refusal('x', text)).toBe(`x: ${expected}`);
});

it.each(['', '\n\n', '# a comment\n', '{}', '[]', 'null', '{}\n{}', '---\n---\n', '""', '~'])(
  'is empty: %j',
  async (text) => {
    expect(await refusal('x', text)).toBe(
      'x: empty; expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
    );
  },
);

it('a secret of the platform is set, but not known here', async () => {
  const env = [
    { name: 'SERVER_DOMAIN', value: 'a.b' },
    { name: 'DATABASE_URL', secretRef: 'db' },
  ];
  const app = { name: 'app', properties: { template: { containers: [{ name: 'drain', env }] } } };
  const group = {
    containers: [{ name: 'drain', environmentVariables: [env[0], { name: 'DATABASE_URL', value: null }] }],
  };
  for (const one of [app, group]) {
    const source = await parseSource('x', JSON.stringify(one));
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', DATABASE_URL: 'secret: ' });
    expect(source.entries.map(({ service }) => service)).toEqual(['drain', 'drain']);
  }
});

it('an error in one of several JSON documents has its position', async () => {
  expect(await refusal('x', '{"SERVER_DOMAIN": "a.b"}\n---\n{"ENVIRONMENT": }\n')).toBe(
    'x: not valid JSON at line 3, column 17',
  );
});
