/** What a node changes of the machine that it runs on, and how it is put back. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const BRIDGE = 'preflight0';
/** Of the bridge: the node's, and that at which Pods reach servers of the tests. */
export const ADDRESS = '10.213.77.1';
export const SUBNET = '10.213.77.0/24';

/** The kubelet and the network plugin change these. */
const SYSCTLS = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'net/ipv4/ip_forward'];

/** @returns what puts them back */
export async function keepSysctls(): Promise<() => Promise<void>> {
  const path = (name: string) => join('/proc/sys', name);
  const before = await Promise.all(SYSCTLS.map(async (name) => [name, await readFile(path(name), 'utf8')] as const));
  return async () => {
    for (const [name, value] of before) await writeFile(path(name), value);
  };
}

/** One that a killed run left is replaced. */
export async function addBridge(): Promise<void> {
  await removeBridge();
  await execute('ip', ['link', 'add', 'name', BRIDGE, 'type', 'bridge']);
  await execute('ip', ['address', 'add', `${ADDRESS}/24`, 'dev', BRIDGE]);
  await execute('ip', ['link', 'set', BRIDGE, 'up']);
}

export const removeBridge = (): Promise<unknown> => execute('ip', ['link', 'delete', BRIDGE]).catch(() => {});

/** Unmounts all that is mounted below a directory, and removes it. */
export async function removeMounted(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.reverse()) await execute('umount', ['--lazy', path]).catch(() => {});
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Control groups of containers that were killed. */
export async function removeGroups(name: string): Promise<void> {
  const controllers = await readdir('/sys/fs/cgroup');
  for (const controller of controllers) await removeGroup(join('/sys/fs/cgroup', controller, name));
}

async function removeGroup(path: string): Promise<void> {
  const inside = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of inside) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await rmdir(path).catch(() => {});
}

/** Processes whose command line contains a text. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const line = await readFile(join('/proc', name, 'cmdline'), 'utf8').catch(() => '');
    if (line.includes(text)) found.push(Number(name));
  }
  return found;
}
