/** fake-gcs-server: Cloud Storage without tokens and permissions, as emulators are. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUCKETS } from '../../src/config/contract.ts';
import { settingsOf } from '../checks/object-storage/gcp-storage.ts';
import { NAMES, real } from '../checks/object-storage/storage.ts';
import type { Variables } from '../support/preflight.ts';
import { HOST, start } from './process.ts';

export interface FakeGcs {
  readonly variables: Variables;
  /** What Google's libraries read of an environment whose Cloud Storage this is. */
  readonly environment: Record<string, string>;
  /** Changes a bucket's settings. */
  set(bucket: string, settings: object): Promise<void>;
  /** Every version, as `bucket/key generation`. */
  contents(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startFakeGcs(): Promise<FakeGcs> {
  const server = await start('fake-gcs-server', {
    args: async ({ ports: [port], directory }) => {
      await writeFile(join(directory, 'key.json'), JSON.stringify(keyFile()));
      const flags = ['-scheme', 'http', '-host', HOST, '-port', String(port), '-public-host', `${HOST}:${port}`];
      return [...flags, '-backend', 'memory'];
    },
  });
  const url = `http://${HOST}:${server.ports[0]}`;
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/storage/v1/b${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`fake-gcs-server: ${method} ${path}: HTTP ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  await Promise.all(NAMES.map((bucket) => ask('POST', '', { name: real(bucket), ...settingsOf(bucket) })));
  return {
    variables: {
      OBJECT_STORAGE_TYPE: 'gcp',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: url,
      ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
    },
    environment: {
      STORAGE_EMULATOR_HOST: url,
      GOOGLE_APPLICATION_CREDENTIALS: join(server.directory, 'key.json'),
    },
    set: async (bucket, settings) => void (await ask('PATCH', `/${real(bucket)}`, settings)),
    contents: async () => {
      const list = async (bucket: string) => {
        const { items = [] } = await ask('GET', `/${real(bucket)}/o?versions=true`);
        return (items as { name: string; generation: string }[]).map(
          (item) => `${bucket}/${item.name} ${item.generation}`,
        );
      };
      return (await Promise.all(NAMES.map(list))).flat().sort();
    },
    stop: server.stop,
  };
}

/** Of a service account that nobody asks about: URLs are signed with its key. */
function keyFile(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    type: 'service_account',
    project_id: 'preflight-test',
    private_key_id: 'preflight',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'spacelift@preflight-test.iam.gserviceaccount.com',
    client_id: '100000000000000000000',
    token_uri: 'https://oauth2.googleapis.com/token',
  };
}
