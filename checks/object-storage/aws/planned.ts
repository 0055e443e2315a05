/** S3 buckets in a plan, with settings in resources of their own or in the bucket (old versions of the provider). */
import type { Resource } from '../../../src/config/terraform/model.ts';
import {
  blocksIn,
  type InfrastructureType,
  isLater,
  type PlanView,
  textOf,
} from '../../../src/config/terraform/view.ts';
import { isJsonMap, type Json, type JsonMap, membersOf } from '../../../src/util/json.ts';
import type { PlannedStore, Setting } from '../planned-store.ts';

export const AWS: PlannedStore = {
  type: 'aws_s3_bucket',
  nameOf: (bucket) => textOf(bucket, 'bucket') ?? textOf(bucket, 'id'),
  factsOf: (bucket, plan) => ({
    versioned: versioned(bucket, plan),
    expiry: expiry(bucket, plan),
    open: open(bucket, plan),
  }),
};

/** The resource of a type that sets something for the bucket: one, none, or possibly one. */
function settingOf(bucket: Resource, plan: PlanView, type: InfrastructureType): Resource | 'none' | 'unknown' {
  const found = plan.attachedTo(bucket, type, 'bucket');
  return found === undefined ? 'unknown' : (found[0] ?? 'none');
}

function versioned(bucket: Resource, plan: PlanView): Setting<boolean> {
  const own = settingOf(bucket, plan, 'aws_s3_bucket_versioning');
  const attribute = 'versioning_configuration.status = "Enabled"';
  if (own === 'unknown') return { is: undefined, address: bucket.address, attribute };
  if (own !== 'none') {
    const [block] = blocksIn(own.values, 'versioning_configuration');
    const status = block?.status;
    return { is: typeof status === 'string' ? status === 'Enabled' : undefined, address: own.address, attribute };
  }
  const [inside] = blocksIn(bucket.values, 'versioning');
  return {
    is: inside?.enabled === true,
    address: bucket.address,
    attribute: `${attribute} in an aws_s3_bucket_versioning of it`,
  };
}

function expiry(bucket: Resource, plan: PlanView): Setting<readonly string[]> {
  const own = settingOf(bucket, plan, 'aws_s3_bucket_lifecycle_configuration');
  const attribute = 'expiration in an aws_s3_bucket_lifecycle_configuration of it';
  if (own === 'unknown') return { is: undefined, address: bucket.address, attribute };
  const [holder, name] = own === 'none' ? [bucket, 'lifecycle_rule'] : [own, 'rule'];
  if (own !== 'none' && (isLater(own, 'rule', 'status') || isLater(own, 'rule', 'expiration')))
    return { is: undefined, address: own.address, attribute };
  const rules = blocksIn(holder.values, name).filter(({ status, enabled }) => status === 'Enabled' || enabled === true);
  const expiring = rules.filter((rule) => blocksIn(rule, 'expiration').some(deletes));
  return {
    is: expiring.map(({ id }) => `rule ${typeof id === 'string' && id !== '' ? id : 'without an id'}`),
    address: holder.address,
    attribute: own === 'none' ? attribute : 'rule.expiration',
  };
}

/** Days that are known only after the apply count, too; the deletion of markers does not. */
const deletes = ({ days, date, expired_object_delete_marker: marker }: JsonMap): boolean =>
  marker !== true && !(days === 0 && (date === null || date === ''));

function open(bucket: Resource, plan: PlanView): Setting<string> {
  const address = bucket.address;
  const why = 'No aws_s3_bucket_public_access_block in the plan closes it.';
  const block = settingOf(bucket, plan, 'aws_s3_bucket_public_access_block');
  if (block === 'unknown') return { is: undefined, address, attribute: '' };
  const isSet = (name: string) => block !== 'none' && block.values[name] === true;
  const acl = settingOf(bucket, plan, 'aws_s3_bucket_acl');
  const policy = settingOf(bucket, plan, 'aws_s3_bucket_policy');
  const grant = typeof acl === 'string' ? textOf(bucket, 'acl') : textOf(acl, 'acl');
  if (grant?.startsWith('public-read') && !isSet('ignore_public_acls')) {
    const holder = typeof acl === 'string' ? bucket : acl;
    return { is: `ACL ${grant}`, address: holder.address, attribute: 'acl = "private"' };
  }
  if (typeof policy !== 'string' && allowsAnyone(textOf(policy, 'policy')) && !isSet('restrict_public_buckets'))
    return { is: 'a policy for anyone', address: policy.address, attribute: 'Principal in policy to a role' };
  const isClosed = ['ignore_public_acls', 'restrict_public_buckets'].every(isSet);
  return { is: isClosed ? '' : undefined, address, attribute: '', why };
}

/** A statement that allows everyone something, without a condition. */
function allowsAnyone(policy: string | undefined): boolean {
  const { Statement: statements } = membersOf(policy ?? '') ?? {};
  const all: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  return all.some((statement) => {
    const json = statement as Json | undefined;
    if (!isJsonMap(json) || json.Effect !== 'Allow' || json.Condition !== undefined) return false;
    const principal = isJsonMap(json.Principal) ? json.Principal.AWS : json.Principal;
    return principal === '*' || (Array.isArray(principal) && principal.includes('*'));
  });
}
