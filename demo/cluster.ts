/**
 * The demo in a cluster: the deployment in a namespace as Spacelift's chart makes it (three Deployments, three service
 * accounts, Secrets), checked as each service. It needs Linux, root, Go and Debian's packages, and builds Kubernetes the first
 * time, which takes some ten minutes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ARCHIVE, buildImage } from '../test/cluster/image.ts';
import { PARTS } from '../test/cluster/parts.ts';
import { startCluster } from '../test/cluster/real/cluster.ts';
import { install } from '../test/cluster/real/installation.ts';
import { outside } from '../test/cluster/real/outside.ts';
import { install as installParts } from '../test/peers/install.ts';

const IMAGE = 'localhost/spacelift-preflight:demo';
const NAMESPACE = 'spacelift';

/** What to run, while the cluster is there. */
export type InCluster = (args: readonly string[], env: Readonly<Record<string, string>>) => Promise<number>;

/**
 * @param variables of the deployment, on loopback
 * @param run is called with the arguments and the environment of a preflight
 * @param say tells people what takes its time
 * @returns what `run` returns
 */
export async function inCluster(
  variables: Readonly<Record<string, string>>,
  run: InCluster,
  say: (text: string) => void,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'spacelift-demo-cluster-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  try {
    say('Getting Kubernetes, containerd and etcd, unless they are in the cache, and building the image…');
    await installParts(PARTS);
    await buildImage(folder);
    say('Starting a cluster…');
    const cluster = await startCluster();
    closing.push(() => cluster.stop());
    await cluster.load(join(folder, ARCHIVE), IMAGE);
    const { variables: reachable, authority, close } = await outside(variables, folder);
    closing.push(close);
    const { kubeconfig } = await install(cluster, NAMESPACE, { variables: reachable });
    say(`Spacelift’s Deployments are in the namespace ${NAMESPACE}, whose Role allows what docs/kubernetes.md says\n`);
    const connection = ['-n', NAMESPACE, '--kubeconfig', kubeconfig];
    const args = ['run', 'kubernetes', ...connection, '--image', IMAGE, '--ca-file', authority.path];
    return await run(args, { PATH: [cluster.programs, process.env.PATH].join(delimiter) });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
