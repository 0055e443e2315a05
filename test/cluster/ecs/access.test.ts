/** The documented IAM policy is the one that a run needs, and enough. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ECS_ACCESS, ECS_POLICY } from '../../../src/cluster/ecs/access.ts';
import { ecs, logs } from '../../services/aws/ecs/operations.ts';

it('is the policy in the documentation', async () => {
  const text = await readFile(new URL('../../../docs/ecs.md', import.meta.url), 'utf8');
  const [, policy = ''] = /```json\n(\{\n {2}"Version"[\s\S]*?)```/.exec(text) ?? [];
  expect(JSON.parse(policy)).toEqual(ECS_POLICY);
});

it('names every request that a run sends, and no other', () => {
  const requests = [
    ...Object.keys(ecs).map((name) => `ecs:${name}`),
    ...Object.keys(logs).map((name) => `logs:${name}`),
  ];
  const actions = new Set(ECS_ACCESS.flatMap((allowed) => allowed.actions));
  expect([...actions].sort()).toEqual([...requests, 'ecs:TagResource', 'iam:PassRole'].sort());
});
