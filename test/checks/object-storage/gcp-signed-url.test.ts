import { generateKeyPairSync, sign } from 'node:crypto';
import { Storage } from '@google-cloud/storage';
import { expect, test } from 'vitest';
import { signedUrl } from '../../../checks/object-storage/gcp/signed-url.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = 'spacelift@project.iam.gserviceaccount.com';
const signer = {
  account,
  sign: async (text: string) => sign('sha256', Buffer.from(text), privateKey).toString('base64'),
};
const credentials = {
  client_email: account,
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};
const base = new URL('https://storage.googleapis.com');
/** Google's client makes no URL that has expired. */
const now = new Date('2126-03-04T05:06:07.891Z');
const bucket = 'spacelift-states';

test.each<[string, Readonly<Record<string, string>>]>([
  ['spacelift-preflight/one', {}],
  ["a b/ü!'()*~-._/日本+&=%?#", {}],
  ['one', { 'x-goog-if-generation-match': '0', 'X-Goog-Meta-B': ' two   spaces ', 'x-goog-meta-a_b': 'é' }],
])('%s, %o: the same URL as Google’s own client makes', async (key, headers) => {
  for (const method of ['GET', 'PUT'] as const) {
    const url = await signedUrl({ method, base, bucket, key, headers, seconds: 900, now }, signer);
    const [other] = await new Storage({ credentials, projectId: 'none' })
      .bucket(bucket)
      .file(key)
      .getSignedUrl({
        version: 'v4',
        action: method === 'PUT' ? 'write' : 'read',
        accessibleAt: now,
        expires: now.getTime() + 900_000,
        extensionHeaders: { ...headers },
      });
    expect(url.href).toBe(other);
  }
});
