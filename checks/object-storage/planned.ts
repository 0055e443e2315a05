/** The buckets in a Terraform plan: versioning, expiration and public access. */
import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import type { Resource } from '../../src/config/terraform/model.ts';
import { type PlanView, subjectsOf } from '../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../src/engine/check.ts';
import { knownLater, notIdentified, notShown, planned } from '../../src/engine/planned.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { plural } from '../../src/util/format.ts';
import { lookup as ownOf } from '../../src/util/lookup.ts';
import { AWS } from './aws/planned.ts';
import { AZURE } from './azure/planned.ts';
import { GOOGLE } from './gcp/planned.ts';
import type { BucketFacts, PlannedStore, Setting } from './planned-store.ts';
import type { Provider } from './provider.ts';
import { knownProvider, PROVIDERS } from './providers.ts';
import { REQUIREMENTS } from './requirements.ts';
import type { BucketRule } from './rules.ts';

/** What the vendor's modules call the buckets, if not as the variables do. */
const VENDORS: Readonly<Record<string, Bucket>> = {
  'large-queue': 'large-queue-messages',
  policy: 'policy-inputs',
  'user-uploads': 'user-uploaded-workspaces',
  workspaces: 'workspace',
};
/** The buckets in a plan; MinIO's are created by no common provider. */
const STORES: readonly (readonly [Provider, PlannedStore])[] = [
  [PROVIDERS.aws, AWS],
  [PROVIDERS.azure, AZURE],
  [PROVIDERS.gcp, GOOGLE],
];
/** Of the ten, in one module. */
const LEAST = 7;

export function plannedFindings(run: Run, buckets: readonly Bucket[]): readonly PlannedFinding[] {
  const { plan } = run.deployment;
  if (plan === undefined) return [];
  const known: Provider | undefined = knownProvider(run);
  const stores = STORES.flatMap(([provider, store]) => (known === undefined || provider === known ? [store] : []));
  const found = stores.flatMap((store) => findingsOf(store, plan, run.deployment, buckets));
  const told = new Set(found.map(({ subject }) => subject));
  const candidates = stores.flatMap(({ type }) => plan.of(type));
  return [
    ...found,
    ...buckets.filter((bucket) => !told.has(bucket)).flatMap((bucket) => untold(run, bucket, candidates)),
  ];
}

const RULES = ['<bucket>/versioning', '<bucket>/retention', '<bucket>/public'] as const satisfies readonly BucketRule[];

function untold(run: Run, bucket: Bucket, candidates: readonly Resource[]): PlannedFinding[] {
  const outcome = notIdentified(run, BUCKETS[bucket], 'bucket', candidates);
  return outcome === undefined ? [] : RULES.map((rule) => ({ rule, subject: bucket, outcome }));
}

function findingsOf(
  store: PlannedStore,
  plan: PlanView,
  { lookup }: Run['deployment'],
  buckets: readonly Bucket[],
): PlannedFinding[] {
  const found = subjectsOf(
    plan.of(store.type),
    {
      configured: (resource, bucket) => {
        const held = lookup(BUCKETS[bucket]);
        return held.state === 'set' ? store.nameOf(resource) === held.value : undefined;
      },
      vendors: (name) => ownOf(VENDORS, name) ?? (Object.keys(BUCKETS) as Bucket[]).find((bucket) => bucket === name),
      least: LEAST,
    },
    buckets,
  );
  return [...found].flatMap(([bucket, resource]) =>
    buckets.includes(bucket)
      ? judge(bucket, store.nameOf(resource) ?? resource.address, store.factsOf(resource, plan))
      : [],
  );
}

function judge(subject: Bucket, name: string, { versioned, expiry, open }: BucketFacts): PlannedFinding[] {
  const told = <Value>(setting: Setting<Value>, what: string, how: (is: Value) => Outcome, fix: Fix): Outcome =>
    setting.is === undefined
      ? notShown(`${what} ${name}`, setting, setting.why ?? knownLater('a setting that belongs to it'))
      : planned(how(setting.is), setting.address, fix);
  const outcomes: Readonly<Record<(typeof RULES)[number], Outcome>> = {
    '<bucket>/versioning': told(versioned, 'versioning of', (is) => judgeVersioning(subject, name, is), set(versioned)),
    '<bucket>/retention': told(
      expiry,
      'the expiration of objects in',
      (is) => judgeExpiry(subject, name, is, expiry.address),
      fixOf(subject, expiry),
    ),
    '<bucket>/public': told(open, 'who can read', (is) => judgeOpen(name, is), set(open)),
  };
  return RULES.map((rule) => ({ rule, subject, outcome: outcomes[rule] }));
}

const set = ({ address, attribute }: Setting<unknown>): Fix => advice`in ${address}, set ${attribute}`;

const fixOf = (subject: Bucket, { address, attribute }: Setting<unknown>): Fix =>
  REQUIREMENTS[subject].expiry === 'never'
    ? advice`in ${address}, remove what deletes current objects: ${attribute}`
    : advice`for ${address}, add ${attribute}`;

function judgeVersioning(subject: Bucket, name: string, is: boolean): Outcome {
  const { versioning: need } = REQUIREMENTS[subject];
  if (need === 'not needed') return pass(`${name} does not need versioning`);
  if (is) return pass(`versioning is enabled on ${name}`);
  return need === 'required'
    ? fail(`versioning is not enabled on ${name}`, { expected: 'enabled: without versioning, state history is lost' })
    : warn(`versioning is not enabled on ${name}`, { expected: 'enabled, as Spacelift recommends' });
}

function judgeExpiry(subject: Bucket, name: string, rules: readonly string[], address: string): Outcome {
  const { expiry: need } = REQUIREMENTS[subject];
  if (need === 'never') {
    if (rules.length === 0) return pass(`no objects in ${name} expire`);
    return fail(`objects in ${name} expire`, {
      detail: rules.join('; '),
      // A policy of Azure applies to all containers of an account.
      cause: cause
        .store('planned expiry', address)
        .titled(`planned: objects that must be kept expire: ${rules.join('; ')}`),
      expected: 'no lifecycle rule that deletes current objects: it would destroy data that Spacelift needs',
    });
  }
  if (rules.length > 0) return pass(`objects in ${name} expire`);
  return warn(`objects in ${name} never expire`, {
    expected: `a lifecycle rule that deletes old objects; Spacelift suggests ${plural(need, 'day')}, but the period is up to you`,
  });
}

const judgeOpen = (name: string, open: string): Outcome =>
  open === ''
    ? pass(`${name} can’t be read without credentials`)
    : warn(`${name} allows public access`, {
        detail: open,
        expected: 'no public access: Spacelift does not need it, since workers and browsers use pre-signed URLs',
      });
