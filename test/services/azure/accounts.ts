/** What a test does to storage accounts directly, without a client's permissions. */
import { send } from './blob.ts';
import { escapeXml } from './errors.ts';
import type { Account, CorsRule, PublicAccess } from './types.ts';
import { Container, type Immutability } from './versions.ts';
import type { AccountState, World } from './world.ts';

export interface AccountTools {
  /** The first account unless named.
   * @throws {Error} when there is none of that name. */
  account(name?: string): Account;
  createContainer(container: string, publicAccess?: PublicAccess, account?: string): Promise<void>;
  removeContainer(container: string, account?: string): Promise<void>;
  setPublicAccess(container: string, publicAccess: PublicAccess, account?: string): void;
  setImmutability(container: string, immutability: Immutability, account?: string): void;
  /** Writes a block blob, as the account's versioning has it. */
  putBlob(container: string, blob: string, body: Buffer | string, account?: string): Promise<void>;
  /** The account's CORS rules, judged by Azurite. */
  setCors(rules: CorsRule[], account?: string): Promise<void>;
  /** Every account with its settings, containers, blobs and versions as plain JSON, without times and version ids: equal
   * before and after when nothing was left behind. */
  snapshot(): Record<string, object>;
}

export function accountTools(world: World): AccountTools {
  const find = (name = world.accounts.keys().next().value ?? ''): AccountState => {
    const account = world.accounts.get(name);
    if (account === undefined) throw new Error(`No such storage account: ${name}`);
    return account;
  };
  const containerOf = (account: AccountState, name: string): Container => {
    const container = account.containers.get(name);
    if (container === undefined) throw new Error(`No such container: ${name}`);
    return container;
  };
  const call = async (
    account: AccountState,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer,
  ) => {
    const answer = await send(world, method, path, `${account.name}.blob.core.windows.net`, headers, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer;
  };
  return {
    account: find,
    async createContainer(name, publicAccess, accountName) {
      const account = find(accountName);
      await call(account, 'PUT', `/${name}?restype=container`, { 'content-length': '0' });
      account.containers.set(name, new Container(publicAccess));
    },
    async removeContainer(name, accountName) {
      const account = find(accountName);
      await call(account, 'DELETE', `/${name}?restype=container`);
      account.containers.delete(name);
    },
    setPublicAccess(name, publicAccess, accountName) {
      containerOf(find(accountName), name).publicAccess = publicAccess;
    },
    setImmutability(name, immutability, accountName) {
      containerOf(find(accountName), name).immutability = immutability;
    },
    async putBlob(containerName, blob, body, accountName) {
      const account = find(accountName);
      const container = containerOf(account, containerName);
      const bytes = Buffer.from(body);
      const path = `/${containerName}/${blob.split('/').map(encodeURIComponent).join('/')}`;
      const type = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/octet-stream' };
      const { headers } = await call(account, 'PUT', path, { ...type, 'content-length': String(bytes.length) }, bytes);
      const { etag = '', 'last-modified': modified = '', 'content-md5': md5 = '' } = headers;
      const kept = { etag, 'last-modified': modified, 'content-md5': md5, 'content-type': type['content-type'] };
      container.written(blob, bytes, kept, account.versioning, new Date());
    },
    async setCors(rules, accountName) {
      const account = find(accountName);
      const xml = rules.map(
        ({ allowedOrigins, allowedMethods, maxAgeInSeconds, exposedHeaders, allowedHeaders }) =>
          `<CorsRule><AllowedOrigins>${escapeXml(allowedOrigins)}</AllowedOrigins><AllowedMethods>${allowedMethods}</AllowedMethods><MaxAgeInSeconds>${maxAgeInSeconds}</MaxAgeInSeconds><ExposedHeaders>${exposedHeaders}</ExposedHeaders><AllowedHeaders>${allowedHeaders}</AllowedHeaders></CorsRule>`,
      );
      const body = Buffer.from(
        `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors>${xml.join('')}</Cors></StorageServiceProperties>`,
      );
      const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) };
      await call(account, 'PUT', '/?restype=service&comp=properties', headers, body);
      account.cors.splice(0, account.cors.length, ...rules);
    },
    snapshot() {
      const all = [...world.accounts.values()].map(({ containers, ...settings }) => {
        const names = [...containers.keys()].sort();
        const contents = names.map((name) => {
          const { publicAccess } = containerOf({ ...settings, containers }, name);
          const blobs = containerOf({ ...settings, containers }, name).versions();
          const kept = blobs.map(({ name: blob, versionId, current, body }) => {
            return { name: blob, version: versionId !== undefined, current, size: body.length };
          });
          return [name, { publicAccess, blobs: kept }];
        });
        return [settings.name, { ...settings, containers: Object.fromEntries(contents) }];
      });
      return JSON.parse(JSON.stringify(Object.fromEntries(all)));
    },
  };
}
