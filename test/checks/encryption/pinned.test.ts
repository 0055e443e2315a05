/** The keys of a baseline: a multi-Region key is the same in each region. */
import { expect, test } from 'vitest';
import { pinned } from '../../../checks/encryption/pinned.ts';
import type { Run } from '../../../src/engine/check.ts';
import { options } from '../../fakes.ts';

const arn = (region: string, key: string, account = '012345678901') => `arn:aws:kms:${region}:${account}:key/${key}`;
const MRK = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const SINGLE = '1234abcd-12ab-34cd-56ef-1234567890ab';

const compared = (before: string | undefined, now: string | undefined) => {
  const encryption = { method: 'kms', ...(before !== undefined && { encryptionKey: before }) };
  const run = { options: options({ pinned: { encryption } }) } as Run;
  return pinned(run, { method: 'kms', ...(now !== undefined && { encryptionKey: now }) }).status;
};

test.each([
  ['the same key', arn('eu-west-1', SINGLE), arn('eu-west-1', SINGLE), 'pass'],
  ['a replica of a multi-Region key', arn('eu-west-1', MRK), arn('us-east-1', MRK), 'pass'],
  ['a key with the same ID in another region', arn('eu-west-1', SINGLE), arn('us-east-1', SINGLE), 'fail'],
  ['a multi-Region key of another account', arn('eu-west-1', MRK), arn('us-east-1', MRK, '210987654321'), 'fail'],
  ['a key that could not be used', arn('eu-west-1', SINGLE), undefined, 'skip'],
  ['a key that the baseline does not contain', undefined, arn('eu-west-1', SINGLE), 'skip'],
])('%s', (_, before, now, expected) => {
  expect(compared(before, now)).toBe(expected);
});

test('a baseline without a method is a skip, which --require notices', () => {
  for (const before of [{}, { encryption: {} }]) {
    const run = { options: options({ pinned: before }) } as Run;
    expect(pinned(run, { method: 'kms', encryptionKey: arn('eu-west-1', SINGLE) })).toMatchObject({
      status: 'skip',
      title: 'the baseline does not contain the encryption method',
    });
  }
});
