/** Ten faults of the demo, as operators make them; before the installation, a broker that is not there yet is none. */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { DemoDeployment } from '../demo/deployment.ts';
import { refusedPort } from '../test/services/tcp.ts';

type Variables = Readonly<Record<string, string>>;

export interface TenthFault {
  readonly name: string;
  /** Breaks the servers. @returns repairs them */
  readonly break?: (demo: DemoDeployment) => Promise<() => unknown> | (() => unknown);
  /** Breaks the config. */
  readonly change?: (variables: Variables) => Promise<Variables> | Variables;
}

export const TEN_FAULTS: readonly TenthFault[] = [
  {
    name: 'state history is not kept: versioning is off',
    break: ({ store }) => {
      const states = store.bucket('spacelift-states');
      states.versioning = 'Suspended';
      return () => {
        states.versioning = 'Enabled';
      };
    },
  },
  {
    name: 'browsers can’t upload: CORS allows another origin',
    break: ({ store }) => {
      const { corsAllowOrigin } = store;
      store.corsAllowOrigin = 'https://other.example.com';
      return () => {
        store.corsAllowOrigin = corsAllowOrigin;
      };
    },
  },
  {
    name: 'the role of the database can’t create roles',
    break: async ({ database }) => {
      await database.query('ALTER ROLE spacelift NOCREATEROLE');
      return () => database.query('ALTER ROLE spacelift CREATEROLE');
    },
  },
  {
    name: 'the password of the database is another',
    change: ({ DATABASE_URL = '', ...rest }) => {
      const url = new URL(DATABASE_URL);
      url.password = 'another';
      return { ...rest, DATABASE_URL: url.href };
    },
  },
  {
    name: 'no database is there',
    change: async ({ DATABASE_URL = '', ...rest }) => {
      const url = new URL(DATABASE_URL);
      url.port = String((await refusedPort()).port);
      return { ...rest, DATABASE_URL: url.href };
    },
  },
  {
    name: 'a bucket does not exist',
    change: (variables) => ({ ...variables, OBJECT_STORAGE_BUCKET_MODULES: 'spacelift-module' }),
  },
  {
    name: 'the secret key of the store is another',
    change: (variables) => ({ ...variables, OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'another-secret-key' }),
  },
  {
    name: 'no store is there',
    change: async (variables) => ({
      ...variables,
      OBJECT_STORAGE_MINIO_ENDPOINT: `127.0.0.1:${(await refusedPort()).port}`,
    }),
  },
  {
    name: 'the key of the encryption is too short',
    change: async (variables) => ({ ...variables, ENCRYPTION_RSA_PRIVATE_KEY: await shortKey() }),
  },
  {
    name: 'the license has expired',
    change: ({ LICENSE_TOKEN = '', ...rest }) => {
      const [head, , signature] = LICENSE_TOKEN.split('.');
      const claims = Buffer.from(JSON.stringify({ sub: 'demo', exp: 1_700_000_000 })).toString('base64url');
      return { ...rest, LICENSE_TOKEN: [head, claims, signature].join('.') };
    },
  },
];

async function shortKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return Buffer.from(privateKey).toString('base64');
}
