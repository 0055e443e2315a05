/** A cluster of one node on this machine, which really runs the image. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { kubernetesProgram } from '../parts.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { ADDRESS } from './machine.ts';
import { type Node, startNode } from './node.ts';

export interface Cluster extends Pick<ControlPlane, 'kubeconfig'>, Pick<Node, 'load'> {
  /** Of the directory with `kubectl`, for a process's `PATH`. */
  readonly programs: string;
  /** Runs kubectl as a cluster administrator. @throws with what it wrote to standard error */
  kubectl(args: readonly string[], objects?: readonly object[]): Promise<string>;
  stop(): Promise<void>;
}

/** On a busy machine, ms. */
const READY_MS = 180_000;

export async function startCluster(): Promise<Cluster> {
  const plane = await startControlPlane(ADDRESS);
  const admin = await plane.kubeconfig('admin');
  const { command } = kubernetesProgram('kubectl');
  const kubectl = (args: readonly string[], objects: readonly object[] = []): Promise<string> =>
    withInput(
      command,
      [`--kubeconfig=${admin}`, ...args],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  try {
    const node = await startNode(await plane.kubeconfig('system:node:node'));
    const stop = async () => {
      await node.stop();
      await plane.stop();
    };
    try {
      await untilReady(kubectl);
    } catch (error) {
      await node.stop();
      throw new Error(`${error}\n${node.log()}`);
    }
    return { programs: dirname(command), kubeconfig: plane.kubeconfig, load: node.load, kubectl, stop };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

/** The node can run Pods: it is ready, and the scheduler may use it. */
async function untilReady(kubectl: Cluster['kubectl']): Promise<void> {
  const path = '{.items[*].status.conditions[?(@.type=="Ready")].status} {.items[*].spec.taints[*].key}';
  let said = '';
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await wait(200)) {
    said = (await kubectl(['get', 'nodes', `--output=jsonpath=${path}`]).catch(String)).trim();
    if (said === 'True') return;
  }
  throw new Error(`the node is not ready: ${said}`);
}

async function withInput(command: string, args: readonly string[], input: string): Promise<string> {
  const running = promisify(execFile)(command, args, { maxBuffer: 64 << 20 });
  running.child.stdin?.on('error', () => {}).end(input);
  return (await running).stdout;
}
