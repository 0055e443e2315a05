/** Printed manifests, read again as kubectl reads YAML. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readManifests } from '../../src/cluster/manifests.ts';
import { withoutSecrets, yamlOfAll } from '../../src/cluster/print.ts';
import { anyText, RUNS } from '../support/arbitrary.ts';

const readAgain = (text: string) => readManifests(['-'], Readable.from([Buffer.from(text)]), 60_000);

it.each([
  'yes',
  'off',
  'y',
  '0b101010',
  '1e234567',
  '12345678',
  '0400',
  '1_000',
  '~',
  '',
  'null',
  ' a',
  '1:30',
  '.inf',
  '2026-01-01',
])('%j stays a text', async (value) => {
  const object = { kind: 'Pod', value, list: [value], map: { [value === '' ? 'a' : value]: value } };
  expect(await readAgain(await yamlOfAll([object]))).toEqual([object]);
});

it('texts, numbers and booleans come back as they were', async () => {
  const member = fc.oneof(
    anyText().map((text) => text.toWellFormed().replaceAll('\0', '')),
    fc.integer({ min: -1e9, max: 1e9 }),
    fc.boolean(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 5 }), async (list) => {
      const object = { kind: 'Pod', list };
      expect(await readAgain(await yamlOfAll([object]))).toEqual([object]);
    }),
    RUNS,
  );
});

it('values that are secret are masked, wherever a Pod has them', () => {
  const container = {
    name: 'a',
    env: [
      { name: 'A', value: 'secret-value' },
      { name: 'B', value: 'b' },
    ],
  };
  const pod = { kind: 'Pod', spec: { containers: [container], initContainers: [container] } };
  const { objects, masked } = withoutSecrets([{ kind: 'Job' }, pod], (text) => text.replaceAll('secret', '‹redacted›'));
  expect(masked).toEqual(['A']);
  expect(JSON.stringify(objects)).not.toContain('secret');
  expect(objects[0]).toEqual({ kind: 'Job' });
});
