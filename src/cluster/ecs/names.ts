/** The names and tags of what a run creates in ECS: `--cleanup` finds it by them, whoever made it. */
import { type Perspective, SERVICES } from '../../config/options.ts';
import { ENDS_BY, PREFIX, RUN_LABEL, SERVICE_LABEL } from '../names.ts';

/** The start of the family of every task definition that a run registers. */
export const FAMILY_PREFIX = `${PREFIX}-`;
/** On a task definition: the cluster of its task, by name. */
export const CLUSTER_TAG = `${PREFIX}/cluster`;

export const familyOf = (run: string, service: Perspective): string => `${FAMILY_PREFIX}${run}-${service}`;

/** The run's ID in the name of a family; `undefined` for a family of somebody else. */
export const runInFamily = (family: string): string | undefined =>
  new RegExp(`^${FAMILY_PREFIX}([0-9a-f]{8})-(?:${SERVICES.join('|')})$`).exec(family)?.[1];

/** `startedBy` of the run's tasks. */
export const startedBy = (run: string): string => `${FAMILY_PREFIX}${run}`;

/** The name of a cluster, which can be given as an ARN. */
export const clusterName = (cluster: string): string => cluster.replace(/^arn:[^/]*:cluster\//, '');

/** As in the API. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Marks {
  readonly run: string;
  /** By name. */
  readonly cluster: string;
  /** When the run has ended at the latest. */
  readonly endsBy: Date;
}

export const tagsOf = ({ run, cluster, endsBy }: Marks, service: Perspective): Tag[] => [
  { key: RUN_LABEL, value: run },
  { key: SERVICE_LABEL, value: service },
  { key: CLUSTER_TAG, value: cluster },
  { key: ENDS_BY, value: endsBy.toISOString() },
];
