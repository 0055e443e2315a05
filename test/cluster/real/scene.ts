/** A cluster with the image, and the servers of an installation on this machine, which its Pods reach. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Estate, ONPREM, startEstate } from '../../support/estate.ts';
import { ARCHIVE } from '../image.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Installation, type InstallationOptions, install } from './installation.ts';
import { type Outside, outside } from './outside.ts';

/** By which the node knows the image. */
export const IMAGE = { repository: 'preflight.test/spacelift-preflight', tag: 'test' };
export const IMAGE_NAME = `${IMAGE.repository}:${IMAGE.tag}`;

export interface Scene extends Pick<Outside, 'variables' | 'authority'> {
  readonly cluster: Cluster;
  readonly estate: Estate;
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
    const { variables, authority, close } = await outside(estate.variables(ONPREM), folder);
    closing.push(close);
    await cluster.load(join(images, ARCHIVE), IMAGE_NAME);
    let count = 0;
    const installed: Scene['installed'] = (options = {}) =>
      install(cluster, options.namespace ?? `spacelift-${++count}`, { variables, ...options });
    return { cluster, estate, variables, authority, folder, installed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
