/** Which services there are, and in which task definitions: from the services of the cluster, or from files. */
import { readDocuments, titleOfAll } from '../../cluster/documents.ts';
import type { Ecs } from '../../cluster/ecs/client.ts';
import { clusterName } from '../../cluster/ecs/names.ts';
import { isForFargate, requires } from '../../cluster/ecs/task.ts';
import {
  type Definition,
  definitionArnOf,
  definitionIn,
  type EcsWorkload,
  isActive,
  placementOf,
  workloadsIn,
} from '../../cluster/ecs/workloads.ts';
import { InputError } from '../../config/input-error.ts';
import type { Service } from '../../config/options.ts';
import { named, shown } from '../../config/sources/quote.ts';
import { type JsonMap, textIn } from '../../util/json.ts';

/** The network of tasks that no service of the cluster describes. */
export interface Network {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: boolean;
}

export interface EcsSource {
  /** Paths of task definitions; `-` is standard input. If empty, the services of the cluster are read. */
  readonly files: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  /** For reading the files, ms. */
  readonly timeoutMs: number;
  /** All that are there if `undefined`. */
  readonly services: readonly Service[] | undefined;
  /** Absent if nothing is started. */
  readonly network: Network | undefined;
  readonly cluster: string;
}

const COMMANDS = 'spacelift backend server, backend drain-local, scheduler or backend vcs-gateway';
/** Task definitions that are read at once. */
const AT_ONCE = 5;
/** Of a cluster: each one's task definition is read. */
const MOST_SERVICES = 500;

/** @throws InputError */
export async function readFiles(source: EcsSource): Promise<EcsWorkload[]> {
  const title = titleOfAll(source.files);
  const documents = await readDocuments(source.files, source.stdin, source.timeoutMs);
  const definitions = documents.flatMap(({ title: where, values }) => {
    if (values.length === 0) throw new InputError(`${where}: empty; expected a task definition`);
    return values.map((value): Definition => {
      const held = definitionIn(value, where);
      const label = `task definition ${named(textIn(held.definition, 'family'), 'container')}`;
      return { ...held, label, placement: placementFor(held.definition, label, source.network) };
    });
  });
  if (source.network !== undefined) refuseUnusedNetwork(definitions, source.network);
  return chosen(workloadsIn(definitions, title), source.services, title, 'task definition');
}

/** @throws InputError, EcsError */
export async function readServices(ecs: Ecs, { cluster, services }: EcsSource): Promise<EcsWorkload[]> {
  const title = `cluster ${shown(clusterName(cluster))}`;
  const all = (await ecs.services())?.filter(isActive);
  if (all === undefined || all.length > MOST_SERVICES)
    throw new InputError(`${title} has more than ${MOST_SERVICES} services; pass the task definitions with -f`);
  const known = new Map<string, Promise<Pick<Definition, 'definition' | 'tags'>>>();
  const definitions: Definition[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const found = all.slice(from, from + AT_ONCE).map(async (service): Promise<Definition | undefined> => {
      const arn = definitionArnOf(service);
      if (arn === undefined) return undefined;
      const held = known.get(arn) ?? ecs.describe(arn);
      known.set(arn, held);
      const label = `service ${named(textIn(service, 'serviceName'), 'container')}`;
      return { ...(await held), label, placement: placementOf(service) };
    });
    definitions.push(...(await Promise.all(found)).filter((one) => one !== undefined));
  }
  const workloads = workloadsIn(definitions, title);
  if (workloads.length === 0)
    throw new InputError(
      `${title}: no service runs ${COMMANDS}; before they exist, pass their task definitions with -f`,
    );
  return chosen(workloads, services, title, 'service');
}

function placementFor(definition: JsonMap, label: string, network: Network | undefined): JsonMap {
  const types = requires(definition);
  const launchType = isForFargate(definition)
    ? 'FARGATE'
    : types.includes('EXTERNAL')
      ? 'EXTERNAL'
      : types.length === 0 || types.includes('EC2')
        ? 'EC2'
        : undefined;
  const where = launchType === undefined ? {} : { launchType };
  if (network === undefined || !isInVpc(definition)) return where;
  if (network.subnets.length === 0)
    throw new InputError(`${label} has the network mode awsvpc; name its subnets with --subnets`);
  const { subnets, securityGroups, assignPublicIp } = network;
  return {
    ...where,
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets,
        ...(securityGroups.length > 0 && { securityGroups }),
        assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED',
      },
    },
  };
}

const isInVpc = (definition: JsonMap): boolean => definition.networkMode === 'awsvpc';

function refuseUnusedNetwork(definitions: readonly Definition[], network: Network): void {
  const isGiven = network.subnets.length > 0 || network.securityGroups.length > 0 || network.assignPublicIp;
  if (isGiven && !definitions.some(({ definition }) => isInVpc(definition)))
    throw new InputError('--subnets, --security-groups and --assign-public-ip are for the network mode awsvpc only');
}

function chosen(
  all: readonly EcsWorkload[],
  services: readonly Service[] | undefined,
  title: string,
  noun: string,
): EcsWorkload[] {
  const found = all.map(({ service }) => service).join(', ');
  if (all.length === 0) throw new InputError(`${title}: no container runs ${COMMANDS}`);
  const missing = services?.find((service) => !all.some((workload) => workload.service === service));
  if (missing !== undefined) throw new InputError(`${title}: no ${noun} runs the ${missing}; found ${found}`);
  return all.filter(({ service }) => services === undefined || services.includes(service));
}
