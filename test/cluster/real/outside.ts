/** A deployment on loopback, as Pods reach it: with TLS for the object store, since browsers upload to it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCa } from '../../services/tls.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { ADDRESS } from './machine.ts';
import { relay } from './relay.ts';

type Variables = Readonly<Record<string, string>>;

export interface Outside {
  /** For the Pods. */
  readonly variables: Variables;
  /** The authority that issued the object store's certificate. */
  readonly authority: { readonly certPem: string; readonly path: string };
  close(): Promise<void>;
}

/**
 * @param variables of a deployment with MinIO
 * @param folder for the authority's certificate
 */
export async function outside(variables: Variables, folder: string): Promise<Outside> {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.issue({ names: [ADDRESS] });
  const store = new URL(`http://${variables.OBJECT_STORAGE_MINIO_ENDPOINT}`);
  const front = await startTlsFront(
    { host: store.hostname, port: Number(store.port) },
    { cert: chainPem, key: keyPem },
  );
  const relayed = await relay({
    ...variables,
    OBJECT_STORAGE_MINIO_ENDPOINT: `127.0.0.1:${front.port}`,
    OBJECT_STORAGE_MINIO_USE_SSL: 'true',
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://127.0.0.1:${front.port}`,
  });
  const path = join(folder, 'ca.pem');
  await writeFile(path, ca.certPem);
  return {
    variables: relayed.variables,
    authority: { certPem: ca.certPem, path },
    close: async () => {
      await relayed.close();
      await front.close();
    },
  };
}
