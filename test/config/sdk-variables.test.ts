import { expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { source, type Variables } from '../support/preflight.ts';

const AWS = { OBJECT_STORAGE_TYPE: 'aws' };
const KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** What is found in a config, with the caller's environment beside it. */
const flaws = (variables: Variables, environment: Variables = {}): string[] =>
  makeDeployment([source(variables)], { environment }).flaws.map(({ name, party }) => `${party} ${name}`);

test.each([
  ['AWS_ACCESS_KEY_ID', 'AKIA\n'],
  ['AWS_ACCESS_KEY_ID', 'AKIA IOSF'],
  ['AWS_ACCESS_KEY_ID', "'AKIA"],
  ['AWS_ACCESS_KEY_ID', 'AKIAÄ'],
  ['AWS_SECRET_ACCESS_KEY', 'wJalr\r\n'],
  ['AWS_SECRET_ACCESS_KEY', 'wJa\nlr'],
  ['AWS_SESSION_TOKEN', 'FwoG€'],
  ['AWS_ENDPOINT_URL', 'localhost:9000'],
  ['AWS_ENDPOINT_URL', '//localhost'],
  ['AWS_ENDPOINT_URL', 'ftp://localhost'],
  ['AWS_ENDPOINT_URL_S3', 'https://'],
  ['AWS_USE_FIPS_ENDPOINT', '1'],
  ['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'yes'],
  ['AWS_RETRY_MODE', 'Standard'],
  ['AWS_MAX_ATTEMPTS', 'three'],
  ['AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES', '10485761'],
  ['AWS_DEFAULTS_MODE', 'fast'],
])('the SDKs refuse %s=%j', (name, value) => {
  expect(flaws({ ...AWS, [name]: value })).toEqual([`config ${name}`]);
});

test.each([
  ['AWS_SECRET_ACCESS_KEY', 'any text that is typed, "quoted" or schön'],
  ['AWS_ROLE_ARN', 'arn:aws-us-gov:iam::123456789012:role/path/to/spacelift'],
  ['AWS_ENDPOINT_URL', 'http://localhost:4566/'],
  ['AWS_ENDPOINT_URL_S3', 'https://minio.corp.io/prefix'],
  ['AWS_USE_FIPS_ENDPOINT', 'TRUE'],
  ['AWS_RETRY_MODE', 'adaptive'],
  ['AWS_MAX_ATTEMPTS', '-1'],
  ['AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES', '10485760'],
  ['AWS_DEFAULTS_MODE', 'In-Region'],
  ['AWS_RESPONSE_CHECKSUM_VALIDATION', 'WHEN_REQUIRED'],
  ['AWS_STS_REGIONAL_ENDPOINTS', 'legacy'],
])('the SDKs accept %s=%j', (name, value) => {
  expect(flaws({ ...AWS, [name]: value })).toEqual([]);
});

test.each([
  ['AZURE_TENANT_ID', '11111111-2222-3333-4444-555555555555\n'],
  ['AZURE_TENANT_ID', 'corp.onmicrosoft.com/x'],
  ['AZURE_CLIENT_ID', '"66666666-7777-8888-9999-000000000000"'],
  ['AZURE_CLIENT_SECRET', 'secret\n'],
])('Azure’s refuse %s=%j', (name, value) => {
  expect(flaws({ OBJECT_STORAGE_TYPE: 'azure', ENCRYPTION_TYPE: 'rsa', [name]: value })).toEqual([`config ${name}`]);
});

const ELSEWHERE = {
  OBJECT_STORAGE_TYPE: 'minio',
  ENCRYPTION_TYPE: 'rsa',
  MESSAGE_QUEUE_TYPE: 'postgres',
  MQTT_BROKER_TYPE: 'builtin',
  LICENSE_TYPE: 'jwt',
};
test('what nothing uses does not matter', () => {
  const spoilt = { AWS_ACCESS_KEY_ID: 'AKIA\n', AZURE_TENANT_ID: ' ', AWS_ENDPOINT_URL: 'localhost:9000' };
  expect(flaws({ ...ELSEWHERE, ...spoilt }, spoilt)).toEqual([]);
  expect(flaws({ ...ELSEWHERE, ENCRYPTION_TYPE: 'kms', AWS_ENDPOINT_URL_S3: 'localhost:9000' })).toEqual([]);
});

test('a role matters only to a token, and to no keys', () => {
  const role = { ...AWS, AWS_ROLE_ARN: 'role/spacelift', AWS_ROLE_SESSION_NAME: 'two words' };
  const token = { ...role, AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/token' };
  expect(flaws(role)).toEqual([]);
  expect(flaws(token)).toEqual(['config AWS_ROLE_ARN', 'config AWS_ROLE_SESSION_NAME']);
  expect(flaws({ ...token, ...KEYS })).toEqual([]);
});

test('the caller’s variables matter where the config has none', () => {
  const spoilt = { AWS_ACCESS_KEY_ID: 'AKIA\n', AWS_SESSION_TOKEN: 'ü', AWS_ENDPOINT_URL: 'localhost:9000' };
  const all = ['process AWS_ACCESS_KEY_ID', 'process AWS_SESSION_TOKEN', 'process AWS_ENDPOINT_URL'];
  expect(flaws(AWS, spoilt)).toEqual(all);
  expect(flaws({ ...AWS, AWS_ACCESS_KEY_ID: 'AKIA' }, spoilt)).toEqual(all);
  expect(flaws({ ...AWS, ...KEYS, AWS_ENDPOINT_URL: 'http://localhost:9000' }, spoilt)).toEqual([]);
});

test('what a finding about many variables names is not told again', () => {
  const quoted = { SERVER_DOMAIN: '"spacelift.corp.io"', AWS_REGION: '"eu-west-1"', AWS_ACCESS_KEY_ID: '"AKIA"' };
  const { flaws: found, configuration } = makeDeployment([source({ ...AWS, ...quoted })], { environment: {} });
  expect(found.map(({ name }) => name)).toEqual(['AWS_ACCESS_KEY_ID']);
  expect(configuration.filter(({ rule }) => rule === 'whitespace')).toHaveLength(1);
});

test('a reference that nothing resolves is one', () => {
  const variables = { ...AWS, AWS_ACCESS_KEY_ID: 'vault:secret/aws#key', AWS_SECRET_ACCESS_KEY: 'op://vault/a b/c' };
  const { flaws: found, configuration } = makeDeployment([source(variables, 'all', { process: true })], {
    environment: variables,
  });
  expect(found.map(({ name }) => name)).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
  expect(configuration.filter(({ rule }) => rule === 'reference')).toHaveLength(2);
});

test('modes of the caller’s own SDKs are not Spacelift’s', () => {
  expect(flaws(AWS, { AWS_RETRY_MODE: 'legacy', AWS_MAX_ATTEMPTS: 'three' })).toEqual([]);
});

test('a finding names its variable once, and never a secret', () => {
  const { configuration } = makeDeployment([source({ ...AWS, ...KEYS, AWS_ACCESS_KEY_ID: 'AKIASECRETÄ' })], {
    environment: {},
  });
  const said = configuration.filter(({ outcome }) => outcome.title.includes('AWS_ACCESS_KEY_ID'));
  expect(said).toMatchObject([
    { rule: 'value', outcome: { status: 'fail', detail: 'It contains a character that is not ASCII.' } },
  ]);
  expect(JSON.stringify(said)).not.toContain('AKIASECRET');
});
