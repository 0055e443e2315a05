import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { startDemo } from '../../demo/deployment.ts';
import type { PostgresVersion } from '../services/postgres.ts';
import { preflight } from '../support/preflight.ts';

describe('PostgreSQL versions', () => {
  const judged = async (version: PostgresVersion, release?: string) => {
    const demo = await startDemo({ version });
    try {
      const result = await preflight(CHECKS, { ...demo.variables, LAUNCHER_IMAGE_TAG: release });
      return { fail: result.ids('fail'), warn: result.ids('warn') };
    } finally {
      await demo.stop();
    }
  };
  test('13 is not supported', async () => {
    expect(await judged(13)).toEqual({ fail: ['database/version'], warn: [] });
  });
  test.each([14, 15, 16] as const)('%i passes', async (version) => {
    expect(await judged(version)).toEqual({ fail: [], warn: [] });
  });
  test.each([17, 18] as const)('%i is not officially supported', async (version) => {
    expect(await judged(version)).toEqual({ fail: [], warn: ['database/version'] });
  });
  test('17 is supported by release 4.1.0 and later', async () => {
    expect(await judged(17, 'v4.1.0')).toEqual({ fail: [], warn: [] });
    expect(await judged(17, 'v4.0.0')).toEqual({ fail: [], warn: ['database/version'] });
    expect(await judged(18, 'v4.3.0')).toEqual({ fail: [], warn: ['database/version'] });
  });
});
