/** What a plan says about a bucket, the same for all clouds. */
import type { Resource } from '../../src/config/terraform/model.ts';
import type { PlanView } from '../../src/config/terraform/view.ts';

/** How one setting will be; `undefined` if the plan does not tell. */
export interface Setting<Value> {
  readonly is: Value | undefined;
  /** The resource with the attribute. */
  readonly address: string;
  /** The attribute, as a sentence for a fix: `set versioning_configuration.status = "Enabled"`. */
  readonly attribute: string;
  /** Why the plan does not tell; by default, what tells is known only after the apply. */
  readonly why?: string;
}

export interface BucketFacts {
  readonly versioned: Setting<boolean>;
  /** The rules that delete current objects; empty if there are none. */
  readonly expiry: Setting<readonly string[]>;
  /** Who can read it: "anyone"; empty if nobody can. */
  readonly open: Setting<string>;
}

/** The buckets of one cloud. */
export interface PlannedStore {
  readonly type: 'aws_s3_bucket' | 'google_storage_bucket' | 'azurerm_storage_container';
  readonly nameOf: (bucket: Resource) => string | undefined;
  readonly factsOf: (bucket: Resource, plan: PlanView) => BucketFacts;
}
