import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { ECS_POLICY } from '../../src/cluster/ecs/access.ts';
import { CLUSTER_ACCESS } from '../../src/cluster/role.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { DEFAULTS, type Perspective, SERVICES } from '../../src/config/options.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { runChecks } from '../../src/engine/run.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { makePlan, type Plan } from '../../src/plan/plan.ts';
import { renderPlan } from '../../src/plan/pretty.ts';
import { variablesOf } from '../../src/plan/variables.ts';
import { PLAIN } from '../../src/report/style.ts';
import { loadWidths } from '../../src/report/wrap.ts';
import { ONPREM } from '../support/onprem.ts';
import { type Options, source, type Variables } from '../support/preflight.ts';
import { SECRET_VARIABLES } from '../support/sdk-variables.ts';
import { taskDefinition } from '../support/task-definitions.ts';
import { DEPLOYMENTS } from './deployments.ts';

beforeAll(loadWidths);

const deploymentOf = (variables: Variables, service?: Perspective) =>
  makeDeployment([source(variables)], { service, environment: {} });
const plan = (variables: Variables, { service, ...options }: Options = {}): Promise<Plan> =>
  makePlan(CHECKS, deploymentOf(variables, service), { ...DEFAULTS, ...options });

/** Each with a part that must not be seen. */
const CREDENTIALS = [
  'hunter22-hunter22',
  'me:hunter22@host.corp.io:1984',
  'https://me:hunter22@host.corp.io/x',
  'https://hunter22@host.corp.io/x',
  'https://me:hunter22/with?all#of@it@host.corp.io/x',
  'https://a.blob.core.windows.net/?sv=2024-11-04&ss=b&sig=hunter22%3D&se=2030',
  'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter22==;EndpointSuffix=core.windows.net',
  'BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=2024&sig=hunter22%3D',
];
/** What shows by itself that it is a credential. */
const LOGINS = [
  ...CREDENTIALS.slice(1),
  '//me:hunter22@broker:1',
  'svc@corp:hunter22@broker:1',
  'https://broker/x?X-Api-Key=hunter22&pwd=hunter22',
  'host=broker user=me password=hunter22',
  '{"user":"me","password":"hunter22"}',
];
const expectNoCredential = (text: string) => expect(text).not.toContain('hunter22');

const PERSPECTIVES = [undefined, ...SERVICES, 'worker'] as const;
const all = Object.entries(DEPLOYMENTS).flatMap(([name, variables]) =>
  PERSPECTIVES.map((service) => [name, service, variables] as const),
);

describe.each(all)('%s, service %s', (_, service, variables) => {
  const options = service === undefined ? {} : { service };

  test('an operation for every finding that a run would have', async () => {
    const planned = await plan(variables, options);
    // Ends before anything is tried: what is expected is there all the same.
    const ended = AbortSignal.abort();
    const run = await runChecks(
      CHECKS,
      deploymentOf(variables, service),
      DEFAULTS,
      networkContext(deploymentOf(variables, service), undefined),
      ended,
    );
    for (const { id, findings } of run.checks) {
      const operations = planned.checks.find((check) => check.id === id)?.operations ?? [];
      if (['configuration', 'pairing', 'license'].includes(id)) expect(operations).toEqual([]);
      else {
        const served = new Set(operations.flatMap(({ rules }) => rules));
        expect(served).toEqual(new Set(findings.map((finding) => finding.id)));
      }
    }
    expect(planned.checks.map(({ id }) => id)).toEqual(run.checks.map(({ id }) => id));
    expect(planned.checks.filter(({ hindered }) => hindered !== null)).toEqual([]);
  });

  test('--read-only plans nothing that writes', async () => {
    const planned = await plan(variables, { ...options, readOnly: true });
    expect(planned.checks.flatMap(({ operations }) => operations).filter(({ writes }) => writes !== null)).toEqual([]);
    const writing = /Put|Delete|Send|Publish|Encrypt$/;
    const { aws, minio } = planned.permissions;
    for (const policy of [aws?.least, aws?.further, minio?.least, minio?.further]) {
      const actions = policy?.Statement.flatMap(({ Action }) => Action) ?? [];
      expect(actions.filter((action) => writing.test(action) && !action.startsWith('kms:'))).toEqual([]);
    }
  });

  test('no secret, and at most 80 columns but for what can’t be broken', async () => {
    const planned = await plan(variables, options);
    const text = renderPlan(planned, PLAIN);
    for (const secret of ['a-long-', 'another-long-', 'eyJhbGci', 'LS0t', 'AKIA']) {
      expect(JSON.stringify(planned)).not.toContain(secret);
      expect(text).not.toContain(secret);
    }
    const long = text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
    expect(long).toEqual([]);
  });
});

describe('variables', () => {
  const shown = async (variables: Variables, name: string) =>
    (await plan(variables)).variables.find((variable) => variable.name === name);

  test('with their origin, or "default"', async () => {
    expect(await shown(ONPREM, 'SERVER_DOMAIN')).toEqual({
      name: 'SERVER_DOMAIN',
      value: 'spacelift.corp.internal',
      origin: 'test (all)',
      note: null,
    });
    expect(await shown(ONPREM, 'AWS_PARTITION')).toMatchObject({ value: 'aws', origin: 'default' });
    expect(await shown(ONPREM, 'WEBHOOKS_ENDPOINT')).toBeDefined();
    expect(await shown(ONPREM, 'SPACELIFT_PUBLIC_API')).toBeUndefined();
  });
  test('what is secret is not shown, nor what a URL carries', async () => {
    expect((await shown(ONPREM, 'DATABASE_URL'))?.value).toBe('‹redacted›');
    expect((await shown(DEPLOYMENTS['on premises'] ?? {}, 'SPACELIFT_PUBLIC_API'))?.value).toBe(
      'https://‹redacted›@api.corp.internal/v1?…',
    );
    const endpoint = { ...ONPREM, MQTT_BROKER_ENDPOINT: 'mqtt://user:pw@mqtt:1984' };
    expect((await shown(endpoint, 'MQTT_BROKER_ENDPOINT'))?.value).toBe('mqtt://‹redacted›@mqtt:1984');
    expect((await shown({ ...ONPREM, ADMIN_USERNAME: 'admin@corp.io' }, 'ADMIN_USERNAME'))?.value).toBe(
      'admin@corp.io',
    );
  });
  test.each(SECRET_VARIABLES)('%s is masked, whatever it holds', async (name) => {
    for (const value of CREDENTIALS) {
      const planned = await plan({ ...ONPREM, [name]: value });
      expectNoCredential(`${JSON.stringify(planned)}${renderPlan(planned, PLAIN)}`);
      const found = planned.variables.find((variable) => variable.name === name);
      if (found !== undefined) expect(found.value).toBe('‹redacted›');
    }
  });
  test.each([
    'SERVER_DOMAIN',
    'WEBHOOKS_ENDPOINT',
    'SPACELIFT_PUBLIC_API',
    'VCS_GATEWAY_ENDPOINT',
    'OBJECT_STORAGE_MINIO_ENDPOINT',
    'OBJECT_STORAGE_BUCKET_UPLOADS_URL',
    'MQTT_BROKER_ENDPOINT',
    'DD_TRACE_AGENT_URL',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
    'AZURE_AUTHORITY_HOST',
    'GCE_METADATA_HOST',
    'NO_PROXY',
    'FEATURE_FLAG_X',
  ])('a login, a signature or a key in %s is not seen, be the value right or wrong', async (name) => {
    for (const vendor of ['Datadog', 'OpenTelemetry', 'Disabled']) {
      for (const value of LOGINS) {
        const planned = await plan({ ...ONPREM, OBSERVABILITY_VENDOR: vendor, [name]: value });
        expectNoCredential(`${JSON.stringify(planned)}${renderPlan(planned, PLAIN)}`);
      }
    }
  });
  test.each([
    ['on Azure', 'OBJECT_STORAGE_AZURE_ACCOUNT_URL'],
    ['on AWS', 'MESSAGE_QUEUE_SQS_ASYNC_URL'],
    ['on AWS', 'AWS_ENDPOINT_URL_SQS'],
  ])('%s: nor in %s', async (deployment, name) => {
    expect(DEPLOYMENTS[deployment]).toBeDefined();
    for (const value of LOGINS) {
      const planned = await plan({ ...DEPLOYMENTS[deployment], [name]: value });
      expectNoCredential(`${JSON.stringify(planned)}${renderPlan(planned, PLAIN)}`);
    }
  });
  test('an image by its digest is no login', async () => {
    const image = 'registry.io/launcher:v3@sha256:0123456789abcdef';
    expect((await shown({ ...ONPREM, LAUNCHER_IMAGE: image }, 'LAUNCHER_IMAGE'))?.value).toBe(image);
  });
  test('a secret in the place of a name is not repeated', async () => {
    const planned = await plan({ ...ONPREM, ghp_16C7e42F292c6912E7710c838347Ae178B4a: 'x', hunter22: 'x', OWN: 'x' });
    expect(planned.unknown).toEqual(['OWN', '(not a name)', '(not a name)']);
  });
  test('what is missing, wrong or not known here says so', async () => {
    expect(await shown({ ...ONPREM, DATABASE_URL: '' }, 'DATABASE_URL')).toMatchObject({
      value: null,
      origin: 'not set',
      note: 'DATABASE_URL is not set',
    });
    expect(await shown({ ...ONPREM, ENCRYPTION_TYPE: 'aes' }, 'ENCRYPTION_TYPE')).toMatchObject({
      value: null,
      origin: 'test (all)',
      note: expect.stringContaining('ENCRYPTION_TYPE is not one of'),
    });
    const hidden = source({}, 'all', {
      entries: [{ name: 'DATABASE_URL', kind: 'secret', value: 'arn:x', service: 'all', origin: 'task.json' }],
    });
    const deployment = makeDeployment([source({ ...ONPREM, DATABASE_URL: undefined }), hidden], { environment: {} });
    const planned = await makePlan(CHECKS, deployment, DEFAULTS);
    expect(planned.variables).toContainEqual({
      name: 'DATABASE_URL',
      value: null,
      origin: 'task.json',
      note: 'set, but the value is unknown',
    });
    expect(planned.checks.find(({ id }) => id === 'database')?.hindered).toContain('not known here');
  });
  test('unknown names are named, without their values', async () => {
    const planned = await plan({ ...ONPREM, MY_OWN: 'a-long-value' });
    expect(planned.unknown).toEqual(['MY_OWN']);
    expect(JSON.stringify(planned)).not.toContain('a-long-value');
  });
});

test('a bucket that several variables name is listed once', async () => {
  const name = ONPREM.OBJECT_STORAGE_BUCKET_MODULES;
  const { checks } = await plan({
    ...ONPREM,
    OBJECT_STORAGE_BUCKET_STATES: name,
    OBJECT_STORAGE_BUCKET_WORKSPACE: name,
  });
  for (const { at } of checks.flatMap(({ operations }) => operations)) expect(at).toEqual([...new Set(at)]);
});

test('what the config does not tell is noted', async () => {
  expect((await plan(DEPLOYMENTS['on AWS'] ?? {})).notes).toEqual([expect.stringContaining('kms:GenerateDataKey')]);
  expect((await plan(ONPREM)).notes).toEqual([]);
});

test('a config from Kubernetes comes with the Role for a run in it', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'spacelift-shared' }, stringData: ONPREM };
  const read = await parseSource('shared.json', JSON.stringify(secret));
  const planned = await makePlan(CHECKS, makeDeployment([read], { environment: {} }), DEFAULTS);
  expect(planned.kubernetes).toEqual(CLUSTER_ACCESS);
  expect(renderPlan(planned, PLAIN)).toContain("\n  - { apiGroups: [''], resources: [pods/log], verbs: [get] }\n");
  expect((await plan(ONPREM)).kubernetes).toBeNull();
});

test('a task definition comes with the policy for a run in ECS', async () => {
  const read = await parseSource('task.json', JSON.stringify(taskDefinition('drain')));
  const planned = await makePlan(CHECKS, makeDeployment([read], { environment: {} }), DEFAULTS);
  expect(planned).toMatchObject({ ecs: ECS_POLICY, kubernetes: null });
  const text = renderPlan(planned, PLAIN);
  expect(text).toContain('AWS: policy for your own credentials, for run ecs');
  expect(text).toContain('"ecs:RunTask"');
  expect((await plan(ONPREM)).ecs).toBeNull();
});

describe('--only and --skip', () => {
  test('decide what is planned, and what it takes', async () => {
    const planned = await plan(ONPREM, { only: ['object-storage/states/*'], skip: ['*/retention', '*/public'] });
    expect(planned.checks.map(({ id }) => id)).toEqual(['object-storage']);
    const resources = planned.permissions.minio?.least?.Statement.flatMap(({ Resource }) => Resource) ?? [];
    expect(resources).toContain('arn:aws:s3:::spacelift-states');
    expect(planned.permissions.postgresql).toBeUndefined();
  });
});

test('a certificate with its private key is not shown', async () => {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  for (const text of [`${certificate}${privateKey}`, `${privateKey}${certificate}`]) {
    const SAML_CERT = Buffer.from(text).toString('base64');
    const deployment = makeDeployment([source({ ...ONPREM, SAML_CERT })], { environment: {} });
    expect(variablesOf(deployment).variables.find(({ name }) => name === 'SAML_CERT')?.value).toBe('‹redacted›');
  }
});
