/** Kubernetes Secrets and ConfigMaps, and the workloads that read them. */
import { type Entry, InputError } from '../entry.ts';
import { SERVICES } from '../options.ts';
import { inOneNamespace } from './namespaces.ts';
import { isConfig } from './near.ts';
import { isStored, type Located, nameIn, namespaceIn, objectsIn } from './objects.ts';
import { isPullSecret, readPullSecret } from './pull-secret.ts';
import { named } from './quote.ts';
import { reasonForObjects } from './refused-objects.ts';
import { isSealed, sealedIn } from './sealed.ts';
import { readObject, rejectedIn, serviceOf } from './secret-data.ts';
import type { Stored } from './stored.ts';
import type { Document, Reading } from './value.ts';
import { readWorkloads, type WorkloadReading } from './workloads.ts';

/** As the vendor's templates name Secrets. */
const VENDORS_NAME = /-(?:shared|server|drain|scheduler|vcs-gateway)$/;

/** @throws InputError when there is no usable object, or one can't be read */
export function readKubernetes(documents: readonly Document[], file: string): Reading {
  const located = objectsIn(documents);
  const objects = located.map(({ object }) => object);
  const used = located.filter(({ object }) => isStored(object)).map((one) => ({ ...one, ...readObject(one, file) }));
  const stored = used.map(storedFrom);
  const sealed = sealedBeside(located, file);
  const workloads = readWorkloads(located, [...stored, ...typedIn(located, file), ...sealed], file);
  const pullSecrets = objects.filter(isPullSecret);
  if (used.length + pullSecrets.length + sealed.length === 0 && workloads.workloads === undefined)
    throw new InputError(`${file}: ${reasonForObjects(objects, workloads)}`);
  const { kept, ignored } = beside(workloads, stored, sealed);
  const own = [...Map.groupBy(workloads.entries, ({ location }) => location?.namespace).values()];
  const entries = inOneNamespace([...kept, ...own.map((held) => ({ entries: held }))], file).flatMap(
    (reading) => reading.entries,
  );
  const namespaces = [...new Set(entries.flatMap(({ location }) => location?.namespace ?? []))];
  const isOpen = kept.some((object) => isOpenIn(object, namespaces));
  const unseen = workloads.unseen ?? (isOpen ? 'operator' : undefined);
  const isUnseen = entries.every(({ unseen: why }) => why !== undefined && why !== 'apply');
  const isAlone = isUnseen && (unseen !== undefined || entries.length + sealed.length > 0);
  return {
    entries,
    logins: pullSecrets.flatMap((object) => readPullSecret(object, file, namespaces)),
    rejected: [
      ...used.flatMap(({ rejected }) => rejected),
      ...(workloads.rejected ?? []),
      ...objects.filter((object) => !isStored(object)).flatMap((object) => rejectedIn(object, file)),
    ],
    incomplete: workloads.incomplete || isOpen,
    ...(workloads.incomplete && !isOpen && workloads.missing !== undefined && { missing: workloads.missing }),
    ...(workloads.workloads !== undefined && { workloads: workloads.workloads }),
    ...(unseen !== undefined && { unseen }),
    ...(workloads.incompleteGateway && { incompleteGateway: true }),
    unresolved: workloads.unresolved ?? [],
    ignored,
    ...(isAlone && { alone: reasonForObjects(objects, workloads) }),
  };
}

const storedFrom = ({ object, entries }: Located & { readonly entries: readonly Entry[] }): Stored => ({
  kind: object.kind === 'ConfigMap' ? 'ConfigMap' : 'Secret',
  name: nameIn(object),
  namespace: namespaceIn(object),
  entries,
});

/** Secrets with a type, which count only if a workload refers to them; read only then. */
const typedIn = (objects: readonly Located[], file: string): Stored[] =>
  objects.flatMap((located) => {
    const { object } = located;
    if ((object.kind !== 'Secret' && object.kind !== 'ConfigMap') || isStored(object)) return [];
    let entries: readonly Entry[] | undefined;
    return [
      {
        kind: object.kind,
        name: nameIn(object),
        namespace: namespaceIn(object),
        get entries() {
          entries ??= readObject(located, file).entries;
          return entries;
        },
      },
    ];
  });

/** The Secrets that the cluster creates from other objects, unless they are there too. */
function sealedBeside(objects: readonly Located[], file: string): Stored[] {
  const secrets = objects.flatMap(({ object }) => (object.kind === 'Secret' ? [object] : []));
  const there = new Set(secrets.map((object) => `${namespaceIn(object)}/${nameIn(object)}`));
  return objects
    .filter(({ object }) => isSealed(object))
    .flatMap((one) => sealedIn(one, file))
    .filter(({ name, namespace }) => !there.has(`${namespace}/${name}`));
}

const isOpenIn = ({ isOpen, namespace }: Stored, namespaces: readonly string[]): boolean =>
  isOpen === true &&
  (namespace === undefined || namespaces.length === 0 || namespaces.includes(named(namespace, 'object')));

/**
 * The objects whose variables count, in addition to those of workloads. What workloads refer to is theirs, and nothing else:
 * other objects count for services whose workloads are not in the input, if their names say that they are Spacelift's.
 */
function beside(
  { workloads, referred, isReferring }: WorkloadReading,
  stored: readonly Stored[],
  sealed: readonly Stored[],
): { readonly kept: readonly Stored[]; readonly ignored: readonly Entry[] } {
  if (workloads === undefined) {
    const own = sealed.filter((object) => isConfig(object) || object.isOpen);
    return {
      kept: [...stored, ...own.map((object) => (isConfig(object) ? object : { ...object, entries: [] }))],
      ignored: [],
    };
  }
  const vendors = [...stored, ...sealed].filter(({ name }) => VENDORS_NAME.test(name));
  const running = new Set(workloads);
  // Without a reference, something else puts the variables into the containers.
  if (!isReferring || !SERVICES.some((service) => running.has(service))) return { kept: vendors, ignored: [] };
  const others = SERVICES.filter(
    (service) => !running.has(service) && vendors.some(({ name }) => serviceOf(name) === service),
  );
  const kept = vendors.flatMap((object) => {
    const service = serviceOf(object.name);
    if (service !== 'all') return others.includes(service) ? [object] : [];
    return others.map((other) => ({ ...object, entries: object.entries.map((one) => ({ ...one, service: other })) }));
  });
  const isIgnored = (object: Stored) => !referred.has(object) && !kept.some(({ name }) => name === object.name);
  return { kept, ignored: vendors.filter(isIgnored).flatMap(({ entries }) => entries) };
}
