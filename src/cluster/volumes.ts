/** The volumes of a service's pod that a second pod may mount. */
import { named } from '../config/sources/quote.ts';
import type { Json, JsonMap } from '../util/json.ts';
import { listIn, mapIn, nameOf, textIn, textsIn, without } from './objects.ts';

/** Volumes that `restricted` admits, and that a second pod can mount. */
const SHARED = ['configMap', 'secret', 'projected', 'downwardAPI', 'emptyDir', 'csi'];

export interface Volumes {
  readonly kept: readonly JsonMap[];
  readonly names: ReadonlySet<string>;
  /** Descriptions of the volumes that are left out. */
  readonly dropped: readonly string[];
}

/** @param claims the PersistentVolumeClaims that are known */
export function volumesIn(spec: JsonMap, claims: readonly JsonMap[]): Volumes {
  const all = listIn(spec, 'volumes').map((volume) => ({ volume, copy: copyOf(volume, claims) }));
  const kept = all.flatMap(({ copy }) => (copy === undefined ? [] : [copy]));
  return {
    kept,
    names: new Set(kept.flatMap((volume) => textIn(volume, 'name') ?? [])),
    dropped: all.filter(({ copy }) => copy === undefined).map(({ volume }) => described(volume)),
  };
}

/** Whether a volume is a path of the node. */
export const isHostPath = (volume: JsonMap): boolean => volume.hostPath !== undefined && volume.hostPath !== null;

function copyOf(volume: JsonMap, claims: readonly JsonMap[]): JsonMap | undefined {
  const claim = textIn(mapIn(volume, 'persistentVolumeClaim'), 'claimName');
  if (claim !== undefined) {
    // A volume that one node holds would keep our pod from starting, or the service's next pod.
    const isShared = claims.some((object) => nameOf(object) === claim && isMountedByMany(object));
    const reading = { ...mapIn(volume, 'persistentVolumeClaim'), readOnly: true };
    return isShared ? { ...volume, persistentVolumeClaim: reading } : undefined;
  }
  const kind = SHARED.find((name) => volume[name] !== undefined && volume[name] !== null);
  return kind === undefined ? undefined : { ...volume, [kind]: readable(mapIn(volume, kind)) };
}

const isMountedByMany = (claim: JsonMap): boolean => {
  const modes = textsIn(mapIn(claim, 'spec'), 'accessModes');
  return modes.length > 0 && modes.every((mode) => mode === 'ReadOnlyMany' || mode === 'ReadWriteMany');
};

/** Without modes: they are for the service's own user and group, which our pod does not have. */
function readable(source: JsonMap): JsonMap {
  const items = (value: JsonMap): readonly Json[] => listIn(value, 'items').map((item) => without(item, ['mode']));
  const base = without(source, ['defaultMode']);
  return {
    ...base,
    ...(base.items !== undefined && { items: items(base) }),
    ...(base.sources !== undefined && { sources: listIn(base, 'sources').map(readableSource) }),
  };
}

const readableSource = (source: JsonMap): JsonMap =>
  Object.fromEntries(
    Object.entries(source).map(([kind, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? [kind, readable(mapIn(source, kind))]
        : [kind, value],
    ),
  );

function described(volume: JsonMap): string {
  const name = `volume ${named(textIn(volume, 'name'), 'object')}`;
  const claim = textIn(mapIn(volume, 'persistentVolumeClaim'), 'claimName');
  return claim === undefined
    ? name
    : `${name} (PersistentVolumeClaim ${named(claim, 'object')}, which may be ReadWriteOnce)`;
}

/** The mounts whose volumes are in the pod. */
export const mountsIn = (container: JsonMap, { names }: Pick<Volumes, 'names'>): readonly JsonMap[] =>
  listIn(container, 'volumeMounts').filter((mount) => names.has(textIn(mount, 'name') ?? ''));
