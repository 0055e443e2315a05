/** What `run ecs` needs to be allowed (Service Authorization Reference, "Actions, resources, and condition keys for Amazon ECS"). */

/** A statement of an IAM policy that allows. */
export interface Allowed {
  readonly actions: readonly string[];
  /** With words in capitals for people to replace. */
  readonly resource: string;
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const ECS_ACCESS: readonly Allowed[] = [
  {
    // No resource can be named for these, or none is known before.
    actions: [
      'ecs:ListServices',
      'ecs:DescribeServices',
      'ecs:DescribeTaskDefinition',
      'ecs:ListTaskDefinitionFamilies',
      'ecs:ListTaskDefinitions',
      'ecs:DeregisterTaskDefinition',
      'ecs:ListTasks',
    ],
    resource: '*',
  },
  {
    actions: ['ecs:RegisterTaskDefinition', 'ecs:DeleteTaskDefinitions', 'ecs:RunTask', 'ecs:TagResource'],
    resource: 'arn:aws:ecs:REGION:ACCOUNT:task-definition/spacelift-preflight-*',
  },
  {
    actions: ['ecs:DescribeTasks', 'ecs:StopTask', 'ecs:TagResource'],
    resource: 'arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/*',
  },
  {
    actions: ['iam:PassRole'],
    resource: 'arn:aws:iam::ACCOUNT:role/ROLES',
    condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  },
  { actions: ['logs:GetLogEvents'], resource: 'arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:*' },
];

/** The IAM policy. */
export interface EcsPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: string;
    readonly Condition?: Allowed['condition'];
  }[];
}

export const ECS_POLICY: EcsPolicy = {
  Version: '2012-10-17',
  Statement: ECS_ACCESS.map(({ actions, resource, condition }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: resource,
    ...(condition !== undefined && { Condition: condition }),
  })),
};

/** For one line. */
export const actionsInWords = (allowed: readonly Allowed[]): string =>
  [...new Set(allowed.flatMap(({ actions }) => actions))].join(', ');
