/** Variables that are missing, misspelled or of a wrong form. */
import { EKS } from '../../support/estate.ts';
import { source } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';

const REQUIRED = ['configuration/required'];
const VALUE = ['configuration/value'];
const WHITESPACE = ['configuration/whitespace'];
const PLACEHOLDER = ['configuration/placeholder'];

const set = (variables: Readonly<Record<string, string | undefined>>): Arrange => config(() => variables);

export const VALUES: readonly Fault[] = [
  {
    name: 'no database URL',
    arrange: set({ DATABASE_URL: '' }),
    fail: REQUIRED,
    says: /^DATABASE_URL is not set$/m,
  },
  {
    name: 'no domain',
    arrange: set({ SERVER_DOMAIN: undefined }),
    fail: REQUIRED,
    says: /^SERVER_DOMAIN is not set$/m,
  },
  {
    name: 'no variable for a bucket',
    arrange: set({ OBJECT_STORAGE_BUCKET_MODULES: '' }),
    fail: REQUIRED,
    says: /^OBJECT_STORAGE_BUCKET_MODULES is not set$/m,
  },
  {
    name: 'no license token',
    arrange: set({ LICENSE_TOKEN: '' }),
    fail: REQUIRED,
    says: /^LICENSE_TOKEN is not set$/m,
  },
  {
    name: 'no RSA key',
    arrange: set({ ENCRYPTION_RSA_PRIVATE_KEY: '' }),
    fail: REQUIRED,
    says: /^ENCRYPTION_RSA_PRIVATE_KEY is not set$/m,
  },
  {
    name: 'no queue URL',
    at: EKS,
    arrange: set({ MESSAGE_QUEUE_SQS_WEBHOOKS_URL: '' }),
    fail: REQUIRED,
    says: /^MESSAGE_QUEUE_SQS_WEBHOOKS_URL is not set$/m,
  },
  {
    name: 'a bucket that only the drain has, missing there',
    as: 'drain',
    arrange: set({ OBJECT_STORAGE_BUCKET_METADATA: '' }),
    fail: REQUIRED,
    says: /^OBJECT_STORAGE_BUCKET_METADATA is not set$/m,
    leaves: true,
  },
  {
    name: 'a bucket that only the drain has, missing at the server',
    as: 'server',
    arrange: set({ OBJECT_STORAGE_BUCKET_METADATA: '' }),
    leaves: true,
  },
  {
    name: 'half of the Slack app',
    arrange: set({ SLACK_APP_CLIENT_SECRET: '' }),
    fail: REQUIRED,
    says: /^SLACK_APP_CLIENT_SECRET is not set, but SLACK_APP_CLIENT_ID and SLACK_SECRET are$/m,
  },
  {
    name: 'a SAML certificate without its key',
    arrange: set({ SAML_KEY: '' }),
    fail: REQUIRED,
    says: /^SAML_KEY is not set, but SAML_CERT is$/m,
  },
  {
    name: 'a required variable that is misspelled',
    arrange: config(({ OBJECT_STORAGE_BUCKET_STATES }) => ({
      OBJECT_STORAGE_BUCKET_STATES: undefined,
      OBJECT_STORAGE_BUKET_STATES: OBJECT_STORAGE_BUCKET_STATES,
    })),
    fail: REQUIRED,
    says: /^OBJECT_STORAGE_BUKET_STATES is set in .*, did you mean OBJECT_STORAGE_BUCKET_STATES\?$/m,
  },
  {
    name: 'an optional variable that is misspelled',
    arrange: config(({ DATABASE_URL }) => ({ DATABASE_READONLY_URL: DATABASE_URL })),
    warn: ['configuration/unknown'],
    says: /^unknown variable DATABASE_READONLY_URL, did you mean DATABASE_READ_ONLY_URL\?$/m,
  },
  {
    name: 'a domain with a scheme',
    arrange: set({ SERVER_DOMAIN: 'https://spacelift.corp.io' }),
    fail: VALUE,
    says: /^SERVER_DOMAIN is not a bare host name: "https:\/\/spacelift\.corp\.io"$/m,
  },
  {
    name: 'a domain with a port',
    arrange: set({ SERVER_DOMAIN: 'localhost:443' }),
    fail: VALUE,
    says: /^SERVER_DOMAIN is not a bare host name: "localhost:443"$/m,
  },
  {
    name: 'an object storage that does not exist',
    arrange: set({ OBJECT_STORAGE_TYPE: 's3' }),
    fail: VALUE,
    says: /^OBJECT_STORAGE_TYPE is not one of aws, gcp, azure, minio: "s3"$/m,
  },
  {
    name: 'an encryption method in capitals',
    arrange: set({ ENCRYPTION_TYPE: 'RSA' }),
    fail: VALUE,
    says: /^ENCRYPTION_TYPE is not one of kms, rsa: "RSA"$/m,
  },
  {
    name: 'a message queue that does not exist',
    arrange: set({ MESSAGE_QUEUE_TYPE: 'rabbitmq' }),
    fail: VALUE,
    says: /^MESSAGE_QUEUE_TYPE is not one of sqs, postgres: "rabbitmq"$/m,
  },
  {
    name: 'a boolean in another word',
    arrange: set({ OBJECT_STORAGE_MINIO_USE_SSL: 'yes' }),
    fail: VALUE,
    says: /^OBJECT_STORAGE_MINIO_USE_SSL is not true or false: "yes"$/m,
  },
  {
    name: 'a MinIO endpoint with a scheme',
    arrange: config((variables) => ({
      OBJECT_STORAGE_MINIO_ENDPOINT: `http://${variables.OBJECT_STORAGE_MINIO_ENDPOINT}`,
    })),
    fail: VALUE,
    says: /^OBJECT_STORAGE_MINIO_ENDPOINT is not host or host:port: "http:/m,
  },
  {
    name: 'a bucket with a scheme',
    arrange: set({ OBJECT_STORAGE_BUCKET_STATES: 's3://spacelift-states' }),
    fail: VALUE,
    says: /^OBJECT_STORAGE_BUCKET_STATES is not a bare bucket name: "s3:\/\/spacelift-states"$/m,
  },
  {
    name: 'the URL of a MySQL database',
    arrange: config(({ DATABASE_URL = '' }) => ({ DATABASE_URL: DATABASE_URL.replace('postgres:', 'mysql:') })),
    fail: VALUE,
    says: /^DATABASE_URL is not a postgres:\/\/ or postgresql:\/\/ URL$/m,
  },
  {
    name: 'a database URL of keywords',
    arrange: set({ DATABASE_URL: 'host=10.1.2.3 user=sl password=9f86d081884c7d65 dbname=sl' }),
    fail: VALUE,
    says: /^DATABASE_URL is not a postgres:\/\/ or postgresql:\/\/ URL$/m,
  },
  {
    name: 'an account id without its leading zero',
    at: EKS,
    arrange: set({ AWS_ACCOUNT_ID: '12345678901' }),
    fail: VALUE,
    says: /^AWS_ACCOUNT_ID is not 12 digits: "12345678901"$/m,
  },
  {
    name: 'an availability zone for a region',
    at: EKS,
    arrange: set({ AWS_REGION: 'eu-central-1a', AWS_DEFAULT_REGION: 'eu-central-1' }),
    fail: VALUE,
    says: /^AWS_REGION is not an AWS region such as eu-west-1: "eu-central-1a"$/m,
  },
  {
    name: 'root certificates that are a plain PEM file',
    arrange: set({ ADDITIONAL_ROOT_CAS: Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64') }),
    fail: VALUE,
    says: /^ADDITIONAL_ROOT_CAS is not base64 of \{"caCertificates"/m,
  },
  {
    name: 'a concurrency in words',
    arrange: set({ DRAIN_CONCURRENCY_ASYNC_JOBS: 'fifteen' }),
    fail: VALUE,
    says: /^DRAIN_CONCURRENCY_ASYNC_JOBS is not a whole number: "fifteen"$/m,
  },
  {
    name: 'a concurrency under the name that the URL of the queue has',
    arrange: set({ DRAIN_CONCURRENCY_EVENTS_INBOX: '5' }),
    warn: ['configuration/unknown'],
    says: /^unknown variable DRAIN_CONCURRENCY_EVENTS_INBOX, did you mean DRAIN_CONCURRENCY_EVENTS\?$/m,
  },
  {
    name: 'a policy timeout without a unit',
    arrange: set({ POLICY_REGO_TIMEOUT_PLAN: '30' }),
    fail: VALUE,
    says: /^POLICY_REGO_TIMEOUT_PLAN is not a duration above zero with a unit, such as 30s or 2m: "30"$/m,
  },
  ...['0s', '-30s'].map((value) => ({
    name: `a policy timeout of ${value}`,
    arrange: set({ POLICY_REGO_TIMEOUT_PLAN: value }),
    fail: VALUE,
    says: /^POLICY_REGO_TIMEOUT_PLAN is not a duration above zero with a unit, .*\nEvery evaluation would be over at once\.$/m,
  })),
  {
    name: 'a policy timeout of a millisecond',
    arrange: set({ POLICY_REGO_TIMEOUT_PLAN: '1ms' }),
  },
  {
    name: 'the same port for both servers of the VCS gateway',
    arrange: set({ GATEWAY_GRPC_PORT: '1984', GATEWAY_HTTP_PORT: '1984' }),
    fail: ['configuration/combination[GATEWAY_HTTP_PORT]'],
    says: /^GATEWAY_HTTP_PORT is 1984, and so is GATEWAY_GRPC_PORT$/m,
  },
  {
    name: 'different ports for both servers of the VCS gateway',
    arrange: set({ GATEWAY_GRPC_PORT: '1984', GATEWAY_HTTP_PORT: '1985' }),
  },
  {
    name: 'an address of keys without an issuer',
    arrange: set({ FEDERATION_CUSTOM_JWKS_URI: 'https://id.corp.io/.well-known/jwks' }),
    warn: ['configuration/combination[FEDERATION_CUSTOM_JWKS_URI]'],
    says: /^FEDERATION_CUSTOM_JWKS_URI is set without FEDERATION_CUSTOM_ISSUER$/m,
  },
  {
    name: 'an address of keys with its issuer',
    arrange: set({
      FEDERATION_CUSTOM_ISSUER: 'https://id.corp.io',
      FEDERATION_CUSTOM_JWKS_URI: 'https://id.corp.io/.well-known/jwks',
    }),
  },
  {
    name: 'a secondary region that is the first one',
    at: EKS,
    arrange: config(({ AWS_REGION }) => ({ AWS_SECONDARY_REGION: AWS_REGION })),
    warn: ['configuration/region'],
    says: /^AWS_SECONDARY_REGION is (\S+), and so is AWS_REGION$/m,
  },
  {
    name: 'an issuer without TLS',
    arrange: set({ FEDERATION_CUSTOM_ISSUER: 'http://id.corp.io' }),
    fail: VALUE,
    says: /^FEDERATION_CUSTOM_ISSUER is not an https:\/\/ URL without a login, query or fragment: "http:\/\/id\.corp\.io"$/m,
  },
  {
    name: 'an issuer’s keys at a bare host',
    arrange: set({ FEDERATION_CUSTOM_JWKS_URI: 'id.corp.io/.well-known/jwks' }),
    fail: VALUE,
    says: /^FEDERATION_CUSTOM_JWKS_URI is not an https:\/\/ URL: "id\.corp\.io/m,
  },
  {
    name: 'a page size of Bitbucket in words',
    arrange: set({ BITBUCKET_AFFECTED_CHANGES_PER_PAGE_FILES: 'all' }),
    fail: VALUE,
    says: /^BITBUCKET_AFFECTED_CHANGES_PER_PAGE_FILES is not a whole number: "all"$/m,
  },
  {
    name: 'a port of the VCS gateway with its host',
    arrange: set({ GATEWAY_GRPC_PORT: ':1984' }),
    fail: VALUE,
    says: /^GATEWAY_GRPC_PORT is not a port, 1 to 65535: ":1984"$/m,
  },
  {
    name: 'instrumentation that is neither on nor off',
    arrange: set({ ENABLE_INSTRUMENTATION_ENDPOINTS: 'yes' }),
    fail: VALUE,
    says: /^ENABLE_INSTRUMENTATION_ENDPOINTS is not true or false: "yes"$/m,
  },
  {
    name: 'a variable of a later release',
    arrange: set({ LAUNCHER_IMAGE_TAG: 'v3.8.0', POLICY_REGO_TIMEOUT_PLAN: '30s' }),
    warn: ['configuration/release'],
    says: /^POLICY_REGO_TIMEOUT_PLAN came with release 4\.0\.0, and this is 3\.8\.0$/m,
  },
  {
    name: 'a secret that was encoded with echo',
    arrange: config((variables) => ({
      OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: `${variables.OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY}\n`,
    })),
    fail: WHITESPACE,
    says: /^OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY ends with a newline$/m,
  },
  {
    name: 'a blank before the database URL',
    arrange: config(({ DATABASE_URL }) => ({ DATABASE_URL: ` ${DATABASE_URL}` })),
    fail: WHITESPACE,
    says: /^DATABASE_URL starts with whitespace$/m,
  },
  {
    name: 'quotes in the name of a bucket',
    arrange: set({ OBJECT_STORAGE_BUCKET_STATES: '"spacelift-states"' }),
    fail: WHITESPACE,
    says: /^OBJECT_STORAGE_BUCKET_STATES contains quotes$/m,
  },
  {
    name: 'quotes that docker run --env-file kept around every value',
    arrange: ({ variables }) => ({
      sources: [
        source(
          Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value && `"${value}"`])),
          'all',
          { process: true },
        ),
      ],
    }),
    fail: WHITESPACE,
    says: /^\d+ values are in quotes: docker run --env-file and kubectl --from-env-file keep them$/m,
  },
  {
    name: 'references that nothing resolved',
    arrange: set({
      DATABASE_URL: 'vault:kv/data/prod#pgdsn',
      OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'op://Production/MinIO/password',
      ADMIN_PASSWORD: 'projects/4711/secrets/adm/versions/7',
    }),
    fail: ['configuration/reference', 'configuration/reference', 'configuration/reference'],
    says: /^[A-Z_]+ is a reference that was not resolved$/m,
  },
  {
    name: 'a license token as the guide has it',
    arrange: set({ LICENSE_TOKEN: '<license-received>' }),
    fail: PLACEHOLDER,
    says: /^LICENSE_TOKEN still contains a placeholder$/m,
  },
  {
    name: 'a password that was to be changed',
    arrange: set({ ADMIN_PASSWORD: 'CHANGEME' }),
    fail: PLACEHOLDER,
    says: /^ADMIN_PASSWORD still contains a placeholder$/m,
  },
  {
    name: 'a password with the characters of a template',
    arrange: set({ ADMIN_PASSWORD: 'a${b}c{{y}}<z>' }),
  },
  {
    name: 'a variable of the shell in the database URL',
    arrange: config(({ DATABASE_URL = '' }) => ({
      DATABASE_URL: DATABASE_URL.replace(/:[^:@/]+@/, ':${DB_PASSWORD}@'),
    })),
    fail: PLACEHOLDER,
    says: /^DATABASE_URL still contains a placeholder$/m,
  },
  {
    name: 'a Helm value that was never filled in',
    arrange: set({ OBJECT_STORAGE_BUCKET_STATES: '{{ .Values.buckets.states }}' }),
    fail: PLACEHOLDER,
    says: /^OBJECT_STORAGE_BUCKET_STATES still contains a placeholder$/m,
  },
  {
    name: 'the domain of the examples',
    arrange: set({ SERVER_DOMAIN: 'example.com' }),
    fail: PLACEHOLDER,
    says: /^SERVER_DOMAIN still contains a placeholder$/m,
  },
];
