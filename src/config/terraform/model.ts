/** What this tool reads of a plan or state of Terraform or OpenTofu. */
import type { Json, JsonMap } from '../../util/json.ts';

export interface Resource {
  /** `module.ecs.aws_ecs_task_definition.server[0]` */
  readonly address: string;
  /** The address of its module; empty for the root. */
  readonly module: string;
  readonly type: string;
  /** In the configuration: `server`. */
  readonly name: string;
  /** The attributes in `ATTRIBUTES`, after the plan. */
  readonly values: JsonMap;
  /** In the shape of `values`: `true` for what is known only after the plan is applied. */
  readonly unknown: JsonMap;
  /** In the shape of `values`: `true` for what is marked sensitive. */
  readonly sensitive: JsonMap;
  /** By attribute that the configuration sets: what the expression refers to, such as `aws_s3_bucket.states.id`. Undefined if the plan lacks it. */
  readonly references: Readonly<Record<string, readonly string[]>> | undefined;
  /** Whether the plan creates it, and replaces none. */
  readonly isNew: boolean;
}

export interface Output {
  readonly name: string;
  /** Undefined if it is known only after the plan is applied. */
  readonly value: Json | undefined;
  readonly sensitive: boolean;
}

export interface Terraform {
  /** `outputs`: what `tofu output -json` prints. */
  readonly kind: 'plan' | 'state' | 'outputs';
  /** Managed resources of the types in `ATTRIBUTES` that exist after the plan. */
  readonly resources: readonly Resource[];
  readonly outputs: readonly Output[];
  /** Whether planning failed, so that the plan is incomplete. */
  readonly errored?: boolean;
  /** Whether the plan destroys resources, and does nothing else. */
  readonly destroys?: boolean;
}
