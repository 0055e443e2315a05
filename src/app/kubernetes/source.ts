/** Which services there are, and in which pods: from the live Deployments, or from rendered manifests. */
import { titleOfAll } from '../../cluster/documents.ts';
import { type Connection, type Kubectl, KubectlError } from '../../cluster/kubectl.ts';
import { readManifests } from '../../cluster/manifests.ts';
import { flattened } from '../../cluster/objects.ts';
import { refuseMoreAuthority, type Workload, workloadsIn } from '../../cluster/workloads.ts';
import { InputError } from '../../config/input-error.ts';
import type { Service } from '../../config/options.ts';
import { named, shown } from '../../config/sources/quote.ts';
import type { Json, JsonMap } from '../../util/json.ts';
import { unusable } from './errors.ts';

export interface WorkloadSource {
  /** Paths of manifests; `-` is standard input. If empty, the Deployments are read from the cluster. */
  readonly files: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  /** For reading the files, ms. */
  readonly timeoutMs: number;
  /** All that are there if `undefined`. */
  readonly services: readonly Service[] | undefined;
  /** Without it, rendered manifests are not compared with the live ones. */
  readonly connect: ((connection: Connection) => Kubectl) | undefined;
  readonly connection: Connection;
}

export interface Source {
  readonly workloads: readonly Workload[];
  /** The manifests; only Deployments if they are live. */
  readonly objects: readonly JsonMap[];
  /** In messages. */
  readonly title: string;
  /** With the namespace, if it is known. */
  readonly connection: Connection;
}

const COMMANDS = 'spacelift backend server, backend drain-local, scheduler or backend vcs-gateway';

/** @throws InputError */
export const readWorkloads = (source: WorkloadSource): Promise<Source> =>
  source.files.length > 0 ? readRendered(source) : readLive(source);

async function readLive({ connect, connection: given, services }: WorkloadSource): Promise<Source> {
  const title = inNamespace(given);
  const kubectl = connect?.(given);
  const objects = kubectl === undefined ? [] : await deploymentsIn(kubectl, given);
  const all = workloadsIn(objects, title);
  if (all.length === 0) {
    if (kubectl !== undefined) await refuseUnknownNamespace(kubectl, given);
    throw new InputError(
      `${title}: no Deployment runs ${COMMANDS}; name its namespace with -n, or pass the output of helm template with -f`,
    );
  }
  const workloads = chosen(all, services, title);
  const namespace = given.namespace ?? namespaceIn(workloads, title);
  return { workloads, objects, title, connection: { ...given, namespace } };
}

async function readRendered(source: WorkloadSource): Promise<Source> {
  const { files, stdin, timeoutMs, services, connect, connection: given } = source;
  const title = titleOfAll(files);
  const objects = await readManifests(files, stdin, timeoutMs);
  const all = workloadsIn(objects, title);
  if (all.length === 0)
    throw new InputError(`${title}: no Deployment runs ${COMMANDS}; pass the output of helm template`);
  const workloads = chosen(all, services, title);
  const namespace = given.namespace ?? namespaceIn(workloads, title);
  refuseOtherNamespace(workloads, namespace, title);
  const connection = { ...given, namespace };
  if (connect !== undefined) {
    const live = await deploymentsIn(connect(connection), connection);
    refuseMoreAuthority(workloads, workloadsIn(live, inNamespace(connection)), title);
  }
  return { workloads, objects, title, connection };
}

const inNamespace = ({ namespace }: Connection): string =>
  namespace === undefined ? 'the namespace of the context' : `namespace ${shown(namespace)}`;

/** @throws InputError */
async function deploymentsIn(kubectl: Kubectl, connection: Connection): Promise<JsonMap[]> {
  return listed(kubectl, ['get', 'deployments'], connection);
}

/**
 * The objects that a `kubectl get` prints.
 * @throws InputError
 */
export async function listed(kubectl: Kubectl, args: readonly string[], connection: Connection): Promise<JsonMap[]> {
  try {
    return objectsIn(await kubectl([...args, '--output=json']));
  } catch (error) {
    if (error instanceof KubectlError) throw unusable(error, connection);
    throw error;
  }
}

/** What kubectl printed as JSON. @throws KubectlError if it is no JSON */
export function objectsIn(text: string): JsonMap[] {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KubectlError('failed', 'it printed something that is not JSON');
  }
  return flattened([value]);
}

/** A namespace that does not exist lists as an empty one. Only who may read namespaces learns the difference. */
async function refuseUnknownNamespace(kubectl: Kubectl, connection: Connection): Promise<void> {
  const { namespace } = connection;
  if (namespace === undefined) return;
  try {
    await kubectl(['get', 'namespaces', `--field-selector=metadata.name=${namespace}`, '--output=json']).then(
      (text) => {
        if (objectsIn(text).length === 0) throw new InputError(`namespace ${shown(namespace)} does not exist`);
      },
    );
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
  }
}

function chosen(all: readonly Workload[], services: readonly Service[] | undefined, title: string): Workload[] {
  const missing = services?.find((service) => !all.some((workload) => workload.service === service));
  if (missing !== undefined)
    throw new InputError(
      `${title}: no Deployment runs the ${missing}; found ${all.map(({ service }) => service).join(', ')}`,
    );
  return all.filter(({ service }) => services === undefined || services.some((one) => one === service));
}

/** As `kubectl apply` would do: where the manifests say, or else where the context says. */
function namespaceIn(workloads: readonly Workload[], title: string): string | undefined {
  const [first, second] = [...new Set(workloads.flatMap(({ namespace }) => namespace ?? []))];
  if (second !== undefined)
    throw new InputError(
      `${title}: Deployments in several namespaces (${named(first, 'object')}, ${named(second, 'object')}); pass those of one with -n`,
    );
  return first;
}

function refuseOtherNamespace(workloads: readonly Workload[], wanted: string | undefined, title: string): void {
  const other = workloads.find(({ namespace }) => namespace !== undefined && namespace !== wanted);
  if (other !== undefined)
    throw new InputError(
      `${title}: Deployment ${named(other.deployment, 'object')} is in namespace ${named(other.namespace, 'object')}; use -n ${named(other.namespace, 'object')}`,
    );
}
