/** Every combination of what an installation may choose passes without a failure or a warning, and leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { type Choice, type Estate, startEstate } from '../support/estate.ts';
import { preflight } from '../support/preflight.ts';

let estate: Estate;
beforeAll(async () => {
  estate = await startEstate();
});
afterAll(() => estate.stop());

const STORAGE = ['minio', 'aws', 'gcp', 'azure'] as const;
const ENCRYPTION = ['rsa', 'kms'] as const;
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

test('there are 96 of them', () => expect(choices).toHaveLength(96));

describe.each(choices)('$storage, $encryption, $queue, $broker, $vendor', (choice) => {
  test('as an operator', async () => {
    const before = await estate.snapshot();
    const result = await preflight(CHECKS, estate.variables(choice), { environment: estate.environment(choice) });
    const told = result.findings.filter(({ status }) => status === 'fail' || status === 'warn');
    expect(told).toEqual([]);
    expect(await estate.snapshot()).toEqual(before);
  });
});
