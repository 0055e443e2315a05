/** A complete on-premises deployment on loopback: real PostgreSQL, an S3-compatible store, an MQTT broker and an RSA key. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { BUCKETS, type Bucket } from '../src/config/contract.ts';
import { type MqttBroker, startMqttBroker } from '../test/services/mqtt.ts';
import { type PostgresServer, type PostgresVersion, startPostgres } from '../test/services/postgres.ts';
import { type S3Server, startS3 } from '../test/services/s3/index.ts';

export interface DemoDeployment {
  readonly database: PostgresServer;
  readonly store: S3Server;
  readonly broker: MqttBroker;
  /** The contents of a healthy installation's Secret. */
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** PostgreSQL's major version. Default: 16. */
  readonly version?: PostgresVersion;
  /** A base64-encoded PEM RSA key. Default: a new one. */
  readonly privateKey?: string;
  /** Returns the password for a variable. Default: random. */
  readonly secret?: (of: 'ADMIN_PASSWORD' | 'DATABASE_URL' | 'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY') => string;
}

/** Versioning and expiration in days for each bucket (vendor's object storage reference). */
const SETTINGS: Readonly<Record<Bucket, { versioned?: true; days?: number }>> = {
  deliveries: { days: 1 },
  'large-queue-messages': { days: 2 },
  metadata: { days: 2 },
  modules: { versioned: true },
  'policy-inputs': { days: 7 },
  'run-logs': { versioned: true, days: 60 },
  states: { versioned: true },
  uploads: { versioned: true, days: 1 },
  'user-uploaded-workspaces': { versioned: true, days: 1 },
  workspace: { versioned: true, days: 7 },
};

/** Starts all parts in parallel, on free ports of the loopback interface. */
export async function startDemo({
  version = 16,
  privateKey,
  secret = random,
}: DemoOptions = {}): Promise<DemoDeployment> {
  const user = { accessKeyId: 'spacelift', secretAccessKey: secret('OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY') };
  const running: (() => Promise<void>)[] = [];
  const stop = async () => void (await Promise.all(running.map((end) => end())));
  const parts = [
    startPostgres({ version }).then((server) => {
      running.push(() => server.stop());
      return server;
    }),
    startS3({ users: [user] }).then((server) => {
      running.push(() => server.close());
      return server;
    }),
    startMqttBroker().then((server) => {
      running.push(() => server.close());
      return server;
    }),
    privateKey ?? makePrivateKey(),
  ] as const;
  try {
    const [database, store, broker, key] = await Promise.all(parts);
    return {
      database,
      store,
      broker,
      variables: {
        // Resolves on every machine.
        SERVER_DOMAIN: 'localhost',
        ENVIRONMENT: 'prod',
        ADMIN_USERNAME: 'admin',
        ADMIN_PASSWORD: secret('ADMIN_PASSWORD'),
        LICENSE_TYPE: 'jwt',
        LICENSE_TOKEN: makeLicense(),
        DATABASE_URL: await makeDatabase(database, secret('DATABASE_URL')),
        DATABASE_READ_ONLY_URL: '',
        OBJECT_STORAGE_TYPE: 'minio',
        OBJECT_STORAGE_MINIO_ENDPOINT: store.endpoint,
        OBJECT_STORAGE_MINIO_USE_SSL: 'false',
        OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: user.accessKeyId,
        OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: user.secretAccessKey,
        OBJECT_STORAGE_BUCKET_UPLOADS_URL: store.url,
        ...makeBuckets(store),
        ENCRYPTION_TYPE: 'rsa',
        ENCRYPTION_RSA_PRIVATE_KEY: key,
        MESSAGE_QUEUE_TYPE: 'postgres',
        MQTT_BROKER_TYPE: 'builtin',
        MQTT_BROKER_ENDPOINT: broker.endpoint,
      },
      stop,
    };
  } catch (error) {
    await Promise.allSettled(parts);
    await stop();
    throw error;
  }
}

/** The variables as a Kubernetes Secret. */
export function manifest(variables: Readonly<Record<string, string>>): string {
  const metadata = { name: 'spacelift-shared', namespace: 'spacelift' };
  return stringify({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData: variables });
}

/** A new base64-encoded PEM RSA key of 4096 bits on one line, like `openssl genrsa 4096 | base64 -w0`. */
export async function makePrivateKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return Buffer.from(privateKey).toString('base64');
}

async function makeDatabase(server: PostgresServer, password: string): Promise<string> {
  return server.createDatabase({
    name: 'spacelift',
    owner: 'spacelift',
    password,
    roleOptions: 'CREATEROLE',
  });
}

function makeBuckets(store: S3Server): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(BUCKETS) as Bucket[]).map((bucket) => {
      const { versioned, days } = SETTINGS[bucket];
      const name = `spacelift-${bucket}`;
      store.createBucket(name, {
        ...(versioned && { versioning: 'Enabled' }),
        ...(days !== undefined && {
          lifecycle: [{ ID: 'expire', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: days } }],
        }),
      });
      return [BUCKETS[bucket], name];
    }),
  );
}

/** A license token in the vendor's format: a JWT with a signature that only Spacelift can verify. */
function makeLicense(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const expires = Math.floor(Date.now() / 1000) + 365 * 24 * 60 * 60;
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: 'demo', exp: expires })}.${random()}`;
}

const random = () => randomBytes(18).toString('base64url');
