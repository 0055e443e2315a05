/** The volumes of a service's task that a second task may mount. */
import { named } from '../../config/sources/quote.ts';
import { type JsonMap, listIn, mapIn, textIn } from '../../util/json.ts';

export interface Volumes {
  readonly kept: readonly JsonMap[];
  /** Descriptions of the volumes that are left out. */
  readonly dropped: readonly string[];
}

/** Why a volume is left out; the first that applies. */
const REASONS: readonly (readonly [applies: (volume: JsonMap) => boolean, reason: string])[] = [
  [({ configuredAtLaunch }) => configuredAtLaunch === true, 'an EBS volume that the service configures at launch'],
  [
    (volume) => textIn(mapIn(volume, 'dockerVolumeConfiguration'), 'scope') === 'shared',
    'a Docker volume that the tasks of an instance share',
  ],
  [(volume) => Object.keys(mapIn(volume, 'fsxWindowsFileServerVolumeConfiguration')).length > 0, 'for Windows'],
];

export function volumesIn(definition: JsonMap): Volumes {
  const all = listIn(definition, 'volumes').map((volume) => ({
    volume,
    reason: REASONS.find(([applies]) => applies(volume))?.[1],
  }));
  return {
    kept: all.filter(({ reason }) => reason === undefined).map(({ volume }) => volume),
    dropped: all.flatMap(({ volume, reason }) =>
      reason === undefined ? [] : [`volume ${named(textIn(volume, 'name'), 'container')} (${reason})`],
    ),
  };
}

/** The mounts whose volumes are in the task. */
export const mountsIn = (container: JsonMap, { kept }: Volumes): JsonMap[] =>
  listIn(container, 'mountPoints').filter(({ sourceVolume }) => kept.some(({ name }) => name === sourceVolume));
