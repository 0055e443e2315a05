/**
 * Service accounts that only a Helm release will create, created for the run. They carry Helm's marks of ownership, so that an
 * installation adopts what a killed run left. They have no owner: the installation's account must not be removed with the run.
 */
import { InputError } from '../config/input-error.ts';
import { named } from '../config/sources/quote.ts';
import type { JsonMap } from '../util/json.ts';
import { RUN_LABEL } from './names.ts';
import { mapIn, nameOf, picked, textIn } from './objects.ts';
import { accountOf, type Workload } from './workloads.ts';

/** The ServiceAccounts in the manifests that the workloads use; never `default`, which every namespace has. */
export function accountsOf(workloads: readonly Workload[], objects: readonly JsonMap[]): JsonMap[] {
  const used = new Set(workloads.map(accountOf).filter((name) => name !== 'default'));
  return objects.filter((object) => object.kind === 'ServiceAccount' && used.has(nameOf(object)));
}

const INSTANCE = 'app.kubernetes.io/instance';

/**
 * The name of the Helm release, which `helm template` prints only in labels: the vendor's chart appends the service to it.
 * @throws InputError if the labels do not say it
 */
export function releaseName(objects: readonly JsonMap[], where: string): string {
  const labels = (object: JsonMap) => mapIn(mapIn(object, 'metadata'), 'labels');
  const instances = objects
    .filter((object) => textIn(labels(object), 'helm.sh/chart') !== undefined)
    .flatMap((object) => textIn(labels(object), INSTANCE) ?? []);
  const [shortest] = instances.toSorted((a, b) => a.length - b.length);
  if (shortest !== undefined && instances.every((name) => name === shortest || name.startsWith(`${shortest}-`)))
    return shortest;
  throw new InputError(
    `${where}: --create-service-accounts expects the output of helm template, whose labels (${INSTANCE}) name one release`,
  );
}

/** @param namespace of the release */
export function accountFor(
  manifest: JsonMap,
  { run, release, namespace }: { readonly run: string; readonly release: string; readonly namespace: string },
): JsonMap {
  const metadata = mapIn(manifest, 'metadata');
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: nameOf(manifest),
      labels: { ...mapIn(metadata, 'labels'), 'app.kubernetes.io/managed-by': 'Helm', [RUN_LABEL]: run },
      annotations: {
        ...mapIn(metadata, 'annotations'),
        'meta.helm.sh/release-name': release,
        'meta.helm.sh/release-namespace': namespace,
      },
    },
    ...picked(manifest, ['automountServiceAccountToken', 'imagePullSecrets']),
  };
}

/** Why a created account stays. */
export const adopted = (account: string): string =>
  `service account ${named(account, 'object')} stays: a Deployment uses it now`;
