/** Finds the containers of Spacelift's services in Deployments, by their commands. */
import { InputError } from '../config/input-error.ts';
import { type Perspective, SERVICES } from '../config/options.ts';
import { named } from '../config/sources/quote.ts';
import { serviceRun } from '../config/sources/service.ts';
import type { JsonMap } from '../util/json.ts';
import { listIn, mapIn, nameOf, namespaceOf, textIn, textsIn } from './objects.ts';

/** A container that runs a service, and the pod that it is in. */
export interface Workload {
  readonly service: Perspective;
  /** The name of the Deployment. */
  readonly deployment: string;
  readonly namespace: string | undefined;
  /** `metadata` of the pod template. */
  readonly metadata: JsonMap;
  /** `spec` of the pod template. */
  readonly spec: JsonMap;
  readonly container: JsonMap;
}

/** "Deployment spacelift-drain" */
export const labelOf = ({ deployment }: Pick<Workload, 'deployment'>): string =>
  `Deployment ${named(deployment, 'object')}`;

/**
 * One workload per service, in the order of the services.
 * @param where the source in messages
 * @throws InputError if two Deployments run the same service
 */
export function workloadsIn(objects: readonly JsonMap[], where: string): Workload[] {
  const all = objects.filter(({ kind }) => kind === 'Deployment').flatMap(workloadsOf);
  return SERVICES.flatMap((service) => {
    const [first, second] = all.filter((workload) => workload.service === service);
    if (first !== undefined && second !== undefined)
      throw new InputError(
        `${where}: ${labelOf(first)} and ${labelOf(second)} both run the ${service}; pass the Deployments of one installation with -f`,
      );
    return first ?? [];
  });
}

function workloadsOf(deployment: JsonMap): Workload[] {
  const template = mapIn(mapIn(deployment, 'spec'), 'template');
  const spec = mapIn(template, 'spec');
  const found = listIn(spec, 'containers').flatMap((container): Workload[] => {
    const service = serviceRun([...textsIn(container, 'command'), ...textsIn(container, 'args')]);
    if (service === undefined) return [];
    const metadata = mapIn(template, 'metadata');
    const names = { deployment: nameOf(deployment), namespace: namespaceOf(deployment) };
    return [{ service, ...names, metadata, spec, container }];
  });
  return found.slice(0, 1);
}

/** The names of the Secrets that a workload's pod reads, and of its service account. */
export interface Authority {
  readonly secrets: ReadonlySet<string>;
  readonly account: string;
}

/** All containers of the workloads' pods. */
export const containersIn = (workloads: readonly Workload[]): JsonMap[] =>
  workloads.flatMap(({ spec }) => [...listIn(spec, 'initContainers'), ...listIn(spec, 'containers')]);

/** Without a name, the account is `default`. */
export const accountOf = ({ spec }: Pick<Workload, 'spec'>): string =>
  textIn(spec, 'serviceAccountName') ?? textIn(spec, 'serviceAccount') ?? 'default';

export function authorityOf({ spec }: Workload): Authority {
  const containers = [...listIn(spec, 'initContainers'), ...listIn(spec, 'containers')];
  const volumes = listIn(spec, 'volumes');
  const names = [
    ...containers.flatMap((container) => [
      ...listIn(container, 'envFrom').map((source) => textIn(mapIn(source, 'secretRef'), 'name')),
      ...listIn(container, 'env').map((pair) => textIn(mapIn(mapIn(pair, 'valueFrom'), 'secretKeyRef'), 'name')),
    ]),
    ...volumes.flatMap((volume) => [
      textIn(mapIn(volume, 'secret'), 'secretName'),
      ...listIn(mapIn(volume, 'projected'), 'sources').map((source) => textIn(mapIn(source, 'secret'), 'name')),
      textIn(mapIn(mapIn(volume, 'csi'), 'nodePublishSecretRef'), 'name'),
    ]),
    ...listIn(spec, 'imagePullSecrets').map((secret) => textIn(secret, 'name')),
  ];
  return { secrets: new Set(names.filter((name) => name !== undefined)), account: accountOf({ spec }) };
}

/**
 * A rendered manifest must not give a run more than the service that it replaces has.
 * @throws InputError
 */
export function refuseMoreAuthority(rendered: readonly Workload[], live: readonly Workload[], where: string): void {
  for (const workload of rendered) {
    const running = live.find(({ service }) => service === workload.service);
    if (running === undefined) continue;
    const [wanted, held] = [authorityOf(workload), authorityOf(running)];
    const secret = [...wanted.secrets].find((name) => !held.secrets.has(name));
    const more =
      wanted.account !== held.account
        ? `service account ${named(wanted.account, 'object')}`
        : secret !== undefined
          ? `Secret ${named(secret, 'object')}`
          : undefined;
    if (more !== undefined)
      throw new InputError(
        `${where}: ${labelOf(workload)} uses ${more}, which the live ${labelOf(running)} does not use; apply it first, or leave it out with --services`,
      );
  }
}
