/** What a cluster of one node is made from: which version of each, and how it is had. */
import { install, programOf } from '../peers/install.ts';
import { debian, kubernetes, type Program, python, type Way } from '../peers/ways.ts';

export const PARTS = {
  kube: kubernetes('v1.34.4', ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl']),
  cyclonedx: python('cyclonedx-python-lib[json-validation]', '11.12.0', 'cyclonedx'),
  etcd: debian('etcd-server', 'etcd'),
  containerd: debian('containerd', 'containerd'),
  runc: debian('runc', 'runc'),
  cni: debian('containernetworking-plugins', 'bridge', 'usr/lib/cni/bridge'),
  qemu: debian('qemu-user-static', 'qemu-aarch64-static'),
} as const satisfies Record<string, Way>;

export type Part = keyof typeof PARTS;

export const part = (name: Part): Program => programOf(name, PARTS[name]);

export const installParts = (): Promise<void> => install(PARTS);
