/**
 * PodSecurity `restricted` (v1.34), written from its definition, for tests without a cluster:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
import { listIn, mapIn, textIn, textsIn } from '../../src/cluster/objects.ts';
import type { JsonMap } from '../../src/util/json.ts';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const PROFILES = ['RuntimeDefault', 'Localhost'];
const SELINUX = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

export function restrictedViolations(pod: JsonMap): string[] {
  const spec = mapIn(pod, 'spec');
  const context = mapIn(spec, 'securityContext');
  const containers = [...listIn(spec, 'initContainers'), ...listIn(spec, 'containers')];
  const annotations = Object.entries(mapIn(mapIn(pod, 'metadata'), 'annotations'));
  const found = [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true),
    ...listIn(spec, 'volumes').flatMap((volume) =>
      Object.keys(volume).filter((key) => key !== 'name' && !VOLUMES.includes(key)),
    ),
    ...(context.sysctls === undefined ? [] : ['sysctls']),
    ...(context.runAsUser === 0 ? ['root'] : []),
    ...annotations.flatMap(([name, value]) => (name.startsWith(APPARMOR) && value === 'unconfined' ? [name] : [])),
  ];
  return [...found, ...containers.flatMap((container) => violationsOf(container, context))];
}

function violationsOf(container: JsonMap, pod: JsonMap): string[] {
  const own = mapIn(container, 'securityContext');
  const capabilities = mapIn(own, 'capabilities');
  const profile = textIn(mapIn(own, 'seccompProfile'), 'type') ?? textIn(mapIn(pod, 'seccompProfile'), 'type');
  const rules: readonly [string, boolean][] = [
    ['privileged', own.privileged === true],
    ['allowPrivilegeEscalation', own.allowPrivilegeEscalation !== false],
    ['runAsNonRoot', (own.runAsNonRoot ?? pod.runAsNonRoot) !== true],
    ['runAsUser', own.runAsUser === 0],
    ['capabilities.drop', !textsIn(capabilities, 'drop').includes('ALL')],
    ['capabilities.add', textsIn(capabilities, 'add').some((name) => name !== 'NET_BIND_SERVICE')],
    ['seccompProfile', !PROFILES.includes(profile ?? '')],
    ['seLinuxOptions', !SELINUX.includes(textIn(mapIn(own, 'seLinuxOptions'), 'type'))],
    ['procMount', own.procMount !== undefined && own.procMount !== 'Default'],
    ['hostPort', listIn(container, 'ports').some(({ hostPort }) => hostPort !== undefined && hostPort !== 0)],
  ];
  return rules.flatMap(([name, isBroken]) => (isBroken ? [`${textIn(container, 'name')}: ${name}`] : []));
}
