/** Tasks on ECS that go on, are interrupted, or were left by a killed run. */
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { cleanUp } from '../../../src/app/ecs/cleanup.ts';
import { CLUSTER } from '../../support/ecs-cluster.ts';
import { taskDefinition } from '../../support/task-definitions.ts';
import { connected, ran, started } from './support.ts';

describe('a run that goes on', () => {
  it('waits for capacity, and says so', async () => {
    const aws = await started();
    aws.ecs.faults = {
      failure: (service, attempt) => (service === 'drain' && attempt < 2 ? 'RESOURCE:CPU' : undefined),
    };
    const { outcomes, said } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(said).toEqual(['drain: waiting for capacity: RESOURCE:CPU']);
  });

  it('reads events that arrive late, in several pages', async () => {
    const aws = await started();
    const noise = Array.from({ length: 9 }, (_, index) => `line ${index}`).join('\n');
    aws.ecs.faults = { lateness: 3, logged: (_, output) => `${noise}\n${output}` };
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'report' });
  });

  it('does not wait for a sidecar that never ends', async () => {
    const proxy = { name: 'proxy', image: 'proxy:1', essential: true };
    const container = { dependsOn: [{ containerName: 'proxy', condition: 'START' }] };
    const aws = await started([taskDefinition('drain', { container, sidecars: [proxy] })]);
    expect((await ran(aws)).outcomes).toEqual({ drain: 'report' });
    expect(aws.ecs.tasks[0]?.containers.map(({ lastStatus }) => lastStatus)).toEqual(['STOPPED', 'STOPPED']);
  });

  it('bears a server that fails for a while', async () => {
    const aws = await started();
    let failures = 0;
    aws.faults = {
      statusFor: ({ action }) =>
        action === 'DescribeTasks' && failures++ < 1 ? { status: 400, code: 'ServerException' } : undefined,
    };
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(failures).toBeGreaterThan(1);
  });

  it('gives up a server that fails for good', async () => {
    const aws = await started();
    aws.faults = {
      statusFor: ({ action }) => (action === 'DescribeTasks' ? { status: 400, code: 'ServerException' } : undefined),
    };
    const { outcomes, left } = await ran(aws, { silenceMs: 50 });
    expect(outcomes.drain).toBe('ECS stopped responding during the run');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  it('is apart from another run at the same time', async () => {
    const aws = await started();
    const both = await Promise.all([ran(aws), ran(aws)]);
    for (const { outcomes } of both) expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(new Set(aws.ecs.registered.map(({ family }) => family)).size).toBe(4);
    expect(aws.ecs.leftovers).toEqual([]);
  });
});

describe('interrupted', () => {
  test.each(['RegisterTaskDefinition', 'RunTask', 'DescribeTasks', 'GetLogEvents'])(
    'during %s, leaves nothing',
    async (phase) => {
      const aws = await started();
      const controller = new AbortController();
      aws.faults = {
        statusFor: ({ action }) => {
          if (action === phase) controller.abort(new Error('interrupted'));
          return undefined;
        },
      };
      const { outcomes, left } = await ran(aws, { signal: controller.signal });
      expect(Object.values(outcomes)).toContain('interrupted before it had a report');
      expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
    },
  );

  it.each(['DescribeTasks', 'GetLogEvents'])('while %s hangs, does not wait for it', async (phase) => {
    const aws = await started();
    const controller = new AbortController();
    aws.faults = {
      hangFor: ({ action }) => {
        if (action === phase) setImmediate(() => controller.abort(new Error('interrupted')));
        return action === phase;
      },
    };
    const { outcomes, left } = await ran(aws, { signal: controller.signal });
    expect(outcomes.drain).toBe('interrupted before it had a report');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  test.each(['RegisterTaskDefinition', 'RunTask'])('a %s whose response is lost is undone', async (request) => {
    const aws = await started();
    aws.ecs.faults = { pending: () => true };
    aws.faults = { resetAfter: ({ action, input }) => action === request && JSON.stringify(input).includes('drain') };
    await expect(ran(aws)).rejects.toThrow(/127\.0\.0\.1/);
    expect(aws.ecs.registered).toHaveLength(2);
    expect(aws.ecs.leftovers).toEqual([]);
  });
});

describe('what a killed run left', () => {
  it('is removed once the run must be over', async () => {
    const aws = await started();
    aws.ecs.faults = { pending: () => true };
    const controller = new AbortController();
    aws.faults = {
      statusFor: ({ action }) => {
        if (action === 'DescribeTasks') controller.abort(new Error('killed'));
        return undefined;
      },
    };
    await ran(aws, { signal: controller.signal, keep: true });
    expect(aws.ecs.leftovers).toHaveLength(4);
    const { ecs, caller } = await connected(aws);
    onTestFinished(() => caller.end());
    const where = { cluster: CLUSTER, region: aws.region };
    expect(await cleanUp(ecs, where)).toEqual({
      removed: [],
      left: [expect.stringMatching(/^run [0-9a-f]{8} could be in progress until 20/)],
    });
    const tomorrow = new Date(Date.now() + 86_400_000);
    expect(await cleanUp(ecs, where, tomorrow)).toMatchObject({ removed: [expect.any(String)], left: [] });
    expect(aws.ecs.leftovers).toEqual([]);
  });
});
