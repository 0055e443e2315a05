/** Every combination of what an installation may choose passes without a failure or a warning, and leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROVIDERS as ENCRYPTIONS } from '../../checks/encryption/providers.ts';
import { CHECKS } from '../../checks/index.ts';
import { PROVIDERS as STORES } from '../../checks/object-storage/providers.ts';
import type { EncryptionType, ObjectStorageType } from '../../src/config/contract.ts';
import { SERVICES } from '../../src/config/options.ts';
import { pinnedInConfig } from '../../src/config/pinned.ts';
import { matcher } from '../../src/engine/select.ts';
import { type Choice, EKS, type Estate, ONPREM, startEstate, type Who } from '../support/estate.ts';
import { type Options, preflight, type Result, type Variables } from '../support/preflight.ts';
import { isOf, RULES } from '../support/rules.ts';
import { type Spacelift, startSpacelift } from '../support/spacelift.ts';
import { makePool } from '../support/worker-pool.ts';
import { MOST_BUCKETS } from './fault.ts';

let estate: Estate;
let spacelift: Spacelift;
beforeAll(async () => {
  [estate, spacelift] = await Promise.all([startEstate(), startSpacelift()]);
});
afterAll(() => Promise.all([estate.stop(), spacelift.close()]));

const STORAGE = Object.keys(STORES) as ObjectStorageType[];
const ENCRYPTION = Object.keys(ENCRYPTIONS) as EncryptionType[];
const VENDORS = ['', 'Datadog', 'AWS', 'OpenTelemetry'] as const;
/** IoT Core needs SQS (`pairing/iotcore-needs-sqs`). */
const MESSAGING = [
  { queue: 'postgres', broker: 'builtin' },
  { queue: 'sqs', broker: 'builtin' },
  { queue: 'sqs', broker: 'iotcore' },
] as const;

const choices: Choice[] = STORAGE.flatMap((storage) =>
  ENCRYPTION.flatMap((encryption) =>
    MESSAGING.flatMap((messaging) => VENDORS.map((vendor) => ({ storage, encryption, ...messaging, vendor }))),
  ),
);

/**
 * No bucket depends on who gets the telemetry: all ten are tried with the first vendor, and with the others those that
 * stand for each kind of settings.
 */
const skipOf = ({ vendor }: Choice): string[] =>
  vendor === VENDORS[0] ? [] : MOST_BUCKETS.map((bucket) => `${bucket}/*`);

/** What is there only once Spacelift is installed. */
const AFTER = ['network/certificate', 'network/server', 'network/webhooks'];

/** What variables do not show: which services are deployed. */
const NOT_SHOWN = 'configuration/scheduler';

/** What has passed in any of them. */
const passed = new Set<string>();

async function expectHealthy(choice: Choice, who: Who, more: Variables = {}, options: Options = {}): Promise<Result> {
  const result = await preflight(
    CHECKS,
    { ...estate.variables(choice, who), ...more },
    { environment: estate.environment(choice, who), ...(who !== 'operator' && { service: who }), ...options },
  );
  const told = result.findings.filter(({ status }) => status === 'fail' || status === 'warn');
  expect(told).toEqual([]);
  for (const id of result.ids('pass')) passed.add(id);
  return result;
}

describe.each(choices)('$storage, $encryption, $queue, $broker, $vendor', (choice) => {
  test('as an operator', async () => {
    const before = await estate.snapshot();
    const skip = skipOf(choice);
    const isLeftOut = matcher(skip);
    const result = await expectHealthy(choice, 'operator', {}, { skip });
    expect(result.ids('skip').filter((id) => !isLeftOut(id))).toEqual([NOT_SHOWN, ...AFTER]);
    expect(await estate.snapshot()).toEqual(before);
  });

  if (choice.vendor === '') {
    test.each(SERVICES)('as the %s, under the vendor’s policies', async (service) => {
      await expectHealthy(choice, service);
    });
  }
});

test('there are 96 of them', () => expect(choices).toHaveLength(96));

describe.each(['pre-install', 'post-install'] as const)('with all that is optional, %s', (phase) => {
  test.each(VENDORS)('and %s', async (vendor) => {
    const choice = { ...ONPREM, vendor };
    const more = { ...spacelift.variables, DATABASE_READ_ONLY_URL: estate.variables(choice).DATABASE_URL };
    const result = await expectHealthy(choice, 'operator', more, {
      phase,
      skip: ['network/server-domain'],
      ...spacelift.options,
    });
    const skipped = result.ids('skip').filter((id) => id !== 'network/server-domain');
    expect(skipped).toEqual([NOT_SHOWN, ...(phase === 'pre-install' ? [...AFTER, 'network/oidc'] : [])]);
  });
});

test('as a worker', async () => {
  const options = { service: 'worker', skip: ['network/server-domain'] } as const;
  const pool = { ...spacelift.variables, ...(await makePool()) };
  const result = await expectHealthy(ONPREM, 'operator', pool, options);
  expect(result.ids('skip')).toEqual(['network/server-domain']);
});

test('with a secondary region, and a key that is in both', async () => {
  const { arn } = estate.eks.aws.keys.create({ multiRegion: true });
  const more = {
    AWS_SECONDARY_REGION: 'eu-west-1',
    ENCRYPTION_KMS_ENCRYPTION_KEY_ID: arn,
    MQTT_BROKER_ENDPOINT: 'worker-iot.spacelift.corp.io',
  };
  await expectHealthy(EKS, 'operator', more);
});

test('with a license from AWS', async () => {
  await expectHealthy(EKS, 'operator', { LICENSE_TYPE: 'aws', LICENSE_TOKEN: '' });
});

test.each([
  ['on premises', ONPREM],
  ['on EKS', EKS],
])('compared with itself, %s', async (_, choice) => {
  const earlier = await expectHealthy(choice, 'operator');
  const encryption = earlier.finding('encryption/choice').evidence as Record<string, string>;
  const pinned = { encryption, ...pinnedInConfig(earlier.deployment) };
  const result = await expectHealthy(choice, 'operator', {}, { pinned });
  expect(result.ids('pass').filter((id) => id.endsWith('/pinned'))).toHaveLength(3);
});

test('every rule has passed in one of them', () => {
  expect(RULES.filter((rule) => ![...passed].some((id) => isOf(rule, id)))).toEqual([]);
});
