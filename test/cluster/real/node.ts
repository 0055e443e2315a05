/** A node of a cluster: containerd, runc, a bridge and the kubelet, all in a directory of their own. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { archive } from '../../../build/image/oci.ts';
import { HOST, type Running, startProgram } from '../../peers/process.ts';
import { beside, kubernetesProgram, part } from '../parts.ts';
import {
  ADDRESS,
  addBridge,
  BRIDGE,
  keepSysctls,
  processesWith,
  removeBridge,
  removeGroups,
  removeMounted,
  SUBNET,
} from './machine.ts';

const execute = promisify(execFile);

export const PAUSE = 'preflight.test/pause:1';
const NETWORK = 'preflight';
/** In which the kubelet's containers are. */
const CONTAINERS = 'k8s.io';

export interface Node {
  /** Adds the image of an archive of an OCI layout. @param name another one for it */
  load(path: string, name?: string): Promise<void>;
  /** The end of what its programs wrote. */
  log(): string;
  stop(): Promise<void>;
}

/** @param kubeconfig of the node */
export async function startNode(kubeconfig: string): Promise<Node> {
  const directory = await mkdtemp(join(tmpdir(), 'preflight-node-'));
  const restore = await keepSysctls();
  const running: Running[] = [];
  const socket = join(directory, 'containerd.sock');
  const ctr = (...args: string[]) => {
    const { command, env } = beside('containerd', 'ctr');
    return execute(command, ['--address', socket, '--namespace', CONTAINERS, ...args], {
      env: { ...process.env, ...env },
    });
  };
  const load = async (path: string, name?: string) => {
    const { stdout } = await ctr('images', 'import', '--platform', 'linux/amd64', path);
    const [, loaded = ''] = /^unpacking (\S+)/m.exec(stdout) ?? [];
    if (name !== undefined) await ctr('images', 'tag', loaded, name);
  };
  const stop = async () => {
    const [runtime, kubelet] = running;
    await kubelet?.stop();
    if (runtime !== undefined) await removeContainers(ctr);
    for (const pid of await processesWith(socket)) tryToKill(pid);
    await runtime?.stop();
    await removeBridge();
    await removeMounted(directory);
    await removeGroups(CONTAINERS);
    await restore();
  };
  try {
    await addBridge();
    const files = await writeFiles(directory, socket);
    const { command, env } = part('containerd');
    const runc = part('runc');
    const path = [dirname(command), dirname(runc.command), process.env.PATH].join(delimiter);
    const libraries = [env, runc.env].flatMap(({ LD_LIBRARY_PATH }) => LD_LIBRARY_PATH ?? []).join(delimiter);
    running.push(
      await startProgram('containerd', part('containerd'), {
        args: () => [`--config=${files.containerd}`],
        env: { PATH: path, LD_LIBRARY_PATH: libraries },
        ready: async () => {
          await ctr('version');
          return true;
        },
      }),
    );
    await load(files.pause);
    running.push(
      await startProgram('kubelet', kubernetesProgram('kubelet'), {
        args: () => [
          `--config=${files.kubelet}`,
          `--kubeconfig=${kubeconfig}`,
          `--root-dir=${join(directory, 'kubelet')}`,
          `--cert-dir=${join(directory, 'certificates')}`,
          '--hostname-override=node',
          `--node-ip=${ADDRESS}`,
        ],
        env: { PATH: path },
        ready: async ({ ports: [port] }) => port !== undefined,
      }),
    );
    const log = () => running.map((one) => one.log().slice(-4_000)).join('\n');
    return { load, log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Ctr = (...args: string[]) => Promise<{ stdout: string }>;

async function removeContainers(ctr: Ctr): Promise<void> {
  const listed = async (kind: string) =>
    (await ctr(kind, 'list', '--quiet')).stdout.split('\n').filter((id) => id !== '');
  for (const id of await listed('tasks')) await ctr('tasks', 'delete', '--force', id).catch(() => {});
  for (const id of await listed('containers')) await ctr('containers', 'delete', id).catch(() => {});
}

function tryToKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

interface Files {
  readonly containerd: string;
  readonly kubelet: string;
  /** The image's archive. */
  readonly pause: string;
}

async function writeFiles(directory: string, socket: string): Promise<Files> {
  const at = (name: string) => join(directory, name);
  const [containerd, kubelet, pause] = [at('containerd.toml'), at('kubelet.json'), at('pause.tar')];
  await mkdir(at('network'));
  await mkdir(at('pod-logs'));
  await writeFile(at('network/10-bridge.conflist'), JSON.stringify(networkConfig(at('addresses'))));
  await writeFile(containerd, containerdConfig(at, socket));
  await writeFile(kubelet, JSON.stringify(kubeletConfig(at('pod-logs'), socket)));
  const program = await readFile(part('pause').command);
  const { content } = archive(
    [
      {
        architecture: 'amd64',
        layers: [{ comment: 'pause', entries: [{ path: 'pause', content: program, executable: true }] }],
      },
    ],
    {
      name: PAUSE,
      created: new Date(0).toISOString(),
      labels: {},
      config: { User: '65535:65535', Entrypoint: ['/pause'] },
    },
  );
  await writeFile(pause, content);
  return { containerd, kubelet, pause };
}

const networkConfig = (dataDir: string) => ({
  cniVersion: '0.4.0',
  name: NETWORK,
  plugins: [
    {
      type: 'bridge',
      bridge: BRIDGE,
      isGateway: true,
      ipMasq: false,
      ipam: { type: 'host-local', subnet: SUBNET, dataDir, routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
});

/** The machine lets nobody raise limits, and has no AppArmor. */
const containerdConfig = (at: (name: string) => string, socket: string): string => `
version = 2
root = ${JSON.stringify(at('images'))}
state = ${JSON.stringify(at('state'))}
[grpc]
  address = ${JSON.stringify(socket)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(PAUSE)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_address = ${JSON.stringify(HOST)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${JSON.stringify(dirname(part('plugins').command))}
    conf_dir = ${JSON.stringify(at('network'))}
`;

const kubeletConfig = (podLogsDir: string, socket: string) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: ADDRESS,
  port: 10250,
  healthzPort: 0,
  readOnlyPort: 0,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${socket}`,
  podLogsDir,
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  oomScoreAdj: 0,
  makeIPTablesUtilChains: false,
  localStorageCapacityIsolation: false,
  evictionHard: { 'memory.available': '1Mi' },
  serializeImagePulls: false,
  imageGCHighThresholdPercent: 100,
});
