import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { type DemoDeployment, startDemo } from '../../demo/deployment.ts';
import type { PostgresVersion } from '../services/postgres.ts';
import { expectNoLeak } from '../support/leaks.ts';
import { preflight } from '../support/preflight.ts';
import { ONPREM_FAULTS } from './onprem.ts';

describe('on premises', () => {
  let demo: DemoDeployment;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.stop());

  test.each(ONPREM_FAULTS)('$name', async ({ arrange, fail = [], warn = [], options }) => {
    const { variables, undo } = await arrange(demo);
    const before = demo.store.snapshot();
    try {
      const result = await preflight(CHECKS, variables, options);
      expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail, warn });
      for (const finding of result.findings.filter(({ status }) => status === 'fail' || status === 'warn')) {
        expect(finding, `${finding.id} tells the way out`).toMatchObject({
          expected: expect.any(String),
          fix: expect.any(String),
          docs: expect.stringMatching(/^https:\/\/docs\.spacelift\.io\//),
        });
      }
      expectNoLeak(variables, result.run, result.deployment);
      expect(result.run.leftovers).toEqual([]);
      expect(demo.store.snapshot()).toEqual(before);
      expect(demo.broker.published).toEqual([]);
    } finally {
      await undo?.();
    }
  });
});

describe('PostgreSQL versions', () => {
  const judged = async (version: PostgresVersion) => {
    const demo = await startDemo({ version });
    try {
      const result = await preflight(CHECKS, demo.variables);
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
});
