/**
 * What changes with a release of Self-Hosted. Without a known release, the reference documentation holds, which lists
 * none of this. Sources: Spacelift's changelog and external dependencies (state of 4.3.0), the README of its Helm chart and
 * the history of its Terraform modules (the scheduler).
 */
import type { VariableName } from './contract.ts';
import { DOCS } from './docs.ts';
import { isSince, type Release, type Since } from './release.ts';
import { FEDERATION_VARIABLES, GATEWAY_VARIABLES, POLICY_VARIABLES } from './service-variables.ts';
import { isTrue } from './types.ts';

/** The supported major versions of PostgreSQL: of the reference documentation, and since later releases. */
const POSTGRESQL = { oldest: 14, newest: 16 } as const;
const LATER_POSTGRESQL: readonly { readonly since: Since; readonly newest: number }[] = [
  { since: '4.1.0', newest: 17 },
];

/** Where the scheduler runs. */
const SCHEDULER = { inDrain: '6.2.0', byDefault: '6.4.0' } as const satisfies Record<string, Since>;

/** When AWS integrations can tag their sessions. */
const TAGGED_SESSIONS = '4.2.0' satisfies Since;

/** Reads the effective value of a variable, or its default; `undefined` if it is unset or not known here. */
export type Values = (name: VariableName) => string | undefined;

export interface Change {
  readonly since: Since;
  /** The release from which another change holds instead: an upgrade past it lists only that one. */
  readonly until?: Since;
  /** What is different, as a short phrase. */
  readonly change: string;
  /** What to do about it, as an instruction. */
  readonly action?: string;
  /** The rules that it affects. */
  readonly rules?: readonly string[];
  /** Whether it concerns a deployment; all of them by default. */
  readonly concerns?: (value: Values) => boolean;
  readonly docs: string;
}

/** In the order of the releases. */
export const CHANGES: readonly Change[] = [
  {
    since: '3.4.0',
    change: 'the VCS gateway can run on ECS',
    rules: ['configuration/release'],
    docs: DOCS.changelog,
  },
  {
    since: '3.4.0',
    change: 'the issuer of OIDC tokens can be set: FEDERATION_CUSTOM_ISSUER and FEDERATION_CUSTOM_JWKS_URI',
    rules: ['configuration/release'],
    docs: DOCS.oidc,
  },
  {
    since: '3.4.0',
    change: 'the time to process a message can be set: MESSAGE_PROCESSING_TIMEOUT_SECONDS',
    rules: ['configuration/release'],
    docs: DOCS.changelog,
  },
  {
    since: '4.0.0',
    change: 'the time to evaluate policies can be set: POLICY_REGO_…',
    rules: ['configuration/release'],
    docs: DOCS.policies,
  },
  {
    since: '4.1.0',
    change: 'PostgreSQL 17 is supported',
    rules: ['database/version'],
    docs: DOCS.dependencies,
  },
  {
    since: '4.1.0',
    change: 'the VCS gateway can run on EKS, GKE and AKS',
    action: 'use the Helm chart 0.56.0 or later for it',
    rules: ['configuration/release'],
    docs: DOCS.changelog,
  },
  {
    since: TAGGED_SESSIONS,
    change: 'AWS integrations can tag their sessions',
    action:
      'allow sts:TagSession beside sts:AssumeRole, in the policies of Spacelift and in the trust policies of the roles',
    docs: DOCS.changelog,
  },
  {
    since: SCHEDULER.inDrain,
    until: SCHEDULER.byDefault,
    change: 'the scheduler can run in the drain',
    action:
      'set DRAIN_SCHEDULER_ENABLED=true for the drain if no scheduler service is deployed: newer Helm charts may not deploy one',
    rules: ['configuration/scheduler', 'configuration/release'],
    concerns: (value) => !isTrue(value('DRAIN_SCHEDULER_ENABLED')),
    docs: DOCS.changelog,
  },
  {
    since: SCHEDULER.inDrain,
    change: 'DRAIN_SCHEDULER_ENABLED=true takes effect: the drain runs the scheduler',
    action: 'remove the scheduler service, and grant the drain sqs:SendMessage on the cronjobs queue if you use SQS',
    rules: ['message-queues/<queue>/access'],
    concerns: (value) => isTrue(value('DRAIN_SCHEDULER_ENABLED')),
    docs: DOCS.changelog,
  },
  {
    since: SCHEDULER.byDefault,
    change: 'the drain runs the scheduler by default',
    action: 'remove the scheduler service, or set DRAIN_SCHEDULER_ENABLED=false for the drain and keep it',
    rules: ['configuration/scheduler'],
    concerns: (value) => value('DRAIN_SCHEDULER_ENABLED') === undefined,
    docs: DOCS.changelog,
  },
  {
    since: SCHEDULER.byDefault,
    change: 'the drain sends to the cronjobs queue by default',
    action: 'grant the drain sqs:SendMessage on the cronjobs queue (with Spacelift’s IAM module, version 1.8 or later)',
    rules: ['message-queues/<queue>/access'],
    concerns: (value) => value('MESSAGE_QUEUE_TYPE') === 'sqs' && value('DRAIN_SCHEDULER_ENABLED') === undefined,
    docs: DOCS.queues,
  },
];

/** The first release with a variable. */
export interface FirstRelease {
  readonly since: Since;
  /** On Kubernetes, if it differs. */
  readonly onKubernetes?: Since;
  /** Values that mean what releases without the variable do. */
  readonly ignores?: (value: string) => boolean;
}

const of = (variables: object, first: FirstRelease) => Object.keys(variables).map((name) => [name, first] as const);

/** Variables that are not in this table exist in all releases, as far as is known. */
export const FIRST_RELEASES: ReadonlyMap<string, FirstRelease> = new Map<string, FirstRelease>([
  ['BITBUCKET_AFFECTED_CHANGES_PER_PAGE_FILES', { since: '2.4.0' }],
  ['MESSAGE_PROCESSING_TIMEOUT_SECONDS', { since: '3.4.0' }],
  ...of(FEDERATION_VARIABLES, { since: '3.4.0' }),
  ...of(GATEWAY_VARIABLES, { since: '3.4.0', onKubernetes: '4.1.0' }),
  ...of(POLICY_VARIABLES, { since: '4.0.0' }),
  // Spacelift's modules write `false` for all releases.
  ['DRAIN_SCHEDULER_ENABLED', { since: SCHEDULER.inDrain, ignores: (value) => !isTrue(value) }],
]);

/** The releases in which something changes. */
export const RELEASES: readonly Since[] = [...new Set(CHANGES.map(({ since }) => since))];

/** The oldest and newest supported major versions of PostgreSQL. */
export function postgresqlFor(release: Release | undefined): { readonly oldest: number; readonly newest: number } {
  const later = LATER_POSTGRESQL.findLast(({ since }) => release !== undefined && isSince(release, since));
  return { oldest: POSTGRESQL.oldest, newest: later?.newest ?? POSTGRESQL.newest };
}

/** The first release that supports a major version of PostgreSQL that the reference documentation does not. */
export const firstReleaseFor = (major: number): Since | undefined =>
  LATER_POSTGRESQL.find(({ newest }) => major > POSTGRESQL.newest && major <= newest)?.since;

/**
 * Whether the drain runs the scheduler, and so sends to the cronjobs queue.
 * @param enabled the value of `DRAIN_SCHEDULER_ENABLED`; `undefined` if it is not set
 */
export function drainSchedules(release: Release | undefined, enabled: string | undefined): boolean {
  if (release !== undefined && !isSince(release, SCHEDULER.inDrain)) return false;
  if (enabled !== undefined) return isTrue(enabled);
  return release !== undefined && isSince(release, SCHEDULER.byDefault);
}

/** Whether the drain can run the scheduler, if it is told to. */
export const canScheduleInDrain = (release: Release): boolean => isSince(release, SCHEDULER.inDrain);

/** Whether the roles of AWS integrations can be assumed with tags. */
export const tagsSessions = (release: Release | undefined): boolean =>
  release !== undefined && isSince(release, TAGGED_SESSIONS);
