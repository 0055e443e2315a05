import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { install } from './install.ts';
import { collector, debian, go, python, type Way } from './ways.ts';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'preflight-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(cache, { recursive: true });
});
const cached = () => readdir(join(cache, 'spacelift-preflight-peers'));

const way = (build: Way['build']): Way => ({
  lane: 'go',
  version: () => 'v1',
  build,
  program: (directory) => ({ command: join(directory, 'server'), args: [], env: {} }),
});

test('a peer is had once', async () => {
  const build = vi.fn((directory: string) => writeFile(join(directory, 'server'), ''));
  await install({ peer: way(build) });
  await install({ peer: way(build) });
  expect(build).toHaveBeenCalledTimes(1);
  expect(existsSync(join(cache, 'spacelift-preflight-peers/peer-v1/server'))).toBe(true);
  expect(await cached()).toEqual(['peer-v1']);
});

test('one that can’t be had fails the rest, which are had all the same, and leaves nothing', async () => {
  const broken = way(async (directory) => {
    await writeFile(join(directory, 'half'), '');
    throw new Error('the network is down');
  });
  const fine = way(async () => {});
  await expect(install({ broken, fine })).rejects.toThrow(/^broken can’t be had: the network is down$/);
  expect(await cached()).toEqual(['fine-v1']);
});

test('a tool that is missing is one line that says how to get it', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const peers = {
    minio: go('github.com/minio/minio', 'v0'),
    otelcol: collector('v0', []),
    moto: python('moto', '0', 'moto.server'),
    unheard: debian('unheard-of', 'unheard-of'),
  };
  const failure = await install(peers).catch((error: Error) => error.message.split('\n').sort());
  expect(failure).toEqual([
    expect.stringMatching(/^minio can’t be had: go is missing: install Go /),
    expect.stringMatching(/^moto can’t be had: python3 is missing: install Python /),
    expect.stringMatching(/^otelcol can’t be had: go is missing: install Go /),
    expect.stringMatching(/^unheard can’t be had: apt-get is missing: /),
  ]);
  expect(await cached()).toEqual([]);
});
