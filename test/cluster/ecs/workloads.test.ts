/** Where the tasks of an ECS service run, and which task definition they have. */
import { describe, expect, it, test } from 'vitest';
import { definitionArnOf, definitionIn, placementOf, workloadsIn } from '../../../src/cluster/ecs/workloads.ts';
import type { JsonMap } from '../../../src/util/json.ts';
import { taskDefinition } from '../../support/task-definitions.ts';

const networkConfiguration = { awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'] } };
const strategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }];

describe('the place of a service’s tasks', () => {
  test.each<[string, JsonMap, JsonMap]>([
    [
      'on Fargate',
      { launchType: 'FARGATE', platformVersion: 'LATEST', networkConfiguration },
      { launchType: 'FARGATE', platformVersion: 'LATEST', networkConfiguration },
    ],
    [
      'with capacity providers, beside which no launch type is allowed',
      { launchType: 'FARGATE', capacityProviderStrategy: strategy },
      { capacityProviderStrategy: strategy },
    ],
    [
      'on instances with an attribute, but not one task per instance',
      {
        launchType: 'EC2',
        placementConstraints: [{ type: 'distinctInstance' }, { type: 'memberOf', expression: 'attribute:x == y' }],
      },
      { launchType: 'EC2', placementConstraints: [{ type: 'memberOf', expression: 'attribute:x == y' }] },
    ],
    [
      'of the primary task set',
      {
        taskSets: [
          { status: 'ACTIVE', launchType: 'EC2' },
          { status: 'PRIMARY', launchType: 'FARGATE', networkConfiguration },
        ],
      },
      { launchType: 'FARGATE', networkConfiguration },
    ],
    ['of the cluster’s default', {}, {}],
  ])('is %s', (_, service, placement) => {
    expect(placementOf(service)).toEqual(placement);
  });

  it('has the task definition of the primary task set, if there is one', () => {
    const taskSets = [
      { status: 'ACTIVE', taskDefinition: 'old' },
      { status: 'PRIMARY', taskDefinition: 'new' },
    ];
    expect(definitionArnOf({ taskSets })).toBe('new');
    expect(definitionArnOf({ taskDefinition: 'only', taskSets: [] })).toBe('only');
    expect(definitionArnOf({})).toBeUndefined();
  });
});

it('several services can be in one task definition', () => {
  const server = { name: 'server', image: 'x', command: ['backend', 'server'] };
  const definition = taskDefinition('drain', { sidecars: [server] });
  const held = { definition, tags: [], label: 'task definition spacelift', placement: {} };
  expect(workloadsIn([held], 'x').map(({ service, container }) => [service, container.name])).toEqual([
    ['server', 'server'],
    ['drain', 'drain'],
  ]);
});

it.each<[string, JsonMap]>([
  ['describe-task-definition', { taskDefinition: taskDefinition('drain'), tags: [{ key: 'a', value: 'b' }] }],
  ['register-task-definition --cli-input-json', { ...taskDefinition('drain'), tags: [{ key: 'a', value: 'b' }] }],
])('the document of %s is a task definition', (_, document) => {
  const { definition, tags } = definitionIn(document, 'x');
  expect({ family: definition.family, tags }).toEqual({ family: 'spacelift-drain', tags: [{ key: 'a', value: 'b' }] });
});

it.each([[[]], [null], ['x'], [{}], [{ containerDefinitions: 1 }], [{ taskDefinition: { containerDefinitions: [] } }]])(
  '%j is no task definition',
  (document) => {
    expect(() => definitionIn(document, 'drain.json')).toThrow('drain.json: expected a task definition');
  },
);
