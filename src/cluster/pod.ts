/**
 * Makes the Pod in which a service's dependencies are tried: what the service's own pod has that matters to them, and nothing that
 * could disturb the service.
 *
 * It is a bare Pod and not a Job's, with all labels of the service, because network policies, meshes and workload identity select
 * by them. A Job's pod with these labels would block drains of nodes: a PodDisruptionBudget looks for the scale of the
 * pod's controller, a Job has none, and the budget then allows no eviction (`found no controllers for pod`). A Pod without a
 * controller is not counted. A ReplicaSet does not adopt it, because its selector contains `pod-template-hash`, which is left out.
 * The readiness gate keeps traffic away. An empty Job with a TTL owns the Pod (`job.ts`): it is removed even if this process is killed.
 */
import { InputError } from '../config/input-error.ts';
import type { Perspective } from '../config/options.ts';
import { named } from '../config/sources/quote.ts';
import type { Json, JsonMap } from '../util/json.ts';
import { AUTHORITIES, NEVER_READY, PREFIX, podName, RUN_LABEL, SERVICE_LABEL } from './names.ts';
import { listIn, mapIn, picked, textIn, without } from './objects.ts';
import type { Resources } from './resources.ts';
import { CONTAINER_SECURITY, hardened, POD_SECURITY } from './security.ts';
import { isHostPath, mountsIn, type Volumes, volumesIn } from './volumes.ts';
import { labelOf, type Workload } from './workloads.ts';

export interface PodSettings {
  /** The ID of the run. */
  readonly run: string;
  readonly image: string;
  /** Of Secrets, in addition to those of the Deployment. */
  readonly imagePullSecrets: readonly string[];
  readonly resources: Resources;
  /** For the command line in the container. */
  readonly args: readonly string[];
  /** CA certificates, PEM. */
  readonly authorities: string | undefined;
  /** From the start of the Pod, s. */
  readonly activeDeadline: number;
  /** PersistentVolumeClaims whose access modes are known. */
  readonly claims: readonly JsonMap[];
}

export interface BuiltPod {
  readonly pod: JsonMap;
  /** The name of the container that runs the checks: the service's own, because annotations and policies name it. */
  readonly container: string;
  /** What is different from the service's pod and could matter, for people. */
  readonly notes: readonly string[];
}

/** Where the container finds `authorities`. */
const AUTHORITIES_FOLDER = `/run/${PREFIX}`;
const AUTHORITIES_FILE = 'ca.pem';
const AUTHORITIES_VOLUME = `${PREFIX}-ca`;

/** Fields of the pod that decide where it runs, who it is, and how it finds names. */
const TAKEN_OVER = [
  'nodeSelector',
  'tolerations',
  'dnsPolicy',
  'dnsConfig',
  'hostAliases',
  'enableServiceLinks',
  'runtimeClassName',
  'schedulerName',
];

/** Set by controllers, for their own pods. */
const CONTROLLERS_LABELS = ['pod-template-hash', 'controller-revision-hash'];

/** @throws InputError for a pod that would have access to its node, or that is no pod */
export function podOf(workload: Workload, settings: PodSettings): BuiltPod {
  refuseNodeAccess(workload);
  const { service, spec, container } = workload;
  const volumes = volumesIn(spec, settings.claims);
  const own = containerOf(container, volumes, settings);
  const sidecars = listIn(spec, 'initContainers')
    .filter(isSidecar)
    .map((sidecar) => sidecarOf(sidecar, volumes));
  const containers = [own, ...sidecars.map((sidecar) => sidecar.container)].map(nameIn);
  const pod: JsonMap = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(settings.run, service),
      labels: {
        ...without(mapIn(workload.metadata, 'labels'), CONTROLLERS_LABELS),
        ...labelsOf(settings.run, service),
      },
      annotations: annotationsOf(workload, containers, settings),
    },
    spec: {
      ...picked(spec, TAKEN_OVER),
      ...accountAndSecrets(spec, settings),
      ...affinityOf(spec),
      automountServiceAccountToken: needsToken(workload),
      restartPolicy: 'Never',
      activeDeadlineSeconds: settings.activeDeadline,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      readinessGates: [{ conditionType: NEVER_READY }],
      securityContext: POD_SECURITY,
      ...(sidecars.length > 0 && { initContainers: sidecars.map((sidecar) => sidecar.container) }),
      containers: [own],
      volumes: settings.authorities === undefined ? volumes.kept : [...volumes.kept, AUTHORITIES_FROM_ANNOTATION],
    },
  };
  const ofSidecars = sidecars.flatMap(({ notes }) => notes);
  return { pod, container: nameIn(own), notes: notesOf(workload, volumes, ofSidecars) };
}

const nameIn = (container: JsonMap): string => textIn(container, 'name') ?? '';

function accountAndSecrets(spec: JsonMap, settings: PodSettings): JsonMap {
  const account = textIn(spec, 'serviceAccountName') ?? textIn(spec, 'serviceAccount');
  const pullSecrets = [...listIn(spec, 'imagePullSecrets'), ...settings.imagePullSecrets.map((name) => ({ name }))];
  return {
    ...(account !== undefined && { serviceAccountName: account }),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
  };
}

/** The image's own entry point runs. */
function containerOf(container: JsonMap, volumes: Volumes, settings: PodSettings): JsonMap {
  const { image, args, resources, authorities } = settings;
  const mounts = mountsIn(container, volumes);
  const certificates = { name: AUTHORITIES_VOLUME, mountPath: AUTHORITIES_FOLDER, readOnly: true };
  const withFile = ['--ca-file', `${AUTHORITIES_FOLDER}/${AUTHORITIES_FILE}`];
  return {
    name: nameIn(container),
    image,
    args: (authorities === undefined ? args : [...args, ...withFile]).map(literal),
    ...picked(container, ['env', 'envFrom']),
    resources: { requests: resources.requests, limits: resources.limits },
    securityContext: CONTAINER_SECURITY,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: authorities === undefined ? mounts : [...mounts, certificates],
  };
}

/** In which the command line removes what it wrote. */
const GRACE_SECONDS = 10;

export const labelsOf = (run: string, service: Perspective): JsonMap => ({
  [RUN_LABEL]: run,
  [SERVICE_LABEL]: service,
});

/** The downward API is the only volume with contents of a Pod's own: no ConfigMap needs to be created. */
const AUTHORITIES_FROM_ANNOTATION: JsonMap = {
  name: AUTHORITIES_VOLUME,
  downwardAPI: {
    items: [{ path: AUTHORITIES_FILE, fieldRef: { fieldPath: `metadata.annotations['${AUTHORITIES}']` } }],
  },
};

/** Kubernetes replaces `$(NAME)` in arguments; `$$` is a dollar sign. */
const literal = (argument: string): string => argument.replaceAll('$', '$$$$');

function refuseNodeAccess(workload: Workload): void {
  const { spec, container } = workload;
  const label = labelOf(workload);
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].find((field) => spec[field] === true);
  if (shared !== undefined)
    throw new InputError(`${label} sets ${shared}, which a run never gets; leave the service out with --services`);
  const volume = listIn(spec, 'volumes').find(isHostPath);
  if (volume !== undefined)
    throw new InputError(
      `${label} mounts a path of its node (volume ${named(textIn(volume, 'name'), 'object')}), which a run never gets; leave the service out with --services`,
    );
  const name = textIn(container, 'name');
  if (name === undefined || named(name, 'container') !== name)
    throw new InputError(`${label}: expected a container with a name, such as ${workload.service}`);
}

/** A container that runs beside the others until they end (Kubernetes 1.29 and later). */
const isSidecar = (container: JsonMap): boolean => container.restartPolicy === 'Always';

interface BuiltSidecar {
  readonly container: JsonMap;
  readonly notes: readonly string[];
}

function sidecarOf(sidecar: JsonMap, volumes: Volumes): BuiltSidecar {
  const { context, refused } = hardened(mapIn(sidecar, 'securityContext'));
  const ports = listIn(sidecar, 'ports').map((port) => without(port, ['hostPort', 'hostIP']));
  const container: Record<string, Json> = {
    ...without(sidecar, ['volumeDevices']),
    volumeMounts: mountsIn(sidecar, volumes),
    securityContext: context,
    ...(ports.length > 0 && { ports }),
  };
  const name = named(textIn(sidecar, 'name'), 'container');
  return { container, notes: refused.length === 0 ? [] : [`its sidecar ${name} runs without ${refused.join(', ')}`] };
}

/** Preferences and nodes stay; a pod that must not be beside the service's own would have nowhere to run. */
function affinityOf(spec: JsonMap): JsonMap {
  const affinity = mapIn(spec, 'affinity');
  const apart = without(mapIn(affinity, 'podAntiAffinity'), ['requiredDuringSchedulingIgnoredDuringExecution']);
  const kept = {
    ...picked(affinity, ['nodeAffinity', 'podAffinity']),
    ...(Object.keys(apart).length > 0 && { podAntiAffinity: apart }),
  };
  return Object.keys(kept).length > 0 ? { affinity: kept } : {};
}

/**
 * Spacelift does not use the API of Kubernetes, so its token is mounted only if the pod asks for it. Linkerd injects nothing into
 * pods without it. Projected tokens, such as those for cloud identities, are volumes of their own.
 */
function needsToken({ spec, metadata }: Workload): boolean {
  const linkerd = textIn(mapIn(metadata, 'annotations'), 'linkerd.io/inject');
  return spec.automountServiceAccountToken === true || (linkerd !== undefined && linkerd !== 'disabled');
}

const ISTIO_CONFIG = 'proxy.istio.io/config';
/** The API server rejects it for containers that are not in the pod. */
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

function annotationsOf({ metadata }: Workload, containers: readonly string[], { authorities }: PodSettings): JsonMap {
  const own = Object.entries(mapIn(metadata, 'annotations')).filter(
    ([name, value]) =>
      !name.startsWith(APPARMOR) || (containers.includes(name.slice(APPARMOR.length)) && value !== 'unconfined'),
  );
  return {
    // Without it, the container starts before Istio's proxy, and its first connections fail.
    [ISTIO_CONFIG]: '{"holdApplicationUntilProxyStarts":true}',
    ...Object.fromEntries(own),
    ...(authorities !== undefined && { [AUTHORITIES]: authorities }),
  };
}

function notesOf(workload: Workload, volumes: Volumes, sidecars: readonly string[]): string[] {
  const { spec, container } = workload;
  const init = listIn(spec, 'initContainers').filter((one) => !isSidecar(one));
  const beside = listIn(spec, 'containers').filter((one) => one !== container);
  const all = [
    ...volumes.dropped.map((volume) => `${volume} is left out`),
    ...init.map((one) => `init container ${named(textIn(one, 'name'), 'container')} does not run`),
    ...beside.map(
      (one) =>
        `container ${named(textIn(one, 'name'), 'container')} does not run; a sidecar that the service needs must be an init container with restartPolicy: Always`,
    ),
    ...sidecars,
  ];
  return all.map((note) => `${workload.service}: ${labelOf(workload)}: ${note}`);
}

/** The same Pod with the priority of the service, for a quota that admits no other. */
export function withPriority(pod: JsonMap, { spec }: Workload): JsonMap | undefined {
  const priorityClassName = textIn(spec, 'priorityClassName');
  return priorityClassName === undefined ? undefined : { ...pod, spec: { ...mapIn(pod, 'spec'), priorityClassName } };
}

/** The same Pod, removed with its owner. Not its controller, which a PodDisruptionBudget would look up. */
export function ownedBy(pod: JsonMap, job: JsonMap): JsonMap {
  const { name, uid } = mapIn(job, 'metadata');
  if (typeof name !== 'string' || typeof uid !== 'string') return pod;
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }];
  return { ...pod, metadata: { ...mapIn(pod, 'metadata'), ownerReferences } };
}
