/** What `run ecs` needs to be allowed (Service Authorization Reference, "Actions defined by Amazon ECS"). */

/** A statement of an IAM policy that allows. */
export interface Allowed {
  readonly actions: readonly string[];
  /** In the policy, for people to complete. */
  readonly resource: string;
}

const DEFINITIONS = 'arn:aws:ecs:REGION:ACCOUNT:task-definition/spacelift-preflight-*';

export const ECS_ACCESS: readonly Allowed[] = [
  // These actions have no resources, or belong to names that are not known before.
  {
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
  { actions: ['ecs:RegisterTaskDefinition', 'ecs:DeleteTaskDefinitions', 'ecs:RunTask'], resource: `${DEFINITIONS}` },
  {
    actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
    resource: 'arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/*',
  },
  { actions: ['ecs:TagResource'], resource: '*' },
  { actions: ['iam:PassRole'], resource: 'arn:aws:iam::ACCOUNT:role/ROLES-OF-THE-TASK-DEFINITIONS' },
  { actions: ['logs:GetLogEvents'], resource: 'arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:*' },
];

/** For one line. */
export const actionsInWords = (allowed: readonly Allowed[]): string =>
  allowed.flatMap(({ actions }) => actions).join(', ');
