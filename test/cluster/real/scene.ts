/** A cluster with the image, and the servers of an installation on this machine, which its Pods reach. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCa } from '../../services/tls.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { type Estate, ONPREM, startEstate } from '../../support/estate.ts';
import { ARCHIVE } from '../image.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Installation, type InstallationOptions, install } from './installation.ts';
import { ADDRESS } from './machine.ts';
import { relay } from './relay.ts';

/** By which the node knows the image. */
export const IMAGE = { repository: 'preflight.test/spacelift-preflight', tag: 'test' };
export const IMAGE_NAME = `${IMAGE.repository}:${IMAGE.tag}`;

export interface Scene {
  readonly cluster: Cluster;
  readonly estate: Estate;
  /** Of a healthy installation, for Pods. */
  readonly variables: Readonly<Record<string, string>>;
  /** The certificate of the authority that the object store needs, and its path. */
  readonly authority: { readonly certPem: string; readonly path: string };
  /** Removed by `stop`. */
  readonly folder: string;
  /** Another installation, in a namespace of its own. */
  installed(options?: Partial<InstallationOptions>): Promise<Installation>;
  stop(): Promise<void>;
}

/** @param images the folder of `buildImage` */
export async function startScene(images: string): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-scene-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  const stop = async () => {
    for (const close of closing.reverse()) await close();
  };
  try {
    const [cluster, estate] = await Promise.all([startCluster(), startEstate()]);
    closing.push(() => Promise.all([cluster.stop(), estate.stop()]));
    // Browsers upload, so a healthy installation has TLS there.
    const ca = await makeCa();
    const { chainPem, keyPem } = await ca.issue({ names: [ADDRESS] });
    const store = new URL(estate.store.url);
    const front = await startTlsFront(
      { host: store.hostname, port: Number(store.port) },
      { cert: chainPem, key: keyPem },
    );
    closing.push(() => front.close());
    const outside = await relay({
      ...estate.variables(ONPREM),
      OBJECT_STORAGE_MINIO_ENDPOINT: `127.0.0.1:${front.port}`,
      OBJECT_STORAGE_MINIO_USE_SSL: 'true',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://127.0.0.1:${front.port}`,
    });
    closing.push(() => outside.close());
    const authority = { certPem: ca.certPem, path: join(folder, 'ca.pem') };
    await writeFile(authority.path, authority.certPem);
    await cluster.load(join(images, ARCHIVE), IMAGE_NAME);
    const { variables } = outside;
    let count = 0;
    const installed: Scene['installed'] = (options = {}) =>
      install(cluster, `spacelift-${++count}`, { variables, ...options });
    return { cluster, estate, variables, authority, folder, installed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
