/** Buckets and every generation of every object: what the server knows, without HTTP. */
import { createHash } from 'node:crypto';
import { crc32c } from './crc32c.ts';
import { conditionNotMet, retained, underHold } from './errors.ts';
import type { Binding } from './roles.ts';
import type { BucketSettings, CorsEntry, LifecycleRule } from './types.ts';

export interface ObjectFields {
  contentType: string;
  contentEncoding?: string;
  cacheControl?: string;
  contentDisposition?: string;
  metadata: Record<string, string>;
}

export interface Generation extends ObjectFields {
  name: string;
  /** Microseconds since the epoch, as Cloud Storage makes them. */
  generation: string;
  body: Buffer;
  /** base64 */
  md5Hash: string;
  /** base64, big-endian */
  crc32c: string;
  timeCreated: Date;
  /** When it became noncurrent; undefined for the live one. */
  timeDeleted: Date | undefined;
  /** Its ACL has allUsers as reader. */
  publicAcl: boolean;
  /** It can neither go nor become noncurrent before someone releases it. */
  eventBasedHold: boolean;
}

/** `ifGenerationMatch` and `ifGenerationNotMatch`; `0` is "no live object". */
export interface Preconditions {
  match?: string | undefined;
  notMatch?: string | undefined;
}

/** base64, as the service writes them. */
export const hashes = (bytes: Buffer) => ({
  md5Hash: createHash('md5').update(bytes).digest('base64'),
  crc32c: crc32c(bytes),
});

let lastGeneration = 0;

export class Bucket {
  readonly name: string;
  readonly created: Date;
  location: string;
  versioning: { enabled: boolean } | undefined;
  lifecycle: { rule: LifecycleRule[] } | undefined;
  cors: CorsEntry[] | undefined;
  retentionPolicy: BucketSettings['retentionPolicy'];
  defaultEventBasedHold: boolean | undefined;
  softDeletePolicy: BucketSettings['softDeletePolicy'];
  iamConfiguration: NonNullable<BucketSettings['iamConfiguration']>;
  defaultObjectAcl: NonNullable<BucketSettings['defaultObjectAcl']>;
  bindings: Binding[];
  /** Oldest generation first. */
  readonly #objects = new Map<string, Generation[]>();

  constructor(name: string, settings: BucketSettings, now: Date) {
    this.name = name;
    this.created = now;
    this.location = settings.location ?? 'EUROPE-WEST1';
    this.versioning = settings.versioning;
    this.lifecycle = settings.lifecycle;
    this.cors = settings.cors;
    this.retentionPolicy = settings.retentionPolicy;
    this.defaultEventBasedHold = settings.defaultEventBasedHold;
    this.softDeletePolicy = settings.softDeletePolicy;
    this.iamConfiguration = settings.iamConfiguration ?? {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: 'inherited',
    };
    this.defaultObjectAcl = settings.defaultObjectAcl ?? [];
    this.bindings = settings.bindings ?? [];
  }

  get uniform(): boolean {
    return this.iamConfiguration.uniformBucketLevelAccess?.enabled === true;
  }

  get publicAccessPrevented(): boolean {
    return this.iamConfiguration.publicAccessPrevention === 'enforced';
  }

  /** By name in byte order, oldest generation first; the live ones only unless `versions`. */
  list(versions: boolean): Generation[] {
    const names = [...this.#objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const all = names.flatMap((name) => this.#objects.get(name) ?? []);
    return versions ? all : all.filter(({ timeDeleted }) => timeDeleted === undefined);
  }

  /** The live generation, or the one asked for. */
  find(name: string, generation?: string): Generation | undefined {
    return this.#objects
      .get(name)
      ?.find((found) => (generation === undefined ? found.timeDeleted === undefined : found.generation === generation));
  }

  /** Makes a new live generation. The one before becomes noncurrent, or goes for good without versioning.
   * @throws {GcsError} 412 */
  put(
    name: string,
    body: Buffer | string,
    fields: Partial<ObjectFields> = {},
    now = new Date(),
    preconditions: Preconditions = {},
    publicAcl = false,
  ): Generation {
    this.#check(name, preconditions);
    const bytes = Buffer.from(body);
    lastGeneration = Math.max(lastGeneration + 1, now.getTime() * 1000);
    const inherited = this.defaultObjectAcl.some(({ entity }) => entity === 'allUsers');
    const made: Generation = {
      ...structuredClone({ contentType: 'application/octet-stream', metadata: {}, ...fields }),
      name,
      generation: String(lastGeneration),
      body: bytes,
      ...hashes(bytes),
      timeCreated: now,
      timeDeleted: undefined,
      publicAcl: publicAcl || inherited,
      eventBasedHold: this.defaultEventBasedHold === true,
    };
    this.#retire(name, now);
    this.#objects.set(name, [...(this.#objects.get(name) ?? []), made]);
    return made;
  }

  /** Without a generation: the live one becomes noncurrent, or goes for good without versioning. With one: it goes for
   * good. False when there is none.
   * @throws {GcsError} 412 */
  remove(name: string, generation?: string, now = new Date(), preconditions: Preconditions = {}): boolean {
    const found = this.find(name, generation);
    if (found === undefined) return false;
    this.#check(name, preconditions, found);
    if (generation === undefined) this.#retire(name, now);
    else {
      this.#mustNotBeKept(found, now);
      this.#drop(found);
    }
    return true;
  }

  /** Everything but times, bindings included, as plain JSON. */
  snapshot(): object {
    const { name, location, versioning, lifecycle, cors, iamConfiguration, defaultObjectAcl, bindings } = this;
    const objects = this.list(true).map(({ body, timeCreated, timeDeleted, ...generation }) => ({
      ...generation,
      live: timeDeleted === undefined,
      size: body.length,
    }));
    const state = {
      name,
      location,
      versioning,
      lifecycle,
      cors,
      iamConfiguration,
      defaultObjectAcl,
      bindings,
      objects,
    };
    return JSON.parse(JSON.stringify(state));
  }

  #check(name: string, { match, notMatch }: Preconditions, current = this.find(name)): void {
    const generation = current?.generation ?? '0';
    if (match !== undefined && match !== generation) throw conditionNotMet();
    if (notMatch !== undefined && notMatch === generation) throw conditionNotMet();
  }

  #retire(name: string, now: Date): void {
    const live = this.find(name);
    if (live === undefined) return;
    if (this.versioning?.enabled && !live.eventBasedHold) {
      live.timeDeleted = now;
      return;
    }
    this.#mustNotBeKept(live, now);
    this.#drop(live);
  }

  /** @throws {GcsError} 403 */
  #mustNotBeKept({ name, timeCreated, eventBasedHold }: Generation, now: Date): void {
    if (eventBasedHold) throw underHold(this.name, name);
    const until = timeCreated.getTime() + Number(this.retentionPolicy?.retentionPeriod ?? 0) * 1000;
    if (until > now.getTime()) throw retained(this.name, name, new Date(until));
  }

  #drop({ name, generation }: Generation): void {
    const kept = (this.#objects.get(name) ?? []).filter((other) => other.generation !== generation);
    if (kept.length > 0) this.#objects.set(name, kept);
    else this.#objects.delete(name);
  }
}
