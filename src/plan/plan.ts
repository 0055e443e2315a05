/** Describes a run without running it: the config, the operations, and the permissions they need. Contacts nothing. */

import { ECS_POLICY, type EcsPolicy } from '../cluster/ecs/access.ts';
import { CLUSTER_ACCESS, type ClusterAccess } from '../cluster/role.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Perspective, PhaseOption, RunOptions } from '../config/options.ts';
import { redactor } from '../config/redact.ts';
import { tagsSessions } from '../config/releases.ts';
import type { Decisions } from '../config/schema.ts';
import { type Check, type Grant, type PlannedOperation, perVariable, type Run } from '../engine/check.ts';
import { Cleanup } from '../engine/cleanup.ts';
import { makeRun } from '../engine/run.ts';
import { selector } from '../engine/select.ts';
import { networkContext } from '../net/ca-store.ts';
import { CheckStopped } from '../outcome/outcome.ts';
import { cleanDecisions } from '../report/accepted.ts';
import { releaseOf } from '../report/release.ts';
import { sanitizer } from '../report/sanitize.ts';
import type { ReportRelease } from '../report/types.ts';
import { VERSION } from '../util/version.ts';
import { type Permissions, permissionsOf } from './policy.ts';
import { type PlannedVariable, variablesOf } from './variables.ts';

export const PLAN_VERSION = 1;
/** A policy is one string that must not be cut off. */
const LONGEST = 100_000;

export interface PlanOperation {
  /** The IDs of the findings that it produces. */
  readonly rules: readonly string[];
  readonly does: string;
  readonly at: readonly string[];
  /** What it writes, and how that is removed; `null` if it writes nothing. */
  readonly writes: string | null;
}

export interface PlannedCheck {
  readonly id: string;
  readonly title: string;
  /** The dependency in the config, such as "MinIO at minio:9000, 10 buckets", or `null`. */
  readonly about: string | null;
  /** Empty for a check that only reads the config. */
  readonly operations: readonly PlanOperation[];
  /** The reason why the check could not run. */
  readonly hindered: string | null;
}

/** Its JSON is a public interface. */
export interface Plan {
  readonly kind: 'plan';
  readonly schemaVersion: typeof PLAN_VERSION;
  readonly tool: { readonly name: 'spacelift-preflight'; readonly version: string };
  readonly service: Perspective | null;
  /** The release of Self-Hosted that the plan is for. */
  readonly release: ReportRelease;
  readonly phase: PhaseOption;
  readonly readOnly: boolean;
  /** What a decisions file (`preflight.yaml`) decides; `null` without one. */
  readonly decisions: Decisions | null;
  readonly variables: readonly PlannedVariable[];
  /** Variables in the sources that neither Spacelift nor a cloud SDK reads. */
  readonly unknown: readonly string[];
  readonly checks: readonly PlannedCheck[];
  readonly permissions: Permissions;
  /** The Role for `run kubernetes`, if the config is from Kubernetes. */
  readonly kubernetes: ClusterAccess | null;
  /** The IAM policy for `run ecs`, if the config is a task definition. */
  readonly ecs: EcsPolicy | null;
  /** What was left out of the config, and facts that affect permissions but are not part of it. */
  readonly notes: readonly string[];
}

/** A run that contacts nothing, to ask the checks what they would do. */
export const idleRun = (deployment: Deployment, options: RunOptions): Run => ({
  ...makeRun(
    deployment,
    options,
    networkContext(deployment, options.authorities),
    new AbortController().signal,
    new Cleanup(),
  ),
  withTimeout: () => Promise.reject(new Error('a plan contacts nothing')),
});

export async function makePlan(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  decisions?: Decisions,
): Promise<Plan> {
  const run = idleRun(deployment, options);
  const selected = selector(options.only, options.skip, perVariable(checks));
  const planned: PlannedCheck[] = [];
  const grants: Grant[] = [];
  for (const check of checks) {
    const idOf = (rule: string) => `${check.id}/${rule}`;
    if (!check.expects(run).map(idOf).some(selected)) continue;
    const { operations, hindered } = await operationsOf(check, run);
    const chosen = operations.filter(({ rules }) => rules.map(idOf).some(selected));
    grants.push(...chosen.flatMap((operation) => operation.grants ?? []));
    planned.push({
      id: check.id,
      title: check.title,
      about: aboutOf(check, run),
      operations: chosen.map(({ rules, does, at, writes = null }) => ({
        rules: rules.map(idOf),
        does,
        // Several variables may lead to one bucket, queue or host.
        at: [...new Set(at)],
        writes,
      })),
      hindered,
    });
  }
  return cleaned(deployment, {
    kind: 'plan',
    schemaVersion: PLAN_VERSION,
    tool: { name: 'spacelift-preflight', version: VERSION },
    service: deployment.service ?? null,
    release: releaseOf(deployment),
    phase: options.phase,
    readOnly: options.readOnly,
    decisions: decisions === undefined ? null : cleanDecisions(decisions, sanitizer(redactor(deployment.secrets))),
    ...variablesOf(deployment),
    checks: planned,
    permissions: permissionsOf(grants),
    kubernetes: deployment.origins.some(({ location }) => location?.kind !== undefined) ? CLUSTER_ACCESS : null,
    ecs: deployment.hasTaskDefinition ? ECS_POLICY : null,
    notes: [
      ...deployment.notes,
      ...(grants.some(isEncryptedAtRest) ? [AT_REST] : []),
      ...(tagsSessions(deployment.release.release) ? [TAGGED] : []),
    ],
  });
}

function aboutOf(check: Check, run: Run): string | null {
  try {
    return check.summary?.(run) ?? null;
  } catch (error) {
    if (error instanceof CheckStopped) return null;
    throw error;
  }
}

const AT_REST =
  'if buckets or queues are encrypted at rest with a customer managed KMS key, kms:GenerateDataKey and kms:Decrypt on that key are also required';
const TAGGED =
  'AWS integrations of Spacelift that tag their sessions also require sts:TagSession beside sts:AssumeRole, in the policies of the server and the drain and in the trust policies of the roles';
const isEncryptedAtRest = ({ system, action }: Grant): boolean => system === 'aws' && /^(s3|sqs):/.test(action);

/** What a check would do with this config. */
export async function operationsOf(
  check: Check,
  run: Run,
): Promise<{ operations: readonly PlannedOperation[]; hindered: string | null }> {
  try {
    return { operations: (await check.plan?.(run)) ?? [], hindered: null };
  } catch (error) {
    if (error instanceof CheckStopped) return { operations: [], hindered: error.outcome.title };
    throw error;
  }
}

/** Removes secrets and control sequences from every string, at any depth. */
function cleaned(deployment: Deployment, plan: Plan): Plan {
  const clean = sanitizer(redactor(deployment.secrets));
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value, LONGEST);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, walk(held)]));
  };
  return walk(plan) as Plan;
}
