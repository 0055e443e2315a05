/** What a missing permission of ECS and its logs means for a run. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { cleanUp } from '../../../src/app/ecs/cleanup.ts';
import { type AwsUser, administrator } from '../../services/aws/index.ts';
import { CLUSTER } from '../../support/ecs-cluster.ts';
import { connected, ran, started } from './support.ts';

describe('a missing permission', () => {
  const actions = [
    ['ecs:RegisterTaskDefinition', 'ecs:RegisterTaskDefinition'],
    ['ecs:TagResource', 'ecs:TagResource'],
    ['iam:PassRole', 'iam:PassRole on arn:aws:iam::123456789012:role/spacelift-'],
    ['ecs:RunTask', 'ecs:RunTask'],
    ['ecs:DescribeTasks', 'ecs:DescribeTasks'],
    ['logs:GetLogEvents', 'logs:GetLogEvents'],
  ] as const;
  const without = (action: string): AwsUser => ({
    ...administrator,
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: action, Resource: '*' },
      ],
    },
  });

  test.each(actions)('%s ends the run, and what was made is removed', async (action, named) => {
    const aws = await started();
    aws.users = [without(action)];
    await expect(ran(aws)).rejects.toThrow(`user/operator lacks ${named}`);
    expect(aws.ecs.leftovers).toEqual([]);
  });

  test.each([
    ['ecs:DeregisterTaskDefinition', 'could not be deregistered: it needs ecs:DeregisterTaskDefinition', 2],
    ['ecs:DeleteTaskDefinitions', undefined, 0],
  ])('%s for what is left', async (action, words, stays) => {
    const aws = await started();
    aws.users = [without(action)];
    const { outcomes, left } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect({ left: left.length, leftovers: aws.ecs.leftovers.length }).toEqual({ left: stays, leftovers: stays });
    if (words !== undefined) expect(left[0]).toContain(words);
  });

  test('ecs:StopTask: the task that stays is named', async () => {
    const aws = await started();
    aws.users = [without('ecs:StopTask')];
    aws.ecs.faults = { pending: (service) => service === 'drain' };
    const { left } = await ran(aws, { startTimeoutMs: 50 });
    expect(left).toEqual([expect.stringMatching(/^task [0-9a-f]{32} could not be stopped: it needs ecs:StopTask$/)]);
  });

  test.each([
    'ecs:ListTaskDefinitionFamilies',
    'ecs:ListTaskDefinitions',
    'ecs:DescribeTaskDefinition',
    'ecs:ListTasks',
  ])('%s ends --cleanup', async (action) => {
    const aws = await started();
    await ran(aws, { keep: true });
    aws.users = [without(action)];
    const { ecs, caller } = await connected(aws);
    onTestFinished(() => caller.end());
    const cleaned = cleanUp(ecs, { cluster: CLUSTER, region: aws.region });
    await expect(cleaned).rejects.toThrow(`user/operator lacks ${action}`);
  });
});
