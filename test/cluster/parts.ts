/** What runs and checks the image: which version of each, and how it is had. */
import { dirname, join } from 'node:path';
import { programOf } from '../peers/install.ts';
import { debian, goSources, type Program, python, type Way } from '../peers/ways.ts';
import { type KubernetesCommand, kubernetes } from './kubernetes.ts';

export const PARTS = {
  cyclonedx: python('cyclonedx-python-lib[json-validation]', '11.12.0', 'cyclonedx'),
  runc: debian('runc', 'runc'),
  qemu: debian('qemu-user-static', 'qemu-aarch64-static'),
  // A cluster.
  containerd: debian('containerd', 'containerd'),
  // One of its plugins has the name of a program of iproute2, therefore another stands for all.
  plugins: debian('containernetworking-plugins', 'host-local', 'usr/lib/cni/host-local'),
  etcd: debian('etcd-server', 'etcd'),
  kubernetes: kubernetes('v1.34.4'),
  pause: goSources(new URL('pause/', import.meta.url)),
} as const satisfies Record<string, Way>;

export type Part = keyof typeof PARTS;

export const part = (name: Part): Program => programOf(name, PARTS[name]);

/** Another program of the same part. */
export function beside(name: Part, command: string): Program {
  const program = part(name);
  return { ...program, command: join(dirname(program.command), command) };
}

export const kubernetesProgram = (command: KubernetesCommand): Program => beside('kubernetes', command);
