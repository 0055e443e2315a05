/** Runs a peer on free loopback ports, with a directory of its own, until it is stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './catalog.ts';
import { program } from './install.ts';
import type { Program } from './ways.ts';

export const HOST = '127.0.0.1';

/** Python and Erlang on a busy machine take their time, ms. */
const START_MS = 180_000;
/** Another process may take a port between the search and its use. */
const TRIES = 3;

export interface Running {
  /** As many as were asked for. */
  readonly ports: readonly number[];
  /** Its own directory, removed by `stop`. */
  readonly directory: string;
  /** What it has written on both its streams. */
  log(): string;
  stop(): Promise<void>;
}

export interface Start {
  /** How many free ports it gets. */
  readonly ports?: number;
  /** Its arguments; may write its configuration into `directory` first. */
  readonly args: (at: { ports: readonly number[]; directory: string }) => Promise<string[]> | string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it serves; a listener on the first port unless told. May reject as long as it does not. */
  readonly ready?: (at: { ports: readonly number[]; log: () => string }) => Promise<boolean> | boolean;
}

/** @throws Error with the end of what it wrote, when it ends instead of serving */
export const start = (peer: Peer, options: Start): Promise<Running> => startProgram(peer, program(peer), options);

/**
 * @param name for its directory and errors
 * @throws Error as `start`
 */
export async function startProgram(name: string, program: Program, options: Start): Promise<Running> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(name, program, options);
    } catch (error) {
      if (tries === TRIES || !/in use/i.test(String(error))) throw error;
    }
  }
}

async function startOnce(
  name: string,
  { command, args: first, env: own }: Program,
  { ports: count = 1, args, env, ready = listens }: Start,
): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), `preflight-${name}-`));
  const ports = await freePorts(count);
  const written: string[] = [];
  const child = spawn(command, [...first, ...(await args({ ports, directory }))], {
    cwd: directory,
    // What this machine's user has configured must not reach it.
    env: { PATH: process.env.PATH, HOME: directory, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => written.push(String(text)));
  const log = () => written.join('');
  const ended = once(child, 'close').catch((error: Error) => written.push(error.message));
  const orphan = () => child.kill('SIGKILL');
  process.once('exit', orphan);
  const stop = async () => {
    process.off('exit', orphan);
    if (alive(child)) child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const isReady = async () => {
    try {
      return await ready({ ports, log });
    } catch {
      return false;
    }
  };
  for (const deadline = Date.now() + START_MS; !(await isReady()); await sleep(20)) {
    if (alive(child) && Date.now() < deadline) continue;
    await stop();
    throw new Error(`${name} did not start:\n${log().trim().split('\n').slice(-20).join('\n')}`);
  }
  return { ports, directory, log, stop };
}

const alive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** All at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, HOST));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listens({ ports: [port = 0] }: { ports: readonly number[] }): Promise<boolean> {
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

/** Whether a URL answers with success. */
export const answers =
  (path: string): Required<Start>['ready'] =>
  async ({ ports: [port] }) =>
    (await fetch(`http://${HOST}:${port}${path}`)).ok;
