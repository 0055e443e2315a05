/** Task definitions as the vendor's Terraform module for ECS makes them. */
import type { Service } from '../../src/config/options.ts';
import type { JsonMap } from '../../src/util/json.ts';

const COMMANDS: Readonly<Record<Service, readonly string[]>> = {
  server: ['spacelift', 'backend', 'server'],
  drain: ['spacelift', 'backend', 'drain'],
  scheduler: ['spacelift', 'scheduler'],
  'vcs-gateway': ['spacelift', 'backend', 'vcs-gateway'],
};

export const LOG_GROUP = 'spacelift';
export const BACKEND = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/spacelift-backend:v4.3.0';

const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;

export interface Changes {
  readonly definition?: JsonMap;
  readonly container?: JsonMap;
  /** Beside the service's container. */
  readonly sidecars?: readonly JsonMap[];
}

/** On Fargate. */
export const taskDefinition = (service: Service, changes: Changes = {}): JsonMap => ({
  family: `spacelift-${service}`,
  taskRoleArn: role(`spacelift-${service}`),
  executionRoleArn: role('spacelift-execution'),
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '1024',
  memory: '2048',
  containerDefinitions: [
    {
      name: service,
      image: BACKEND,
      essential: true,
      command: COMMANDS[service],
      entryPoint: [],
      user: '1983',
      environment: [{ name: 'AWS_REGION', value: 'eu-central-1' }],
      portMappings: [{ containerPort: 1983, hostPort: 1983, protocol: 'tcp' }],
      healthCheck: { command: ['CMD-SHELL', 'curl -f http://localhost:1983/health'] },
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': LOG_GROUP,
          'awslogs-region': 'eu-central-1',
          'awslogs-stream-prefix': service,
        },
      },
      ...changes.container,
    },
    ...(changes.sidecars ?? []),
  ],
  ...changes.definition,
});

/** Where the tasks of a service run. */
export const NETWORK: JsonMap = {
  networkConfiguration: {
    awsvpcConfiguration: { subnets: ['subnet-0a1b'], securityGroups: ['sg-0a1b'], assignPublicIp: 'DISABLED' },
  },
  platformVersion: '1.4.0',
};
