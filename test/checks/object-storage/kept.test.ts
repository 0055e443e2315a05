/** Buckets that keep what is written to them: however often it runs, the check leaves one object with one version. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BucketSettings } from '../../services/gcs/index.ts';
import { type AzureStorage, contents, restore, startAzureStorage } from './azure-storage.ts';
import { type Storage as GcpStorage, startGcp } from './gcp-storage.ts';
import { real } from './storage.ts';

const DAY = { retentionPolicy: { retentionPeriod: '86400' } };

describe('Google Cloud Storage', () => {
  let storage: GcpStorage;
  beforeAll(async () => {
    storage = await startGcp();
  });
  afterAll(() => storage?.gcs.close());

  test.each<[string, BucketSettings, status: 'pass' | 'fail']>([
    ['a retention policy', { ...DAY, versioning: { enabled: false } }, 'fail'],
    ['a retention policy, with versions', { ...DAY, versioning: { enabled: true } }, 'pass'],
    ['an event-based hold', { defaultEventBasedHold: true, versioning: { enabled: true } }, 'fail'],
  ])('%s', async (_, settings, status) => {
    storage.reset();
    const bucket = storage.gcs.bucket(real('run-logs'));
    Object.assign(bucket, settings);
    for (let run = 0; run < 2; run++) {
      const result = await storage.check();
      const finding = result.finding('object-storage/run-logs/access');
      expect(finding.status).toBe(status);
      if (status === 'fail') {
        expect(finding.fix).toContain(
          `gcloud storage buckets update gs://${real('run-logs')} --clear-retention-period --no-default-event-based-hold`,
        );
      }
      expect(bucket.list(true).map(({ name }) => name)).toEqual(['spacelift-preflight/probe']);
      expect(result.run.leftovers.map(({ command }) => command)).toEqual([
        expect.stringContaining(`gcloud storage rm --all-versions gs://${real('run-logs')}/spacelift-preflight/probe`),
      ]);
    }
  });
});

describe('Azure Blob Storage', () => {
  let storage: AzureStorage;
  beforeAll(async () => {
    storage = await startAzureStorage();
  });
  afterAll(() => storage?.azure.close());

  test.each<[string, Parameters<AzureStorage['azure']['setImmutability']>[1], fix: string | undefined]>([
    ['a policy of the container', { policy: 'container' }, 'immutability-policy delete'],
    ['a legal hold', { legalHold: true }, 'legal-hold clear'],
    ['a policy for versions', { ofVersions: true, policy: 'container' }, undefined],
    ['a policy of the account', { ofVersions: true, policy: 'account' }, undefined],
  ])('%s', async (_, immutability, fix) => {
    storage.azure.setImmutability(real('run-logs'), immutability);
    for (let run = 0; run < 2; run++) {
      const result = await storage.check();
      const finding = result.finding('object-storage/run-logs/access');
      expect(finding.status).toBe(fix === undefined ? 'pass' : 'fail');
      expect(finding.fix ?? '').toContain(fix ?? '');
      expect(contents(storage)).toEqual(['run-logs/spacelift-preflight/probe 1']);
      expect(result.run.leftovers).toHaveLength(1);
    }
    await restore(storage);
  });
});
