/** What Azurite lacks: the versions of blobs. Every blob that is written through the proxy is remembered here. */
import { BlobError, escapeXml } from './errors.ts';
import type { Reply } from './types.ts';

export interface Version {
  name: string;
  /** Undefined: written without versioning. */
  versionId: string | undefined;
  current: boolean;
  body: Buffer;
  /** content-type, etag, last-modified, content-md5 and x-ms-meta-*. */
  headers: Record<string, string>;
}

/** What keeps the blobs of a container. */
export interface Immutability {
  /** Version-level immutability is supported: a policy keeps versions, and current blobs become versions. */
  readonly ofVersions?: boolean;
  /** A time-based policy: of the container, or of its account, which the container does not show. */
  readonly policy?: 'container' | 'account';
  readonly legalHold?: boolean;
}

export class Container {
  publicAccess: 'blob' | 'container' | undefined;
  immutability: Immutability = {};
  /** Newest first, by name. */
  readonly #blobs = new Map<string, Version[]>();
  #last = 0;

  constructor(publicAccess: 'blob' | 'container' | undefined) {
    this.publicAccess = publicAccess;
  }

  /** By name, oldest first: the order of a listing with versions. */
  versions(): Version[] {
    const names = [...this.#blobs.keys()].sort((a, b) => (a < b ? -1 : 1));
    return names.flatMap((name) => [...(this.#blobs.get(name) ?? [])].reverse());
  }

  current(name: string): Version | undefined {
    return this.#blobs.get(name)?.find(({ current }) => current);
  }

  find(name: string, versionId: string): Version | undefined {
    return this.#blobs.get(name)?.find((version) => version.versionId === versionId);
  }

  /** Remembers what was written; under versioning, what it replaced stays. */
  written(name: string, body: Buffer, headers: Record<string, string>, versioning: boolean, now: Date): Version {
    this.removed(name, versioning, now);
    const versionId = versioning ? this.#versionId(now) : undefined;
    const version = { name, versionId, current: true, body, headers };
    this.#blobs.set(name, [version, ...(this.#blobs.get(name) ?? [])]);
    return version;
  }

  /** The current blob is gone; under versioning it stays as a version. */
  removed(name: string, versioning: boolean, now: Date): void {
    const current = this.current(name);
    if (current === undefined) return;
    if (versioning) {
      current.versionId ??= this.#versionId(now);
      current.current = false;
    } else this.#drop(current);
  }

  /** @throws {BlobError} 404, and 403 for the current version. */
  removeVersion(name: string, versionId: string): void {
    const found = this.find(name, versionId);
    if (found === undefined) throw new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.');
    if (found.current) {
      const message = 'This operation is not permitted as the blob is a root blob.';
      throw new BlobError(403, 'OperationNotAllowedOnRootBlob', message);
    }
    this.mustNotBeKept(true);
    this.#drop(found);
  }

  /** @throws {BlobError} 409 */
  mustNotBeKept(isVersion: boolean): void {
    const { ofVersions, policy, legalHold } = this.immutability;
    const kept = (code: string, what: string) =>
      new BlobError(409, code, `This operation is not permitted as the blob is immutable due to ${what}.`);
    if (legalHold) throw kept('BlobImmutableDueToLegalHold', 'one or more legal holds');
    if (policy !== undefined && (isVersion || !ofVersions)) throw kept('BlobImmutableDueToPolicy', 'a policy');
  }

  #drop(version: Version): void {
    const kept = (this.#blobs.get(version.name) ?? []).filter((other) => other !== version);
    if (kept.length > 0) this.#blobs.set(version.name, kept);
    else this.#blobs.delete(version.name);
  }

  /** The time with seven decimals, never twice the same. */
  #versionId(now: Date): string {
    const ticks = Math.max(this.#last + 1, now.getTime() * 10_000);
    this.#last = ticks;
    const digits = String(ticks % 10_000_000).padStart(7, '0');
    return new Date(Math.floor(ticks / 10_000)).toISOString().replace(/\.\d+Z$/, `.${digits}Z`);
  }
}

/** `List Blobs` with `include=versions`. */
export function listVersions(container: Container, name: string, endpoint: string, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const limit = Math.min(Number(query.get('maxresults') ?? 5000), 5000);
  const start = Number(query.get('marker') ?? 0);
  const matching = container.versions().filter((version) => version.name.startsWith(prefix));
  const shown = matching.slice(start, start + limit);
  const next = start + shown.length < matching.length ? String(start + shown.length) : '';
  const blobs = shown.map(({ name: blob, versionId, current, body, headers }) => {
    const version = versionId === undefined ? '' : `<VersionId>${versionId}</VersionId>`;
    const properties = {
      'Creation-Time': headers['last-modified'],
      'Last-Modified': headers['last-modified'],
      Etag: headers.etag,
      'Content-Length': String(body.length),
      'Content-Type': headers['content-type'],
      'Content-MD5': headers['content-md5'],
      BlobType: 'BlockBlob',
      LeaseStatus: 'unlocked',
      LeaseState: 'available',
    };
    return `<Blob><Name>${escapeXml(blob)}</Name>${version}${current ? '<IsCurrentVersion>true</IsCurrentVersion>' : ''}<Properties>${elements(properties)}</Properties></Blob>`;
  });
  const head = elements({ Prefix: prefix, MaxResults: String(limit) });
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${endpoint}/" ContainerName="${name}">${head}<Blobs>${blobs.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
  };
}

function elements(values: Record<string, string | undefined>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${escapeXml(value)}</${name}>`))
    .join('');
}
