/** The control plane of a cluster: etcd, the API server, the controller manager and the scheduler. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HOST, type Running, startProgram } from '../../peers/process.ts';
import { makeCa } from '../../services/tls.ts';
import { kubernetesProgram, part } from '../parts.ts';

/** By the name of each user: the groups. The operator has no rights but those that a test gives. */
const USERS = {
  admin: 'system:masters',
  operator: 'system:authenticated',
  'system:kube-scheduler': '',
  'system:node:node': 'system:nodes',
} as const;

export type User = keyof typeof USERS;

export interface ControlPlane {
  /** The path of a kubeconfig, for `namespace`. */
  kubeconfig(user: User, namespace?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Those of them that would start the Deployments' own Pods, for which there is no image, are left out. */
const CONTROLLERS = [
  '*',
  '-deployment-controller',
  '-replicaset-controller',
  '-certificatesigningrequest-signing-controller',
];

/** @param address of the node, by which nothing in the tests reaches the API server */
export async function startControlPlane(address: string): Promise<ControlPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'preflight-control-plane-'));
  const running: Running[] = [];
  const stop = async () => {
    await Promise.all(running.map((one) => one.stop()));
    await rm(directory, { recursive: true });
  };
  try {
    const ca = await makeCa();
    const { certPem, keyPem } = await ca.issue({ names: [HOST] });
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const tokens = new Map(Object.keys(USERS).map((user) => [user, randomBytes(16).toString('hex')]));
    const file = async (name: string, text: string) => {
      await writeFile(join(directory, name), text, { mode: 0o600 });
      return join(directory, name);
    };
    const paths = {
      ca: await file('ca.pem', ca.certPem),
      cert: await file('tls.pem', certPem),
      key: await file('tls.key', keyPem),
      accounts: await file('accounts.key', privateKey),
      tokens: await file(
        'tokens.csv',
        Object.entries(USERS)
          .map(([user, group]) => `${tokens.get(user)},${user},${user},"${group}"\n`)
          .join(''),
      ),
    };

    const etcd = await startProgram('etcd', part('etcd'), {
      ports: 2,
      args: ({ ports: [clients, peers], directory: own }) => [
        `--data-dir=${join(own, 'data')}`,
        `--listen-client-urls=http://${HOST}:${clients}`,
        `--advertise-client-urls=http://${HOST}:${clients}`,
        `--listen-peer-urls=http://${HOST}:${peers}`,
        `--initial-advertise-peer-urls=http://${HOST}:${peers}`,
        `--initial-cluster=default=http://${HOST}:${peers}`,
        // It is thrown away.
        '--unsafe-no-fsync',
      ],
    });
    running.push(etcd);

    let port = 0;
    const kubeconfig = async (user: User, namespace = 'default') => {
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'test', cluster: { server: `https://${HOST}:${port}`, 'certificate-authority': paths.ca } }],
        users: [{ name: user, user: { token: tokens.get(user) } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user, namespace } }],
        'current-context': 'test',
      };
      return file(`${user.replaceAll(':', '-')}-${namespace}.kubeconfig`, JSON.stringify(config));
    };

    const server = await startProgram('kube-apiserver', kubernetesProgram('kube-apiserver'), {
      ports: 1,
      args: ({ ports, directory: own }) => {
        [port = 0] = ports;
        return [
          `--etcd-servers=http://${HOST}:${etcd.ports[0]}`,
          `--bind-address=${HOST}`,
          `--secure-port=${port}`,
          `--advertise-address=${address}`,
          `--cert-dir=${own}`,
          `--tls-cert-file=${paths.cert}`,
          `--tls-private-key-file=${paths.key}`,
          `--token-auth-file=${paths.tokens}`,
          '--authorization-mode=Node,RBAC',
          '--service-account-issuer=https://kubernetes.default.svc',
          `--service-account-signing-key-file=${paths.accounts}`,
          `--service-account-key-file=${paths.accounts}`,
          '--service-cluster-ip-range=10.213.78.0/24',
          '--endpoint-reconciler-type=none',
          '--allow-privileged',
          '--kubelet-preferred-address-types=InternalIP',
        ];
      },
      ready: async () => {
        await promisify(execFile)(kubernetesProgram('kubectl').command, [
          `--kubeconfig=${await kubeconfig('admin')}`,
          'get',
          '--raw=/readyz',
        ]);
        return true;
      },
    });
    running.push(server);

    const healthy = ['--leader-elect=false', `--bind-address=${HOST}`];
    const [manager, scheduler] = await Promise.all([
      startProgram('kube-controller-manager', kubernetesProgram('kube-controller-manager'), {
        ports: 1,
        args: async ({ ports, directory: own }) => [
          ...healthy,
          `--secure-port=${ports[0]}`,
          `--cert-dir=${own}`,
          `--kubeconfig=${await kubeconfig('admin')}`,
          `--controllers=${CONTROLLERS.join(',')}`,
          `--service-account-private-key-file=${paths.accounts}`,
          `--root-ca-file=${paths.ca}`,
        ],
      }),
      startProgram('kube-scheduler', kubernetesProgram('kube-scheduler'), {
        ports: 1,
        args: async ({ ports, directory: own }) => [
          ...healthy,
          `--secure-port=${ports[0]}`,
          `--cert-dir=${own}`,
          `--kubeconfig=${await kubeconfig('system:kube-scheduler')}`,
          `--authentication-kubeconfig=${await kubeconfig('system:kube-scheduler')}`,
          `--authorization-kubeconfig=${await kubeconfig('system:kube-scheduler')}`,
        ],
      }),
    ]);
    running.push(manager, scheduler);
    return { kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
