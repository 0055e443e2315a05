/** `run ecs`: what is refused on one line. */
import { describe, expect, it, test } from 'vitest';
import type { JsonMap } from '../../src/util/json.ts';
import { administrator } from '../services/aws/index.ts';
import { taskDefinition } from '../support/task-definitions.ts';
import { command } from './host.ts';
import { environment, IMAGE, START, started } from './run-ecs.ts';

describe('one line, and exit code 2', () => {
  const live = ['run', 'ecs', '--cluster', 'spacelift'];
  const json = (value: JsonMap) => JSON.stringify(value);
  const file = [...START, '-f', '-', '--subnets', 'subnet-0a1b'];
  const drain = (changes: Parameters<typeof taskDefinition>[1]) => json(taskDefinition('drain', changes));
  test.each([
    [['run', 'ecs', '--image', IMAGE], '', 'run ecs requires --cluster'],
    [live, '', 'run ecs requires --image'],
    [[...live, '--image', '--x y'], '', '--image'],
    [['run', 'ecs', '--cluster', 'a b', '--image', IMAGE], '', 'expected the name or ARN of an ECS cluster'],
    [[...START, '-n', 'spacelift'], '', 'run ecs does not support --namespace'],
    [['run', 'kubernetes', '--cluster', 'x'], '', 'run kubernetes does not support --cluster'],
    [[...START, '--vcs', 'https://github.com'], '', 'run does not support --vcs'],
    [[...START, '--services', 'vcs-gateway'], '', 'no service runs the vcs-gateway; found server, drain, scheduler'],
    [[...START, '--only', 'databases/*'], '', '--only'],
    [[...START, '--subnets', 'subnet-0a1b'], '', '--subnets is for task definitions with -f'],
    [[...START, '--subnets', 'x'], '', 'expected a list of IDs such as subnet-0123abcd'],
    [[...START, '--log-group', 'a b'], '', 'expected the name of a log group'],
    [[...START, '--cleanup'], '', '--cleanup does not support --image'],
    [[...START, '--print', '--keep'], '', '--print does not support --keep'],
    [[...START, '--print', '--subnets', 'subnet-0a1b'], '', '--print does not support --subnets'],
    [[...START, '--region', 'x y'], '', 'is not an AWS region'],
    [
      [...START, '--cluster', 'arn:aws:ecs:us-east-1:123456789012:cluster/x', '--region', 'eu-central-1'],
      '',
      'but --region',
    ],
    [['run', 'ecs', '--cluster', 'other', '--image', IMAGE], '', 'cluster other does not exist in eu-central-1'],
    [[...START, '--ca-file', '/no/such'], '', '/no/such'],
    [[...START, '-f', '/no/such'], '', '/no/such: no such file'],
    [file, '{}', 'standard input: expected a task definition as printed by aws ecs describe-task-definition'],
    [file, '{', 'standard input'],
    [[...START, '-f', '-'], drain({}), 'name its subnets with --subnets'],
    [file, drain({ definition: { networkMode: 'bridge' } }), 'are for the network mode awsvpc only'],
    [file, drain({ container: { command: ['nginx'] } }), 'no container runs spacelift backend server'],
    [file, drain({ definition: { pidMode: 'host' } }), 'sets pidMode to host'],
    [
      file,
      drain({ definition: { volumes: [{ name: 'x', host: { sourcePath: '/' } }] } }),
      'mounts a path of its instance',
    ],
    [file, `${'['.repeat(5000)}${']'.repeat(5000)}`, 'standard input: nested more than 100 levels deep'],
    [
      file,
      drain({ definition: { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } } }),
      'is for Windows',
    ],
    [
      file,
      drain({ container: { logConfiguration: { logDriver: 'awsfirelens' } } }),
      'logs with awsfirelens, from which no report can be read; name a log group in CloudWatch Logs with --log-group',
    ],
    [
      file,
      drain({ container: { environment: [{ name: 'X', value: 'x'.repeat(70_000) }] } }),
      'ECS accepts at most 64 KiB in a whole task definition',
    ],
  ])('%j %#', async (args, stdin, message) => {
    const aws = await started();
    const { code, stdout, stderr } = await command(args, { env: environment(aws), stdin });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toContain(message);
    expect(aws.ecs.registered).toEqual([]);
  });

  it('without a service of Spacelift', async () => {
    const aws = await started([]);
    const { code, stderr } = await command(START, { env: environment(aws) });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^spacelift-preflight: cluster spacelift: no service runs .* with -f\n$/),
    });
  });

  it('with two services that run the same', async () => {
    const aws = await started();
    aws.ecs.createService('spacelift', 'second', taskDefinition('drain'));
    const { code, stderr } = await command(START, { env: environment(aws) });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'spacelift-preflight: cluster spacelift: service spacelift-drain and service second both run the drain; pass the task definitions of one installation with -f\n',
    });
  });

  test.each(['ecs:ListServices', 'ecs:DescribeServices', 'ecs:DescribeTaskDefinition'])(
    'without %s',
    async (action) => {
      const aws = await started();
      const Statement = [
        { Effect: 'Allow' as const, Action: '*', Resource: '*' },
        { Effect: 'Deny' as const, Action: action, Resource: '*' },
      ];
      aws.users = [{ ...administrator, policy: { Version: '2012-10-17', Statement } }];
      const { code, stderr } = await command(START, { env: environment(aws) });
      expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 2, lines: 2 });
      expect(stderr).toContain(`user/operator lacks ${action}`);
      expect(stderr).toContain('; a run needs: ecs:ListServices, ');
    },
  );

  test.each([
    ['region', { AWS_REGION: '' }, 'no AWS region'],
    ['credentials', { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' }, 'no AWS credentials found'],
    ['a valid login', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'AWS rejected the secret key'],
    ['a connection', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, '127.0.0.1:9'],
  ])('without %s', async (_, env, message) => {
    const aws = await started();
    const { code, stdout, stderr } = await command(START, { env: { ...environment(aws), ...env } });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toContain(message);
  });
});
