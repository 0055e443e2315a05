/** The KMS keys in a Terraform plan. */
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Resource } from '../../../src/config/terraform/model.ts';
import { isLater, type PlanView, subjectsOf, textOf } from '../../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../../src/engine/check.ts';
import { knownLater, notIdentified, notShown, planned } from '../../../src/engine/planned.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../../src/outcome/outcome.ts';
import { lookup as ownOf } from '../../../src/util/lookup.ts';
import type { EncryptionRule } from '../rules.ts';
import { ENCRYPTION_KEY, SIGNING_KEY } from './keys.ts';
import { KEY_REQUIREMENTS } from './messages.ts';

const KEYS = [ENCRYPTION_KEY, SIGNING_KEY] as const;
type Key = (typeof KEYS)[number];

const RULE_OF: Readonly<Record<Key, EncryptionRule>> = {
  [ENCRYPTION_KEY]: 'kms/encryption-key',
  [SIGNING_KEY]: 'kms/signing-key',
};
/** What the vendor's modules call the keys; a module has both. */
const VENDORS: Readonly<Record<string, Key>> = {
  'encryption-key': ENCRYPTION_KEY,
  'jwt-key': SIGNING_KEY,
  'signing-key': SIGNING_KEY,
};

export function plannedKeys(run: Run): readonly PlannedFinding[] {
  const { plan, chosen, lookup } = run.deployment;
  if (plan === undefined || (chosen('ENCRYPTION_TYPE') ?? 'kms') !== 'kms') return [];
  const keys = plan.of('aws_kms_key');
  const found = subjectsOf(
    keys,
    {
      configured: (resource, key) => {
        const held = lookup(key);
        return held.state === 'set' ? namesOf(resource, plan).includes(held.value) : undefined;
      },
      vendors: (name) => ownOf(VENDORS, name),
      least: KEYS.length,
    },
    KEYS,
  );
  const isSecondary = usesSecondaryRegion(run.deployment);
  const untold = KEYS.filter((key) => !found.has(key) && chosen('ENCRYPTION_TYPE') === 'kms').flatMap((key) => {
    const outcome = notIdentified(run, key, 'KMS key', keys);
    return outcome === undefined ? [] : [{ rule: RULE_OF[key], outcome }];
  });
  const told = [...found].flatMap(([key, resource]): PlannedFinding[] => [
    { rule: RULE_OF[key], outcome: judge(key, resource) },
    ...(key === ENCRYPTION_KEY && isSecondary && typeof resource.values.multi_region === 'boolean'
      ? [{ rule: 'kms/multi-region' as const, outcome: judgeRegions(resource, resource.values.multi_region) }]
      : []),
  ]);
  return [...told, ...untold];
}

const namesOf = (key: Resource, plan: PlanView): readonly (string | undefined)[] => [
  ...['arn', 'key_id', 'id'].map((name) => textOf(key, name)),
  ...(plan.attachedTo(key, 'aws_kms_alias', 'target_key_id') ?? []).flatMap((alias) => [
    textOf(alias, 'name'),
    textOf(alias, 'arn'),
  ]),
];

function judge(key: Key, resource: Resource): Outcome {
  const { noun, usage, spec } = KEY_REQUIREMENTS[key];
  const later = ['key_usage', 'customer_master_key_spec'].find((attribute) => isLater(resource, attribute));
  if (later !== undefined) return notShown(`the usage and spec of the ${noun}`, resource, knownLater(later));
  // The provider's defaults.
  const found = {
    usage: textOf(resource, 'key_usage') ?? 'ENCRYPT_DECRYPT',
    spec: textOf(resource, 'customer_master_key_spec') ?? 'SYMMETRIC_DEFAULT',
  };
  const faults = [
    ...(found.usage === usage ? [] : [`has usage ${found.usage}`]),
    ...(found.spec === spec ? [] : [`has spec ${found.spec}`]),
    ...(resource.values.is_enabled === false ? ['is disabled'] : []),
  ];
  if (faults.length === 0) return planned(pass(`the ${noun} has usage ${usage} and spec ${spec}`), resource.address);
  const fix = advice`in ${resource.address}, set key_usage = "${usage}", customer_master_key_spec = "${spec}" and is_enabled = true`;
  const outcome = fail(`the ${noun} ${faults.join(' and ')}`, { expected: `usage ${usage}, spec ${spec}, enabled` });
  return planned(outcome, resource.address, fix);
}

const judgeRegions = (resource: Resource, is: boolean): Outcome =>
  planned(
    is
      ? pass('the encryption key is multi-region')
      : warn('the encryption key is single-region, but AWS_SECONDARY_REGION is set', {
          expected: 'a multi-region key, because a key can’t be changed to multi-region later',
        }),
    resource.address,
    advice`in ${resource.address}, set multi_region = true`,
  );
