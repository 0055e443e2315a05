/** Possible problems with a KMS key, and their messages. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { explainedByAccount } from '../../../src/clouds/aws/caller.ts';
import { denialIn, deniedMessages } from '../../../src/clouds/aws/denial.ts';
import { keyArn, keyCause } from '../../../src/clouds/aws/kms-key.ts';
import { generalOutcome, regionCause } from '../../../src/clouds/aws/messages.ts';
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Run } from '../../../src/engine/check.ts';
import { advice, command, type Shell, sh } from '../../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome } from '../../../src/outcome/outcome.ts';
import { ENCRYPTION_KEY, type FailedOperation, type KeyTest, type KeyVariable, openKms } from './keys.ts';

/** Spacelift's requirements for each key. */
export const KEY_REQUIREMENTS: Readonly<Record<KeyVariable, { noun: string; usage: string; spec: string }>> = {
  ENCRYPTION_KMS_ENCRYPTION_KEY_ID: { noun: 'encryption key', usage: 'ENCRYPT_DECRYPT', spec: 'SYMMETRIC_DEFAULT' },
  ENCRYPTION_KMS_SIGNING_KEY_ID: { noun: 'signing key', usage: 'SIGN_VERIFY', spec: 'RSA_4096' },
};
/** `GenerateDataKey*` as in the policy that Spacelift publishes. */
const PERMISSIONS = {
  Encrypt: 'kms:Encrypt',
  Decrypt: 'kms:Decrypt',
  GenerateDataKey: 'kms:GenerateDataKey*',
  GetPublicKey: 'kms:GetPublicKey',
  Sign: 'kms:Sign',
} as const;

export type Fault =
  | 'missing'
  | 'another-region'
  | 'disabled'
  | 'pending-deletion'
  | 'pending-import'
  | 'unavailable'
  | 'wrong-usage'
  | 'wrong-spec'
  | 'other';

interface Key {
  readonly variable: KeyVariable;
  readonly noun: string;
  /** Short name for titles: alias or ID. */
  readonly name: string;
  /** Key ID for commands. */
  readonly id: string;
  /** AWS_REGION. */
  readonly region: string;
  readonly secondary: boolean;
  readonly usage: string | undefined;
  readonly spec: string | undefined;
  /** The error code from KMS. */
  readonly code: string | undefined;
}

type KeyMessages = Pick<Issue, 'title' | 'detail' | 'expected' | 'fix'>;

const RUNNING = 'on a running installation: restore the key that it was installed with';

/** The command that creates a suitable key. */
export function createKeyCommand({
  variable,
  region,
  secondary,
}: Pick<Key, 'variable' | 'region' | 'secondary'>): Shell {
  const { usage, spec } = KEY_REQUIREMENTS[variable];
  if (variable !== ENCRYPTION_KEY) {
    return sh`aws kms create-key --key-usage ${usage} --key-spec ${spec} --region ${region}`;
  }
  return secondary
    ? sh`aws kms create-key --multi-region --region ${region}`
    : sh`aws kms create-key --region ${region}`;
}

const another = (key: Key) =>
  advice`before installation: ${createKeyCommand(key)}, then set ${key.variable} to the Arn in the output\n${RUNNING}`;
const wanted = ({ variable }: Key) =>
  `usage ${KEY_REQUIREMENTS[variable].usage}, spec ${KEY_REQUIREMENTS[variable].spec}`;
const asking = (verb: string, { id, region }: Key) => sh`aws kms ${verb} --key-id ${id} --region ${region}`;

const WORDS: Readonly<Record<Fault, (key: Key) => KeyMessages>> = {
  missing: (key) => ({
    title: `KMS key ${key.name} does not exist in ${key.region}`,
    expected: `the ID, ARN or alias of the ${key.noun}, in AWS_REGION`,
    fix: advice`set ${key.variable} to one of: ${sh`aws kms list-aliases --region ${key.region}`}\nbefore installation: ${createKeyCommand(key)}, then set ${key.variable} to the Arn in the output\n${RUNNING}`,
  }),
  'another-region': (key) => ({
    title: `the ${key.noun} is in ${regionIn(key.id)}, but AWS_REGION is ${key.region}`,
    expected: 'a key in AWS_REGION: Spacelift uses no other region',
    fix: advice`set ${key.variable} to a key in ${key.region}, or set AWS_REGION to the region of the installation`,
  }),
  disabled: (key) => ({
    title: `the ${key.noun} ${key.name} is disabled`,
    expected: 'an enabled key',
    fix: command(asking('enable-key', key)),
  }),
  'pending-deletion': (key) => ({
    title: `the ${key.noun} ${key.name} is scheduled for deletion`,
    detail: 'After the deletion, data encrypted with it can no longer be decrypted.',
    expected: 'an enabled key',
    fix: command([asking('cancel-key-deletion', key), asking('enable-key', key)]),
  }),
  'pending-import': (key) => ({
    title: `the ${key.noun} ${key.name} has no key material: it is pending import`,
    expected: 'an enabled key',
    fix: advice`import the key material: ${asking('get-parameters-for-import', key)} …, then aws kms import-key-material; or before installation: ${createKeyCommand(key)}, then set ${key.variable} to the Arn in the output`,
  }),
  unavailable: (key) => ({
    title: `the ${key.noun} ${key.name} is not available`,
    detail: 'Its key store is disconnected, or the key is still being created or updated.',
    expected: 'an enabled key',
    fix: advice`check its state: ${asking('describe-key', key)}`,
  }),
  'wrong-usage': (key) => ({
    title: `${key.variable} is a key for ${key.usage ?? 'another usage'}, not for ${KEY_REQUIREMENTS[key.variable].usage}`,
    detail: 'The usage of a key can’t be changed.',
    expected: wanted(key),
    fix: another(key),
  }),
  'wrong-spec': (key) => ({
    title: `${key.variable} is ${kindOf(key.spec)}, not ${KEY_REQUIREMENTS[key.variable].spec}`,
    detail: 'The spec of a key can’t be changed.',
    expected: wanted(key),
    fix: another(key),
  }),
  other: (key) => ({
    title: `KMS rejected the ${key.noun} ${key.name}: ${key.code}`,
    expected: wanted(key),
    fix: advice`look up the code in the KMS API reference, and check the key: ${asking('describe-key', key)}`,
  }),
};

const kindOf = (spec: string | undefined): string =>
  spec === undefined ? 'a key of another spec' : `${spec.startsWith('SYM') ? 'a' : 'an'} ${spec} key`;

const STATES: readonly (readonly [pattern: RegExp, fault: Fault])[] = [
  [/pending (replica )?deletion/i, 'pending-deletion'],
  [/pending import/i, 'pending-import'],
  [/is disabled/i, 'disabled'],
];

/** The problem with the key, from errors and facts that KMS returned; `undefined` if the errors are not about the key. */
function faultOf(
  { variable, written, spec, usage, refusals }: KeyTest,
  region: string,
): (Pick<Key, 'usage' | 'spec' | 'code'> & { fault: Fault }) | undefined {
  const about = refusals.map(({ error }) => error).filter(isAboutKey);
  const said = about.map((error) => error.said).join('\n');
  const code = about[0]?.code ?? (about.length > 0 ? 'no code' : undefined);
  const found = {
    usage: usage ?? /key usage is (\w+)/.exec(said)?.[1],
    spec: spec ?? /key spec (?:is )?(\w+)/.exec(said)?.[1],
    code,
  };
  const as = (fault: Fault) => ({ fault, ...found });
  const needs = KEY_REQUIREMENTS[variable];
  if (found.usage !== undefined && found.usage !== needs.usage) return as('wrong-usage');
  if (found.spec !== undefined && found.spec !== needs.spec) return as('wrong-spec');
  switch (code) {
    case undefined:
      return undefined;
    case 'NotFoundException':
      return as(regionIn(written) === undefined || regionIn(written) === region ? 'missing' : 'another-region');
    case 'DisabledException':
      return as('disabled');
    case 'KMSInvalidStateException':
      return as(STATES.find(([pattern]) => pattern.test(said))?.[1] ?? 'unavailable');
    case 'InvalidKeyUsageException':
      return as('wrong-usage');
    case 'UnsupportedOperationException':
      return as('wrong-spec');
    default:
      return as('other');
  }
}

const isAboutKey = (error: unknown): error is AwsError => error instanceof AwsError && error.kind === 'refused';
const isDenied = ({ error }: FailedOperation): boolean => error instanceof AwsError && error.kind === 'denied';

/** The outcome of a test with errors or an unsuitable key; `undefined` if there is no problem. */
export async function keyIssueOf(run: Run, tested: KeyTest): Promise<Exclude<Outcome, { status: 'pass' }> | undefined> {
  const { target } = await openKms(run);
  for (const { error } of tested.refusals) {
    const outcome = await generalOutcome(run, error, target);
    if (outcome !== undefined) return outcome;
  }
  const region = run.require('AWS_REGION');
  const found = faultOf(tested, region);
  const denied = tested.refusals.filter(isDenied);
  if (found === undefined && denied.length === 0) return undefined;
  if (found === undefined || found.fault === 'missing') {
    const wrongAccount = await explainedByAccount(run);
    if (wrongAccount !== undefined) return wrongAccount;
  }
  return found === undefined ? denial(run, tested, denied) : keyIssue(run, tested, found);
}

/** The usage of a key, if KMS returned it. */
export const usageOf = (run: Run, tested: KeyTest): string | undefined =>
  tested.usage ?? faultOf(tested, run.require('AWS_REGION'))?.usage;

/** Problems that affect every user of a key, not only the requirements of one variable. */
const OF_ALL: readonly Fault[] = ['missing', 'disabled', 'pending-deletion', 'pending-import', 'unavailable'];

function keyIssue(
  run: Run,
  { variable, written, meant }: KeyTest,
  { fault, ...told }: NonNullable<ReturnType<typeof faultOf>>,
): Issue {
  const id = fault === 'missing' || fault === 'another-region' ? written : (meant ?? written);
  const region = run.require('AWS_REGION');
  const found = fault === 'another-region' ? regionIn(written) : undefined;
  const { title, ...more } = WORDS[fault]({
    variable,
    noun: KEY_REQUIREMENTS[variable].noun,
    name: nameOf(written),
    id,
    region,
    secondary: usesSecondaryRegion(run.deployment),
    ...told,
  });
  const { code, ...facts } = told;
  const ofAll =
    code !== undefined && OF_ALL.includes(fault) ? keyCause(keyArn(run, meant ?? written), code) : undefined;
  const behind = found === undefined ? ofAll : regionCause(region, found);
  const known = Object.entries({ code, ...(fault.startsWith('wrong') && facts) });
  return fail(title, {
    ...more,
    ...(behind !== undefined && { cause: behind }),
    evidence: {
      variable,
      key: id,
      fault,
      ...Object.fromEntries(known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    },
  });
}

/** One failure for all denied actions on a key. */
function denial(run: Run, { variable, written, meant, untried }: KeyTest, denied: readonly FailedOperation[]): Issue {
  const actions = [...new Set(denied.map(({ action }) => action))];
  const [first] = denied;
  const resource = meant ?? keyArn(run, written);
  const shown = actions.map((action) => `kms:${action}`);
  const mine = run.require('AWS_ACCOUNT_ID');
  const owner = resource.split(':')[4];
  const foreign = owner !== undefined && owner !== '' && owner !== mine;
  const found = denialIn(first?.error instanceof AwsError ? first.error.said : '');
  const { detail, fix } = deniedMessages({
    actions: [...actions, ...untried].map((action) => PERMISSIONS[action]),
    resource,
    resourcePolicy: 'key policy',
    denial: found,
  });
  const both = `The key belongs to account ${owner}, the credentials to ${mine}: both the key policy and the IAM policy must allow the actions, and the key must exist.`;
  return fail(
    `${list(shown)} ${shown.length === 1 ? 'is' : 'are'} denied on the ${KEY_REQUIREMENTS[variable].noun} ${nameOf(written)}`,
    {
      ...(foreign ? { detail: both } : detail !== undefined && { detail }),
      expected: `${list(shown)} for every Spacelift service`,
      ...(fix !== undefined && { fix }),
      evidence: { variable, key: resource, denied: shown, ...(found.policy !== undefined && { policy: found.policy }) },
    },
  );
}

const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

const regionIn = (written: string): string | undefined =>
  written.startsWith('arn:') ? written.split(':')[3] : undefined;

/** `alias/spacelift`, or the key ID. */
export const nameOf = (written: string): string => written.replace(/^arn:[^/]*:(key\/)?/, '');
