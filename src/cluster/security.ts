/**
 * Security contexts that PodSecurity `restricted` admits. No user or group is set: OpenShift assigns them, and the image runs as
 * any. (https://kubernetes.io/docs/concepts/security/pod-security-standards/)
 */
import type { Json, JsonMap } from '../util/json.ts';
import { mapIn, picked, textIn, textsIn } from './objects.ts';

export const POD_SECURITY: JsonMap = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

export const CONTAINER_SECURITY: JsonMap = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
};

/** The only capability that `restricted` lets a container add. */
const ALLOWED_CAPABILITY = 'NET_BIND_SERVICE';

export interface Hardened {
  readonly context: JsonMap;
  /** What the container asked for and does not get. */
  readonly refused: readonly string[];
}

/** A sidecar keeps its user and what `restricted` allows. */
export function hardened(own: JsonMap): Hardened {
  const added = textsIn(mapIn(own, 'capabilities'), 'add');
  const isRoot = own.runAsUser === 0 || own.runAsNonRoot === false;
  const profile = mapIn(own, 'seccompProfile');
  const keepsProfile = ['RuntimeDefault', 'Localhost'].includes(textIn(profile, 'type') ?? '');
  const context: Record<string, Json> = {
    ...picked(own, ['runAsGroup', 'readOnlyRootFilesystem', ...(isRoot ? [] : ['runAsUser'])]),
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], ...(added.includes(ALLOWED_CAPABILITY) && { add: [ALLOWED_CAPABILITY] }) },
    runAsNonRoot: true,
    ...(keepsProfile && { seccompProfile: profile }),
  };
  return {
    context,
    refused: [
      ...(own.privileged === true ? ['privileged mode'] : []),
      ...(isRoot ? ['root'] : []),
      ...added.filter((name) => name !== ALLOWED_CAPABILITY).map((name) => `capability ${name.slice(0, 40)}`),
    ],
  };
}
