/**
 * Faults of an on-premises deployment: what is broken in a healthy one, and exactly what the report must say.
 * `fail` and `warn` are complete lists; everything else must pass or be skipped.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { DemoDeployment } from '../../demo/deployment.ts';
import type { BucketSettings, S3Server } from '../services/s3/index.ts';
import { refusedPort, startBlackhole, startCloser, startHttp, startSilent } from '../services/tcp.ts';
import type { Options, Variables } from '../support/preflight.ts';

export interface Fault {
  readonly name: string;
  /** Breaks the deployment; returns the config to run with, and how to mend what was broken. */
  readonly arrange: (demo: DemoDeployment) => Promise<Arranged> | Arranged;
  readonly fail?: readonly string[];
  readonly warn?: readonly string[];
  readonly options?: Options;
}

export interface Arranged {
  readonly variables: Variables;
  readonly undo?: () => Promise<unknown> | unknown;
}

/** A fault that is in the config alone. */
const config =
  (change: (variables: Variables) => Variables): Fault['arrange'] =>
  ({ variables }) => ({ variables: { ...variables, ...change(variables) } });

const databaseUrl = (change: (url: URL) => void) =>
  config(({ DATABASE_URL = '' }) => {
    const url = new URL(DATABASE_URL);
    change(url);
    return { DATABASE_URL: url.href };
  });

/** A statement that breaks the database, and the one that mends it. */
const statement =
  (breaks: string, mends: string, of = 'postgres'): Fault['arrange'] =>
  async ({ database, variables }) => {
    await database.query(breaks, [], of);
    return { variables, undo: () => database.query(mends, [], of) };
  };

/** Another server at the port of one of the variables. */
const elsewhere =
  (variable: string, start: () => Promise<{ host: string; port: number; close?: () => Promise<void> }>, url?: true) =>
  async ({ variables }: DemoDeployment): Promise<Arranged> => {
    const server = await start();
    const value = url
      ? (variables[variable] ?? '').replace(/@[^/]+/, `@${server.host}:${server.port}`)
      : `${server.host}:${server.port}`;
    return { variables: { ...variables, [variable]: value }, undo: () => server.close?.() };
  };

/** Settings of one of the buckets. */
const bucket =
  (name: string, settings: BucketSettings): Fault['arrange'] =>
  ({ store, variables }) => {
    const held = store.bucket(name);
    const { versioning, lifecycle, policy } = held;
    Object.assign(held, settings);
    return { variables, undo: () => Object.assign(held, { versioning, lifecycle, policy }) };
  };

/** What is wrong with the object store as a whole. */
const storeFault =
  (change: Partial<Pick<S3Server, 'faults' | 'corsAllowOrigin'>>): Fault['arrange'] =>
  ({ store, variables }) => {
    const { faults, corsAllowOrigin } = store;
    Object.assign(store, change);
    return { variables, undo: () => Object.assign(store, { faults, corsAllowOrigin }) };
  };

const EVERYONE = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::spacelift-deliveries/*',
} as const;

const pem = (text: string | Buffer) => Buffer.from(text).toString('base64');
const key = (variables: Variables) => Buffer.from(variables.ENCRYPTION_RSA_PRIVATE_KEY ?? '', 'base64').toString();

export const ONPREM_FAULTS: readonly Fault[] = [
  { name: 'healthy', arrange: config(() => ({})) },
  {
    name: 'wrong database password',
    arrange: databaseUrl((url) => {
      url.password = 'not-the-password';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'database host that does not resolve',
    arrange: databaseUrl((url) => {
      url.hostname = 'db.does-not-exist.invalid';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'database port that refuses',
    arrange: elsewhere('DATABASE_URL', refusedPort, true),
    fail: ['database/connect'],
  },
  {
    name: 'database port that swallows packets',
    arrange: async (demo) => {
      const { variables, ...rest } = await elsewhere('DATABASE_URL', startBlackhole, true)(demo);
      return { ...rest, variables: { ...variables, DATABASE_URL: `${variables.DATABASE_URL}?connect_timeout=2` } };
    },
    fail: ['database/connect'],
  },
  {
    name: 'database port that stays silent',
    arrange: elsewhere('DATABASE_URL', startSilent, true),
    fail: ['database/connect'],
    options: { timeoutMs: 2000 },
  },
  {
    name: 'unknown database',
    arrange: databaseUrl((url) => {
      url.pathname = '/nowhere';
    }),
    fail: ['database/connect'],
  },
  {
    name: 'misspelt parameter',
    arrange: databaseUrl((url) => url.searchParams.set('ssl_mode', 'require')),
    fail: ['database/connect'],
  },
  {
    name: 'TLS required of a server without',
    arrange: databaseUrl((url) => url.searchParams.set('sslmode', 'require')),
    fail: ['database/connect'],
  },
  {
    name: 'role without CREATEROLE',
    arrange: statement('ALTER ROLE spacelift NOCREATEROLE', 'ALTER ROLE spacelift CREATEROLE'),
    fail: ['database/privileges'],
  },
  {
    name: 'no CREATE on schema public',
    arrange: statement(
      'ALTER DATABASE spacelift OWNER TO postgres; GRANT CREATE ON DATABASE spacelift TO spacelift',
      'ALTER DATABASE spacelift OWNER TO spacelift',
    ),
    fail: ['database/privileges'],
  },
  {
    name: 'read-only by default',
    arrange: statement(
      'ALTER DATABASE spacelift SET default_transaction_read_only = on',
      'ALTER DATABASE spacelift RESET default_transaction_read_only',
    ),
    fail: ['database/writable'],
  },
  {
    name: 'a foreign table in the database',
    arrange: statement('CREATE TABLE public.foreigner (id int)', 'DROP TABLE public.foreigner', 'spacelift'),
    warn: ['database/dedicated'],
  },
  {
    name: 'a short statement timeout',
    arrange: statement(
      'ALTER ROLE spacelift SET statement_timeout = 5000',
      'ALTER ROLE spacelift RESET statement_timeout',
    ),
    warn: ['database/settings'],
  },
  {
    name: 'few connections left',
    arrange: statement('ALTER ROLE spacelift CONNECTION LIMIT 10', 'ALTER ROLE spacelift CONNECTION LIMIT -1'),
    warn: ['database/connections'],
  },
  {
    name: 'another database for reading',
    arrange: ({ variables, database }) => ({
      variables: { ...variables, DATABASE_READ_ONLY_URL: database.url({ database: 'postgres' }) },
    }),
    fail: ['database/read-only'],
  },
  {
    name: 'wrong MinIO secret',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' })),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'unknown MinIO key',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' })),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'one bucket missing',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_STATES: 'not-there' })),
    fail: ['object-storage/states/access'],
  },
  {
    name: 'versioning off on states',
    arrange: bucket('spacelift-states', { versioning: undefined }),
    fail: ['object-storage/states/versioning'],
  },
  {
    name: 'versioning off where suggested',
    arrange: bucket('spacelift-modules', { versioning: undefined }),
    warn: ['object-storage/modules/versioning'],
  },
  {
    name: 'a lifecycle rule on states',
    arrange: bucket('spacelift-states', {
      lifecycle: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
    }),
    fail: ['object-storage/states/retention'],
  },
  {
    name: 'no expiry on uploads',
    arrange: bucket('spacelift-uploads', { lifecycle: undefined }),
    warn: ['object-storage/uploads/retention'],
  },
  {
    name: 'two variables, one bucket',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_WORKSPACE: 'spacelift-user-uploaded-workspaces' })),
    warn: ['object-storage/distinct'],
  },
  {
    name: 'another origin may upload',
    arrange: storeFault({ corsAllowOrigin: 'https://other.corp.internal' }),
    fail: ['object-storage/uploads/cors'],
  },
  {
    name: 'a proxy that drops headers with underscores',
    arrange: storeFault({ faults: { dropUnderscoreHeaders: true } }),
    fail: ['object-storage/uploads/proxy'],
  },
  {
    name: 'a proxy that caps bodies',
    arrange: storeFault({ faults: { maxBodyBytes: 1024 * 1024 } }),
    fail: ['object-storage/uploads/proxy'],
  },
  {
    name: 'uploads URL of another origin',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://uploads.corp.io' })),
    warn: ['object-storage/uploads/url'],
  },
  {
    name: 'a bucket that everyone can read',
    arrange: bucket('spacelift-deliveries', { policy: { Version: '2012-10-17', Statement: [EVERYONE] } }),
    warn: ['object-storage/deliveries/public'],
  },
  {
    name: 'an object store that refuses',
    arrange: elsewhere('OBJECT_STORAGE_MINIO_ENDPOINT', refusedPort),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'a clock that is wrong',
    arrange: storeFault({ faults: { clockOffsetMs: 3_600_000 } }),
    fail: ['object-storage/deliveries/access'],
  },
  {
    name: 'EC key instead of RSA',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'passphrase-protected key',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret-passphrase' };
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher })) };
    }),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'PEM not base64-encoded',
    arrange: config((variables) => ({ ENCRYPTION_RSA_PRIVATE_KEY: key(variables) })),
    fail: ['encryption/rsa/key'],
  },
  {
    name: 'key of 1024 bits',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    fail: ['encryption/rsa/size'],
  },
  {
    name: 'key of 2048 bits',
    arrange: config(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return { ENCRYPTION_RSA_PRIVATE_KEY: pem(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    }),
    warn: ['encryption/rsa/size'],
  },
  {
    name: 'MQTT port 1983',
    arrange: config(() => ({ MQTT_BROKER_ENDPOINT: 'mqtt.corp.internal:1983' })),
    fail: ['mqtt-broker/endpoint'],
  },
  {
    name: 'an HTTP server on the MQTT port',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', () => startHttp(200, 'hello', {})),
    fail: ['mqtt-broker/builtin/protocol'],
  },
  { name: 'no MQTT broker before installation', arrange: elsewhere('MQTT_BROKER_ENDPOINT', refusedPort) },
  {
    name: 'no MQTT broker after installation',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', refusedPort),
    options: { phase: 'post-install', skip: ['network/*'] },
    fail: ['mqtt-broker/builtin/reachable'],
  },
  {
    name: 'an MQTT port that closes before installation',
    arrange: elsewhere('MQTT_BROKER_ENDPOINT', startCloser),
  },
  {
    name: 'broker type unset with PostgreSQL queues',
    arrange: config(() => ({ MQTT_BROKER_TYPE: '' })),
    fail: ['pairing/iotcore-needs-sqs'],
  },
  {
    name: 'no database URL',
    arrange: config(() => ({ DATABASE_URL: '' })),
    fail: ['configuration/required'],
  },
  {
    name: 'an address of telemetry without http://',
    arrange: config(() => ({ OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })),
    fail: ['observability/address'],
  },
  {
    name: 'an OTLP endpoint that is an HTTP server',
    arrange: async ({ variables }) => {
      const { host, port, close } = await startHttp(200, 'hello');
      const endpoint = { OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:${port}` };
      return { variables: { ...variables, ...endpoint }, undo: close };
    },
    fail: ['observability/opentelemetry'],
  },
  {
    name: 'a Datadog agent that does not resolve yet',
    arrange: config(() => ({ OBSERVABILITY_VENDOR: 'Datadog', DD_AGENT_HOST: 'agent.does-not-exist.invalid' })),
    warn: ['observability/datadog'],
  },
  {
    name: 'a service name that Spacelift sets itself',
    arrange: config(() => ({ DD_SERVICE: 'spacelift' })),
    warn: ['observability/service-name'],
  },
  {
    name: 'a domain that does not resolve after installation',
    arrange: config(() => ({ SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' })),
    options: { phase: 'post-install' },
    fail: ['network/server-domain'],
  },
  {
    name: 'a public API that does not resolve',
    arrange: config(() => ({ SPACELIFT_PUBLIC_API: 'https://api.does-not-exist.invalid' })),
    warn: ['network/public-api'],
  },
  {
    name: 'an expired licence',
    arrange: config(() => ({ LICENSE_TOKEN: licence(-1) })),
    fail: ['licence/token'],
  },
  {
    name: 'a licence that expires soon',
    arrange: config(() => ({ LICENSE_TOKEN: licence(20) })),
    warn: ['licence/token'],
  },
];

/** A token that expires in so many days. */
function licence(days: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ exp: Math.floor(Date.now() / 1000) + days * 86_400 })}.c2lnbmF0dXJl`;
}
