import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import type { Source } from '../../src/config/entry.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source, type Variables } from '../support/preflight.ts';

const CHECKS = [configuration, pairing];

const EKS: Variables = {
  SERVER_DOMAIN: 'spacelift.corp.io',
  DATABASE_URL: 'postgres://spacelift:a-long-db-password@db.corp.io:5432/spacelift',
  ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'arn:aws:kms:eu-west-1:012345678901:key/0d2f0b4c-1111-2222-3333-444455556666',
  ENCRYPTION_KMS_SIGNING_KEY_ID: 'alias/spacelift-signing',
  MQTT_BROKER_ENDPOINT: 'a1b2c3d4-ats.iot.eu-west-1.amazonaws.com',
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://uploads.s3.eu-west-1.amazonaws.com',
  AWS_ACCOUNT_ID: '012345678901',
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  ...Object.fromEntries(Object.entries(ONPREM).filter(([name]) => /^OBJECT_STORAGE_BUCKET_(?!UPLOADS_URL)/.test(name))),
  ...Object.fromEntries(
    ['ASYNC', 'ASYNC_FIFO', 'CRONJOBS', 'DLQ', 'DLQ_FIFO', 'EVENTS_INBOX', 'IOT', 'WEBHOOKS'].map((queue) => [
      `MESSAGE_QUEUE_SQS_${queue}_URL`,
      `https://sqs.eu-west-1.amazonaws.com/012345678901/spacelift-${queue.toLowerCase()}`,
    ]),
  ),
};

const trouble = async (variables: Variables | readonly Source[], options = {}) => {
  const result = await preflight(CHECKS, variables, options);
  return result.findings
    .filter(({ status }) => status === 'fail' || status === 'warn')
    .map(({ rule, evidence }) => (evidence.variable === undefined ? rule : `${rule} ${evidence.variable}`));
};

describe('a healthy config passes without a warning', () => {
  test('on premises', async () => {
    expect(await trouble(ONPREM)).toEqual([]);
  });
  test('on AWS, all choices by default', async () => {
    expect(await trouble(EKS)).toEqual([]);
  });
  test('as a job’s environment, with all that a shell has', async () => {
    const everything = { ...ONPREM, PATH: '/usr/bin', SERVER_DOMAINS: 'x', AWS_SESSION_TOKEN: 'abcdefgh' };
    expect(await trouble([source(everything, 'all', { process: true })])).toEqual([]);
  });
  test('numbers, booleans and addresses in all their forms', async () => {
    const more = {
      OBJECT_STORAGE_MINIO_USE_SSL: 'TRUE',
      OBJECT_STORAGE_MINIO_ENDPOINT: '10.0.0.7:9000',
      DRAIN_CONCURRENCY_ASYNC_JOBS: '15',
      DRAIN_SCHEDULER_ENABLED: 'false',
      VCS_GATEWAY_ENDPOINT: 'vcs-gateway.corp.io:443',
      FEATURE_FLAG_ANYTHING: 'on',
      POLICY_REGO_TIMEOUT_LOGIN: '1m30s',
      POLICY_REGO_EVALUATION_COMBINED_TIMEOUT: '.5h',
      FEDERATION_CUSTOM_ISSUER: 'https://id.corp.io/spacelift',
      FEDERATION_CUSTOM_JWKS_URI: 'https://id.corp.io/jwks.json',
      BITBUCKET_AFFECTED_CHANGES_PER_PAGE_FILES: '500',
      GATEWAY_GRPC_PORT: '1984',
      GATEWAY_HTTP_PORT: '1985',
      VCS_GATEWAY_FORCE_IP: '10.0.0.7',
      ENABLE_INSTRUMENTATION_ENDPOINTS: 'true',
      SLACK_APP_CLIENT_ID: '',
    };
    expect(await trouble({ ...ONPREM, ...more })).toEqual([]);
  });
});

/** Each fault: what is changed in a healthy config, and exactly what must be found. */
const FAULTS: readonly [string, Variables, Variables, readonly string[]][] = [
  ['no domain', ONPREM, { SERVER_DOMAIN: '' }, ['configuration/required SERVER_DOMAIN']],
  ['white space alone', ONPREM, { SERVER_DOMAIN: ' ' }, ['configuration/whitespace SERVER_DOMAIN']],
  [
    'no bucket',
    ONPREM,
    { OBJECT_STORAGE_BUCKET_STATES: undefined },
    ['configuration/required OBJECT_STORAGE_BUCKET_STATES'],
  ],
  ['no license token', ONPREM, { LICENSE_TOKEN: '' }, ['configuration/required LICENSE_TOKEN']],
  ['domain with scheme', ONPREM, { SERVER_DOMAIN: 'https://spacelift.corp.io' }, ['configuration/value SERVER_DOMAIN']],
  ['domain with port', ONPREM, { SERVER_DOMAIN: 'spacelift.corp.io:443' }, ['configuration/value SERVER_DOMAIN']],
  ['unknown backend', ONPREM, { OBJECT_STORAGE_TYPE: 's3' }, ['configuration/value OBJECT_STORAGE_TYPE']],
  ['backend in capitals', ONPREM, { ENCRYPTION_TYPE: 'RSA' }, ['configuration/value ENCRYPTION_TYPE']],
  ['boolean', ONPREM, { OBJECT_STORAGE_MINIO_USE_SSL: 'yes' }, ['configuration/value OBJECT_STORAGE_MINIO_USE_SSL']],
  [
    'endpoint with scheme',
    ONPREM,
    { OBJECT_STORAGE_MINIO_ENDPOINT: 'https://minio:9000' },
    ['configuration/value OBJECT_STORAGE_MINIO_ENDPOINT'],
  ],
  [
    'bucket with scheme',
    ONPREM,
    { OBJECT_STORAGE_BUCKET_STATES: 's3://states' },
    ['configuration/value OBJECT_STORAGE_BUCKET_STATES'],
  ],
  [
    'bucket with path',
    ONPREM,
    { OBJECT_STORAGE_BUCKET_STATES: 'states/prod' },
    ['configuration/value OBJECT_STORAGE_BUCKET_STATES'],
  ],
  ['MySQL', ONPREM, { DATABASE_URL: 'mysql://u:p@h/d' }, ['configuration/value DATABASE_URL']],
  ['11 digits', EKS, { AWS_ACCOUNT_ID: '12345678901' }, ['configuration/value AWS_ACCOUNT_ID']],
  ['root CAs', ONPREM, { ADDITIONAL_ROOT_CAS: 'LS0tLS1CRUdJTg==' }, ['configuration/value ADDITIONAL_ROOT_CAS']],
  [
    'trailing line break',
    ONPREM,
    { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'a-long-secret\n' },
    ['configuration/whitespace OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY'],
  ],
  ['leading blank', ONPREM, { DATABASE_URL: ' postgres://u:p@h/d' }, ['configuration/whitespace DATABASE_URL']],
  [
    'quotes',
    ONPREM,
    { OBJECT_STORAGE_BUCKET_STATES: '"spacelift-states"' },
    ['configuration/whitespace OBJECT_STORAGE_BUCKET_STATES'],
  ],
  ['CHANGEME', ONPREM, { ADMIN_PASSWORD: 'CHANGEME' }, ['configuration/placeholder ADMIN_PASSWORD']],
  ['license received', ONPREM, { LICENSE_TOKEN: '<license-received>' }, ['configuration/placeholder LICENSE_TOKEN']],
  [
    'shell variable',
    ONPREM,
    { DATABASE_URL: 'postgres://u:${DB_PASSWORD}@h/d' },
    ['configuration/placeholder DATABASE_URL'],
  ],
  ['example.com', ONPREM, { SERVER_DOMAIN: 'example.com' }, ['configuration/placeholder SERVER_DOMAIN']],
  [
    'misspelled optional',
    ONPREM,
    { DATABASE_READONLY_URL: 'postgres://u:p@h/d' },
    ['configuration/unknown DATABASE_READONLY_URL'],
  ],
  ['MinIO, type unset', ONPREM, { OBJECT_STORAGE_TYPE: '' }, ['configuration/default OBJECT_STORAGE_TYPE']],
  ['RSA, type unset', ONPREM, { ENCRYPTION_TYPE: '' }, ['configuration/default ENCRYPTION_TYPE']],
  ['queue type unset', ONPREM, { MESSAGE_QUEUE_TYPE: '' }, ['configuration/default MESSAGE_QUEUE_TYPE']],
  ['license type unset', ONPREM, { LICENSE_TYPE: '' }, ['configuration/default LICENSE_TYPE']],
  ['no license at all', ONPREM, { LICENSE_TYPE: '', LICENSE_TOKEN: '' }, ['configuration/default LICENSE_TYPE']],
  ['broker type unset', ONPREM, { MQTT_BROKER_TYPE: '' }, ['pairing/iotcore-needs-sqs']],
  ['IoT Core with PostgreSQL', EKS, { MESSAGE_QUEUE_TYPE: 'postgres' }, ['pairing/iotcore-needs-sqs']],
  [
    'broker type unset with SQS',
    EKS,
    { MQTT_BROKER_ENDPOINT: 'tls://mqtt.corp.io:1984' },
    ['configuration/default MQTT_BROKER_TYPE'],
  ],
  ['regions differ', EKS, { AWS_DEFAULT_REGION: 'us-east-1' }, ['configuration/region']],
  ['admin without password', ONPREM, { ADMIN_PASSWORD: '' }, ['configuration/admin-login']],
  ['password without admin', ONPREM, { ADMIN_USERNAME: '' }, ['configuration/admin-login']],
  [
    'two tags',
    ONPREM,
    { LAUNCHER_IMAGE: 'reg.corp.io:5000/launcher:v1', LAUNCHER_IMAGE_TAG: 'v1' },
    ['configuration/launcher-image'],
  ],
  [
    'half of Slack',
    ONPREM,
    { SLACK_APP_CLIENT_ID: 'a', SLACK_SECRET: 'b' },
    ['configuration/required SLACK_APP_CLIENT_SECRET'],
  ],
  ['half of SAML', ONPREM, { SAML_CERT: 'a' }, ['configuration/required SAML_KEY']],
  [
    'session token',
    EKS,
    { AWS_ACCESS_KEY_ID: 'ASIAABCDEFGH', AWS_SECRET_ACCESS_KEY: 'abcdefgh', AWS_SESSION_TOKEN: 'abcdefgh' },
    ['configuration/short-lived AWS_SESSION_TOKEN'],
  ],
  [
    'RDS IAM token',
    EKS,
    { DATABASE_URL: 'postgres://spacelift:h%3A5432%2F%3FAction%3Dconnect%26X-Amz-Signature%3Dabc@h:5432/d' },
    ['configuration/short-lived DATABASE_URL'],
  ],
  [
    'Entra token',
    ONPREM,
    { DATABASE_URL: 'postgres://spacelift:eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHR.c2lnbmF0dXJl@h:5432/d' },
    ['configuration/short-lived DATABASE_URL'],
  ],
];

test.each(FAULTS)('%s', async (_, healthy, change, expected) => {
  expect(await trouble({ ...healthy, ...change })).toEqual(expected);
});

describe('services', () => {
  const { OBJECT_STORAGE_BUCKET_METADATA: metadata, OBJECT_STORAGE_BUCKET_UPLOADS: uploads, ...shared } = ONPREM;

  test('a variable that only the drain has is required of the drain alone', async () => {
    const sources = [source(shared), source({ OBJECT_STORAGE_BUCKET_UPLOADS: uploads }, 'server')];
    expect(await trouble(sources)).toEqual([]);
    expect(await trouble(sources, { service: 'drain' })).toEqual([
      'configuration/required OBJECT_STORAGE_BUCKET_METADATA',
    ]);
    expect(await trouble([...sources, source({ OBJECT_STORAGE_BUCKET_METADATA: metadata }, 'drain')])).toEqual([]);
  });

  test('sources of one service imply it', async () => {
    const { deployment } = await preflight(CHECKS, [source(shared), source({ ADMIN_USERNAME: 'a' }, 'server')]);
    expect(deployment.service).toBe('server');
    expect((await preflight(CHECKS, ONPREM)).deployment.service).toBeUndefined();
  });

  test('a service’s own value beats the shared one, whatever the order; otherwise later beats earlier', async () => {
    const own = source({ ENVIRONMENT: 'own' }, 'server');
    const late = source({ ENVIRONMENT: 'late' });
    const value = async (sources: readonly Source[]) => {
      const { deployment } = await preflight(CHECKS, sources, { service: 'server' });
      return deployment.lookup('ENVIRONMENT');
    };
    expect(await value([own, source(ONPREM), late])).toMatchObject({ state: 'set', value: 'own' });
    expect(await value([source(ONPREM), late])).toMatchObject({ state: 'set', value: 'late' });
  });

  test('services that differ are warned about, telemetry excepted', async () => {
    const sources = [
      source(ONPREM),
      source({ ENCRYPTION_TYPE: 'rsa', SERVER_DOMAIN: 'a.corp.io', DD_AGENT_HOST: 'a' }, 'server'),
      source({ ENCRYPTION_TYPE: 'rsa', SERVER_DOMAIN: 'b.corp.io', DD_AGENT_HOST: 'b' }, 'drain'),
    ];
    expect(await trouble(sources)).toEqual(['configuration/conflict SERVER_DOMAIN']);
  });

  test('a worker needs three variables', async () => {
    const three = ['SERVER_DOMAIN', 'MQTT_BROKER_ENDPOINT', 'OBJECT_STORAGE_BUCKET_UPLOADS_URL'];
    const held = Object.fromEntries(three.map((name) => [name, ONPREM[name]]));
    expect(await trouble(held, { service: 'worker' })).toEqual([]);
    expect(await trouble({ ...held, SERVER_DOMAIN: '' }, { service: 'worker' })).toEqual([
      'configuration/required SERVER_DOMAIN',
    ]);
  });
});

describe('values that are not known here', () => {
  const kept: Source = {
    process: false,
    incomplete: false,
    entries: [
      {
        name: 'DATABASE_URL',
        kind: 'secret',
        value: 'arn:aws:ssm:eu-west-1:1:parameter/db',
        service: 'server',
        origin: 'task.json',
      },
    ],
  };
  const { DATABASE_URL: databaseUrl, ...rest } = ONPREM;

  test('count as set', async () => {
    const { deployment, ids } = await preflight(CHECKS, [kept, source(rest)]);
    expect(ids('fail')).toEqual([]);
    expect(deployment.lookup('DATABASE_URL')).toMatchObject({ state: 'unknown' });
  });

  test('give way to a known value, whatever the order', async () => {
    for (const sources of [
      [source(ONPREM), kept],
      [kept, source(rest), source({ DATABASE_URL: databaseUrl })],
    ]) {
      const { deployment } = await preflight(CHECKS, sources);
      expect(deployment.lookup('DATABASE_URL')).toMatchObject({ state: 'set', value: databaseUrl });
    }
  });

  test('a missing variable is a skip when the task also reads environment files', async () => {
    const result = await preflight(CHECKS, [source(rest, 'all', { incomplete: true })]);
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding('configuration/required').status).toBe('skip');
    expect(result.deployment.lookup('DATABASE_URL')).toMatchObject({ state: 'unknown' });
  });
});

describe('what is wrong is quoted without what is secret', () => {
  const wrong = async (variables: Variables) =>
    JSON.stringify((await preflight(CHECKS, { ...ONPREM, ...variables })).findings);
  test.each([
    ['me:hunter2@spacelift.corp.io', '‹redacted›@spacelift.corp.io'],
    ['https://me:hunter2@spacelift.corp.io', 'https://‹redacted›@spacelift.corp.io'],
    [`https://me:hunter2${'-and-more'.repeat(20)}@spacelift.corp.io`, 'https://‹redacted›@spacelift.corp.io'],
    ['https://spacelift.corp.io/?sig=hunter2', '?sig=‹redacted›'],
    ['https://spacelift.corp.io/?token=hunter2', '?token=‹redacted›'],
  ])('%s', async (value, shown) => {
    const found = await wrong({ SERVER_DOMAIN: value });
    expect(found).toContain(shown);
    expect(found).not.toContain('hunter2');
  });
  test('also half of a secret of another variable', async () => {
    const secret = `${'hunter2 is not a host, '.repeat(5)}!`;
    expect(await wrong({ SERVER_DOMAIN: secret, ADMIN_USERNAME: 'a', ADMIN_PASSWORD: secret })).not.toContain(
      'hunter2',
    );
  });
  test('a key that stands in the wrong place is not quoted', async () => {
    const found = await wrong({ SERVER_DOMAIN: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' });
    expect(found).toContain('SERVER_DOMAIN is not');
    expect(found).not.toContain('wJalr');
  });
});

test.each([
  ['SERVER_DOMAIN', 'spacelift.corp.io\0', 'SERVER_DOMAIN contains a NUL character'],
  ['ADMIN_PASSWORD', 'a\0b', 'ADMIN_PASSWORD contains a NUL character'],
  ['MQTT_BROKER_ENDPOINT', 'tls://mqtt.corp.io:1984\0', 'MQTT_BROKER_ENDPOINT contains a NUL character'],
  ['WEBHOOKS_ENDPOINT', 'https://spacelift.corp.io/\u0001', 'WEBHOOKS_ENDPOINT is not an http:// or https:// URL'],
  ['OBJECT_STORAGE_BUCKET_UPLOADS_URL', '\u001bhttps://minio.corp.io', 'OBJECT_STORAGE_BUCKET_UPLOADS_URL is not'],
])('%s with a control character is not used', async (name, value, title) => {
  const { findings } = await preflight(CHECKS, { ...ONPREM, [name]: value });
  const failed = findings.filter(({ status }) => status === 'fail');
  expect(failed.map(({ id }) => id)).toEqual([`configuration/value[${name}]`]);
  expect(failed[0]?.title).toContain(title);
});

test.each([
  ['OBJECT_STORAGE_TYPE', 'MinIO', 'set OBJECT_STORAGE_TYPE=minio in test (all)'],
  ['OBJECT_STORAGE_TYPE', 's3', 'correct OBJECT_STORAGE_TYPE in test (all)'],
  ['OBJECT_STORAGE_MINIO_USE_SSL', 'no', 'set OBJECT_STORAGE_MINIO_USE_SSL=false in test (all)'],
  ['OBJECT_STORAGE_MINIO_ENDPOINT', 'http://minio:9000/', 'set OBJECT_STORAGE_MINIO_ENDPOINT=minio:9000 in test (all)'],
  ['OBJECT_STORAGE_MINIO_ENDPOINT', 'minio:9000/path', 'correct OBJECT_STORAGE_MINIO_ENDPOINT in test (all)'],
  ['OBJECT_STORAGE_BUCKET_STATES', 's3://states', 'set OBJECT_STORAGE_BUCKET_STATES=states in test (all)'],
  ['OBJECT_STORAGE_BUCKET_STATES', 'arn:aws:s3:::states', 'set OBJECT_STORAGE_BUCKET_STATES=states in test (all)'],
  ['OBJECT_STORAGE_BUCKET_STATES', 's3://states/prefix', 'correct OBJECT_STORAGE_BUCKET_STATES in test (all)'],
  ['SERVER_DOMAIN', 'https://spacelift.corp.io/', 'set SERVER_DOMAIN=spacelift.corp.io in test (all)'],
  ['SERVER_DOMAIN', 'https://me:hunter2@spacelift.corp.io', 'correct SERVER_DOMAIN in test (all)'],
])('the fix for %s=%s has the value that is meant', async (name, value, fix) => {
  const { findings } = await preflight(CHECKS, { ...ONPREM, [name]: value });
  expect(findings.find(({ id }) => id === `configuration/value[${name}]`)).toMatchObject({ fix });
});

test('a finding about a value says in which line of a file it is', async () => {
  const lines = Object.entries({ ...ONPREM, OBJECT_STORAGE_TYPE: 'mino', DATABSE_URL: 'x' });
  const at = (name: string) => lines.findIndex(([key]) => key === name) + 1;
  const text = lines.map(([name, value]) => `${name}=${value}`).join('\n');
  const { findings } = await preflight(CHECKS, [await parseSource('.env', text)]);
  expect(findings.filter(({ status }) => status === 'fail' || status === 'warn')).toMatchObject([
    { fix: `correct OBJECT_STORAGE_TYPE in .env, line ${at('OBJECT_STORAGE_TYPE')}` },
    { detail: `It is in .env, line ${at('DATABSE_URL')}.` },
  ]);
});

test.each([
  ['MQTT_BROKER_ENDPOINT', 'host:port of the built-in broker, or the host name of IoT Core'],
  ['ENCRYPTION_RSA_PRIVATE_KEY', 'base64 of the PEM file of an RSA private key'],
])('%s says what it is when it is missing', async (name, expected) => {
  const { [name]: _, ...rest } = ONPREM;
  const { findings } = await preflight(CHECKS, { ...rest, ENCRYPTION_TYPE: 'rsa' });
  expect(findings.find(({ id }) => id === `configuration/required[${name}]`)).toMatchObject({ expected });
});

describe('a choice for AWS in a config for something else is one failure', () => {
  test.each([
    ['OBJECT_STORAGE_TYPE', 'aws', 'set OBJECT_STORAGE_TYPE=minio', /MINIO_ENDPOINT.* are set, and no AWS_REGION$/],
    ['ENCRYPTION_TYPE', 'kms', 'set ENCRYPTION_TYPE=rsa', /ENCRYPTION_RSA_PRIVATE_KEY is set, and no AWS_REGION$/],
  ])('%s=%s', async (variable, value, fix, title) => {
    const { findings } = await preflight(CHECKS, { ...ONPREM, [variable]: value });
    const failed = findings.filter(({ status }) => status === 'fail');
    expect(failed.map(({ id }) => id)).toEqual([`configuration/combination[${variable}]`]);
    expect(failed[0]).toMatchObject({ fix, title: expect.stringMatching(title) });
  });
  test('not with anything for AWS', async () => {
    const found = await trouble({ ...ONPREM, OBJECT_STORAGE_TYPE: 'aws', AWS_REGION: 'eu-west-1' });
    expect(found).toEqual(['configuration/required AWS_ACCOUNT_ID', 'configuration/required AWS_DEFAULT_REGION']);
  });
});
