/** Encryption with AWS KMS: a symmetric key for secrets in the database, and an RSA key that signs tokens. */
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Context, Run } from '../../../src/engine/check.ts';
import { NetworkError, type NetworkKind } from '../../../src/net/network-error.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import type { Identity } from '../pinned.ts';
import type { EncryptionRule } from '../rules.ts';
import { encryptionFinding } from '../rules.ts';
import { ENCRYPTION_KEY, type KeyTest, type KeyVariable, SIGNING_KEY, tryEncryption, trySigning } from './keys.ts';
import { createKeyCommand, keyIssueOf, nameOf, usageOf } from './messages.ts';

export async function run(context: Context<EncryptionRule>): Promise<void> {
  const { check } = context;
  await Promise.all([
    check('choice', () => choice(context)),
    check('kms/encryption-key', () => encryptionKey(context)),
    check('kms/signing-key', () => signingKey(context)),
    check('kms/distinct', () => distinct(context)),
    ...(usesSecondaryRegion(context.deployment) ? [check('kms/multi-region', () => multiRegion(context))] : []),
  ]);
}

/** The tests of both keys; `undefined` for a key whose variable is not usable here. */
async function testKeys(run: Run): Promise<{ encryption: KeyTest | undefined; signing: KeyTest | undefined }> {
  const known = async (tested: Promise<KeyTest>) => {
    try {
      return await tested;
    } catch (error) {
      if (error instanceof CheckStopped) return undefined;
      throw error;
    }
  };
  const [encryption, signing] = await Promise.all([known(tryEncryption(run)), known(trySigning(run))]);
  return { encryption, signing };
}

export async function identity(run: Run): Promise<Identity> {
  const { encryption, signing } = await testKeys(run);
  return {
    method: 'kms',
    ...(encryption?.arn !== undefined && { encryptionKey: encryption.arn }),
    ...(signing?.arn !== undefined && { signingKey: signing.arn }),
  };
}

async function choice(run: Run): Promise<Outcome> {
  return pass('AWS KMS; cannot be changed later', {
    detail:
      'Neither the method nor the keys can be changed after installation: no other key can decrypt existing data.',
    evidence: { ...(await identity(run)) },
  });
}

/** The failure if both variables refer to the same key; it explains all other problems with that key. */
async function oneKey(run: Run): Promise<Issue | undefined> {
  const [one, other] = [run.require(ENCRYPTION_KEY), run.require(SIGNING_KEY)];
  const { encryption, signing } = await testKeys(run);
  if (one !== other && (encryption?.meant === undefined || encryption.meant !== signing?.meant)) return undefined;
  const region = run.require('AWS_REGION');
  const make = (variable: KeyVariable) =>
    createKeyCommand({ variable, region, secondary: usesSecondaryRegion(run.deployment) });
  return fail(`${ENCRYPTION_KEY} and ${SIGNING_KEY} are the same key: ${nameOf(one)}`, {
    ...(nameOf(one) !== nameOf(other) && { detail: `${nameOf(other)} refers to it too.` }),
    expected: 'two different keys: a KMS key can either encrypt or sign',
    fix:
      encryption?.arn !== undefined
        ? advice`the key encrypts, so create one that signs: ${make(SIGNING_KEY)}, then set ${SIGNING_KEY} to the Arn in the output`
        : signing?.arn !== undefined
          ? advice`the key signs, so create one that encrypts: ${make(ENCRYPTION_KEY)}, then set ${ENCRYPTION_KEY} to the Arn in the output`
          : advice`create a key that encrypts: ${make(ENCRYPTION_KEY)}, then set ${ENCRYPTION_KEY} to the Arn in the output\ncreate a key that signs: ${make(SIGNING_KEY)}, then set ${SIGNING_KEY} to the Arn in the output`,
    evidence: { encryptionKey: one, signingKey: other },
  });
}

/** @throws CheckStopped when both are the same key and `kms/distinct` is selected */
async function mustDiffer(context: Context<EncryptionRule>): Promise<void> {
  if (!context.selected('kms/distinct')) return;
  const lookups = [context.deployment.lookup(ENCRYPTION_KEY), context.deployment.lookup(SIGNING_KEY)];
  if (lookups.some(({ state }) => state !== 'set')) return;
  const issue = await oneKey(context);
  if (issue !== undefined) throw new CheckStopped({ ...issue, cause: DISTINCT });
}

/** The failure if each variable refers to a key with the other's usage. */
async function swapped(run: Context<EncryptionRule>): Promise<Issue | undefined> {
  if (!run.selected('kms/encryption-key') || !run.selected('kms/signing-key')) return undefined;
  const { encryption, signing } = await testKeys(run);
  if (encryption === undefined || signing === undefined) return undefined;
  if (usageOf(run, encryption) !== 'SIGN_VERIFY' || usageOf(run, signing) !== 'ENCRYPT_DECRYPT') return undefined;
  return fail(`${ENCRYPTION_KEY} and ${SIGNING_KEY} are swapped`, {
    detail: `${nameOf(encryption.written)} signs, and ${nameOf(signing.written)} encrypts.`,
    expected: 'a key that encrypts and a key that signs',
    fix: advice`swap the values of ${ENCRYPTION_KEY} and ${SIGNING_KEY}`,
    evidence: { encryptionKey: encryption.written, signingKey: signing.written },
    cause: causeOf(encryption),
  });
}

const UNREACHABLE: readonly NetworkKind[] = ['dns', 'refused', 'timeout', 'unreachable', 'closed'];
const DISTINCT = cause.finding(encryptionFinding('kms/distinct'));

async function encryptionKey(context: Context<EncryptionRule>): Promise<Outcome> {
  await mustDiffer(context);
  const tested = await tryEncryption(context);
  const issue = (await swapped(context)) ?? (await keyIssueOf(context, tested));
  if (issue !== undefined) return asScheduler(context, tested, issue);
  if (tested.holds !== true) {
    return fail('KMS decrypted different data than it encrypted', {
      expected: 'the same bytes',
      fix: advice`look for a proxy between this machine and KMS that alters responses`,
      evidence: { key: tested.arn ?? tested.written },
    });
  }
  return pass(`${nameOf(tested.written)} encrypts, decrypts, and generates data keys`, {
    evidence: { variable: ENCRYPTION_KEY, key: tested.arn ?? tested.written },
  });
}

async function signingKey(context: Context<EncryptionRule>): Promise<Outcome> {
  await mustDiffer(context);
  const tested = await trySigning(context);
  const issue = (await swapped(context)) ?? (await keyIssueOf(context, tested));
  if (issue?.status === 'warn' && context.selected('kms/encryption-key')) return sameAsEncryption(context, issue);
  if (issue !== undefined) return asScheduler(context, tested, issue);
  if (tested.holds !== true) {
    return fail('the signature from KMS does not verify with the public key from KMS', {
      expected: 'a PS512 signature by this key',
      fix: advice`look for a proxy between this machine and KMS that alters responses`,
      evidence: { key: tested.arn ?? tested.written },
    });
  }
  return pass(`${nameOf(tested.written)} signs with PS512, and the signature verifies`, {
    evidence: {
      variable: SIGNING_KEY,
      key: tested.arn ?? tested.written,
      spec: tested.spec ?? '',
      usage: tested.usage ?? '',
    },
  });
}

/** A warning about KMS as a whole is reported once. */
async function sameAsEncryption(context: Context<EncryptionRule>, issue: Issue): Promise<Outcome> {
  const other = await keyIssueOf(context, await tryEncryption(context));
  return other?.title === issue.title ? skip('same cause as encryption/kms/encryption-key') : issue;
}

/** The scheduler has permission to use KMS, but Spacelift's networking docs do not list KMS for it. */
function asScheduler(
  context: Context<EncryptionRule>,
  tested: KeyTest,
  outcome: Exclude<Outcome, { status: 'pass' }>,
): Outcome {
  const unreachable = tested.refusals.some(
    ({ error }) => error instanceof NetworkError && UNREACHABLE.includes(error.kind),
  );
  if (context.deployment.service !== 'scheduler' || !unreachable || outcome.status !== 'fail') return outcome;
  if (tested.variable === SIGNING_KEY && context.selected('kms/encryption-key')) {
    return skip('same cause as encryption/kms/encryption-key', { evidence: { observed: 'unreachable' } });
  }
  const { status, cause: _, ...words } = outcome;
  return warn(words.title, {
    ...words,
    detail:
      'Spacelift’s docs grant the scheduler access to KMS but do not list KMS among the endpoints that it must reach.',
  });
}

async function distinct(context: Context<EncryptionRule>): Promise<Outcome> {
  const issue = await oneKey(context);
  if (issue !== undefined) return { ...issue, cause: DISTINCT };
  const [encryption, signing] = await Promise.all([tryEncryption(context), trySigning(context)]);
  for (const tested of [encryption, signing]) {
    if (tested.meant === undefined) throw new CheckStopped(await unnamed(context, tested));
  }
  return pass('two keys', { evidence: { encryptionKey: encryption.meant ?? '', signingKey: signing.meant ?? '' } });
}

async function multiRegion(context: Context<EncryptionRule>): Promise<Outcome> {
  const secondary = context.require('AWS_SECONDARY_REGION');
  const tested = await tryEncryption(context);
  if (tested.arn === undefined) {
    await mustDiffer(context);
    throw new CheckStopped(await unnamed(context, tested));
  }
  const evidence = { key: tested.arn, AWS_SECONDARY_REGION: secondary };
  if (nameOf(tested.arn).startsWith('mrk-')) return pass('a multi-Region key', { evidence });
  const region = context.require('AWS_REGION');
  return warn(`${nameOf(tested.written)} is a single-Region key, but AWS_SECONDARY_REGION is ${secondary}`, {
    detail:
      'It can’t be converted to a multi-Region key later, and Spacelift in the other region could not decrypt its data.',
    expected: `a multi-Region key, with a replica in ${secondary}`,
    fix: advice`before installation: ${createKeyCommand({ variable: ENCRYPTION_KEY, region, secondary: true })}, then set ${ENCRYPTION_KEY} to the Arn in the output\nand replicate it: ${sh`aws kms replicate-key --key-id ARN --replica-region ${secondary} --region ${region}`}`,
    evidence,
  });
}

/** Why KMS did not return the ARN of a key. */
async function unnamed(context: Context<EncryptionRule>, tested: KeyTest): Promise<Issue | ReturnType<typeof skip>> {
  const issue = await keyIssueOf(context, tested);
  const outcome = issue === undefined ? undefined : asScheduler(context, tested, issue);
  if (outcome?.status === 'fail') return { ...outcome, cause: outcome.cause ?? causeOf(tested) };
  return skip(outcome?.title ?? 'KMS did not return the ARN of the key');
}

/** The cause key of the finding about the key itself. */
const causeOf = ({ variable }: KeyTest) =>
  cause.finding(encryptionFinding(variable === ENCRYPTION_KEY ? 'kms/encryption-key' : 'kms/signing-key'));
