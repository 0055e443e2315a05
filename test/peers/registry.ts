/** Docker's registry, open, behind Basic logins, or behind a token server that signs what it hands out. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Listener, listen } from '../services/listener.ts';
import { HOST, start } from './process.ts';

export interface RealRegistry {
  /** `host:port`, as in the name of an image. */
  readonly host: string;
  log(): string;
  stop(): Promise<void>;
}

/** bcrypt of `a-long-registry-password`: the only kind of hash that the registry reads. */
const HTPASSWD = 'robot:$2b$05$abcdefghijklmnopqrstuujZqxlR54pENoiPgSi/6..e0fW05jqkS\n';
export const LOGIN = { username: 'robot', password: 'a-long-registry-password' };
const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** With `image` in it. @param hidden with `token`: only the user gets a token that may pull */
export async function startRealRegistry(
  login: 'none' | 'basic' | 'token',
  image: { readonly repository: string; readonly tag: string },
  { hidden = false }: { hidden?: boolean } = {},
): Promise<RealRegistry> {
  const tokens = login === 'token' ? await startTokenServer(hidden) : undefined;
  const server = await start('registry', {
    args: async ({ ports: [port], directory }) => {
      const file = (name: string) => join(directory, name);
      await writeFile(file('htpasswd'), HTPASSWD);
      if (tokens !== undefined) await writeFile(file('keys.json'), tokens.keys);
      const auth = {
        none: {},
        basic: { htpasswd: { realm: 'Registry', path: file('htpasswd') } },
        token: { token: { realm: tokens?.url, service: SERVICE, issuer: ISSUER, jwks: file('keys.json') } },
      }[login];
      const config = {
        version: '0.1',
        storage: { filesystem: { rootdirectory: file('data') } },
        http: { addr: `${HOST}:${port}`, secret: randomBytes(16).toString('hex') },
        ...(login !== 'none' && { auth }),
      };
      // JSON is YAML, too.
      await writeFile(file('config.yml'), JSON.stringify(config));
      return ['serve', file('config.yml')];
    },
  });
  const host = `${HOST}:${server.ports[0]}`;
  const authorization = {
    none: undefined,
    basic: BASIC,
    token: tokens && `Bearer ${tokens.sign(image.repository, ['pull', 'push'])}`,
  }[login];
  await push(host, image, authorization);
  const stop = async () => void (await Promise.all([server.stop(), tokens?.close()]));
  return { host, log: server.log, stop };
}

const SERVICE = 'registry.corp.io';
const ISSUER = 'auth.corp.io';

interface TokenServer extends Listener {
  readonly url: string;
  /** Its public key, as JSON Web Key Set. */
  readonly keys: string;
  sign(repository: string, actions: readonly string[]): string;
}

async function startTokenServer(hidden: boolean): Promise<TokenServer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'preflight', alg: 'RS256', use: 'sig' };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign: TokenServer['sign'] = (repository, actions) => {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 60, exp: now + 300 };
    const access = [{ type: 'repository', name: repository, actions }];
    const body = { iss: ISSUER, aud: SERVICE, sub: 'robot', jti: randomBytes(8).toString('hex'), ...times, access };
    const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: key.kid })}.${part(body)}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`;
  };
  const listener = await listen(
    ({ url = '', headers: { authorization } }, response) => {
      const scope = new URL(url, 'http://localhost').searchParams.get('scope') ?? '';
      const [, repository = '', asked = ''] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
      const isUser = authorization === BASIC;
      if (authorization !== undefined && !isUser) {
        response.writeHead(401).end();
        return;
      }
      const token = sign(repository, isUser || !hidden ? asked.split(',').filter((one) => one === 'pull') : []);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }));
    },
    HOST,
    undefined,
  );
  return { ...listener, url: `http://${HOST}:${listener.port}/token`, keys: JSON.stringify({ keys: [key] }), sign };
}

/** Pushes an image without layers: its config, and a manifest. */
async function push(
  host: string,
  { repository, tag }: { readonly repository: string; readonly tag: string },
  authorization: string | undefined,
): Promise<void> {
  const send = async (method: string, url: string, type?: string, body?: string) => {
    const headers = { ...(authorization && { authorization }), ...(type && { 'content-type': type }) };
    const response = await fetch(new URL(url, `http://${host}`), {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  const config = '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}';
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const { headers } = await send('POST', `/v2/${repository}/blobs/uploads/`);
  const upload = new URL(headers.get('location') ?? '', `http://${host}`);
  upload.searchParams.set('digest', digest);
  await send('PUT', upload.href, 'application/octet-stream', config);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: config.length },
    layers: [],
  };
  await send('PUT', `/v2/${repository}/manifests/${tag}`, MANIFEST, JSON.stringify(manifest));
}
