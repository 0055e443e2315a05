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

/** File systems that are not on the instance, by the type of a mount. */
const REMOTE = ['nfs', 'nfs4', 'cifs', 'tmpfs'];

/**
 * Also as a volume of Docker's driver `local`, which passes its options to mount(2): with `bind`, or a file system on a disk, the
 * device is one of the instance (https://docs.docker.com/reference/cli/docker/volume/create/#driver-specific-options).
 */
export function isPathOfInstance(volume: JsonMap): boolean {
  if ((mapIn(volume, 'host').sourcePath ?? undefined) !== undefined) return true;
  const docker = mapIn(volume, 'dockerVolumeConfiguration');
  const options = mapIn(docker, 'driverOpts');
  if ((textIn(docker, 'driver') ?? 'local') !== 'local' || options.device === undefined) return false;
  const binds = /(?:^|,)r?bind(?:,|$)/.test(textIn(options, 'o') ?? '');
  return binds || !REMOTE.includes(textIn(options, 'type') ?? '');
}

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
