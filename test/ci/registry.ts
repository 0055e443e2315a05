/** As much of a package registry as it takes to install one package of one version. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface Registry {
  readonly url: string;
  /** What was asked for. */
  readonly paths: readonly string[];
  close(): void;
}

/** @param files of the package, beside its package.json, whose fields are given too */
export async function startRegistry(
  manifest: { readonly name: string; readonly version: string; readonly [field: string]: unknown },
  files: Readonly<Record<string, string>>,
): Promise<Registry> {
  const archive = await packed({ 'package.json': JSON.stringify(manifest), ...files });
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    const url = `http://${request.headers.host}`;
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const version = { ...manifest, dist: { tarball: `${url}/archive.tgz`, integrity } };
    const { name } = manifest;
    if (path === '/archive.tgz') response.end(archive);
    else if (path !== `/${name}`) response.writeHead(404).end('{}');
    else {
      const versions = { [manifest.version]: version };
      response.end(JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions }));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    paths,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function packed(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-registry-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, 'package', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const archive = join(folder, 'archive.tgz');
    await promisify(execFile)('tar', ['-czf', archive, '-C', folder, 'package']);
    return await readFile(archive);
  } finally {
    await rm(folder, { recursive: true });
  }
}
