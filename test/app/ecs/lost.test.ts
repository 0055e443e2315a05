/** Tasks on ECS that do not get to a report, in the words of ECS. */
import { describe, expect, test } from 'vitest';
import type { EcsFaults } from '../../services/aws/index.ts';
import { passing } from '../../support/ecs-cluster.ts';
import { taskDefinition } from '../../support/task-definitions.ts';
import { ofDrain, ran, started, stopped } from './support.ts';

describe('a run that is lost, in the words of ECS', () => {
  test.each<[title: string, words: string, EcsFaults]>([
    [
      'the container could not be started',
      'CannotStartContainerError: failed to get container status: x',
      stopped('TaskFailedToStart', 'CannotStartContainerError: failed to get container status: x'),
    ],
    [
      'its capacity was taken away during the run',
      'Your Spot Task was interrupted.',
      stopped('SpotInterruption', 'Your Spot Task was interrupted.'),
    ],
    [
      'somebody stopped the task during the run',
      'Task stopped by user',
      stopped('UserInitiated', 'Task stopped by user'),
    ],
    [
      'a volume could not be mounted',
      'failed to invoke EFS utils commands',
      stopped(
        'TaskFailedToStart',
        'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: x',
      ),
    ],
    [
      'the network of the task could not be set up',
      'Network Interface',
      stopped('TaskFailedToStart', 'Unexpected EC2 error while attempting to Create Network Interface in subnet: x'),
    ],
    [
      'the image is not for the architecture of the task',
      "platform 'linux/arm64'",
      stopped(
        'TaskFailedToStart',
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
      ),
    ],
    ['no instance of the cluster meets the requirements of the task', 'ATTRIBUTE', { failure: ofDrain('ATTRIBUTE') }],
    [
      'the cluster has no capacity for the task within 0.05 s',
      'RESOURCE:MEMORY',
      { failure: ofDrain('RESOURCE:MEMORY') },
    ],
    [
      'the container ended with exit code 0 and without a report',
      'the log is empty',
      { logged: (service, output) => (service === 'drain' ? '' : output) },
    ],
    [
      'the container ended with exit code 0 and without a report',
      '',
      { logged: (service, output) => (service === 'drain' ? output.slice(0, output.length / 2) : output) },
    ],
    [
      'the container ended with exit code 0, but has no log stream',
      'Expected the stream drain/drain/',
      { logged: (service, output) => (service === 'drain' ? undefined : output) },
    ],
    ['the task was not started within 0.05 s', 'PROVISIONING', { pending: (service) => service === 'drain' }],
  ])('%s: %s', async (title, words, faults) => {
    const aws = await started();
    aws.ecs.faults = faults;
    const { outcomes, lost, left } = await ran(aws, title.endsWith(' s') ? { startTimeoutMs: 50 } : {});
    expect(outcomes).toEqual({ server: 'report', drain: title });
    expect(lost[0]?.detail).toContain(words);
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  test('a task that does not get to its end', async () => {
    const aws = await started();
    const words = 'CannotPullContainerError: x';
    aws.ecs.faults = { ...stopped('TaskFailedToStart', words), deprovisioning: () => true };
    const { outcomes, lost } = await ran(aws, { startTimeoutMs: 50 });
    expect(outcomes).toEqual({ server: 'report', drain: 'the image could not be pulled' });
    expect(lost[0]?.detail).toBe(words);
  });

  test('the image could not be pulled', async () => {
    const aws = await started();
    aws.ecs.images = new Set(['another']);
    const { outcomes } = await ran(aws);
    expect(outcomes).toEqual({ server: 'the image could not be pulled', drain: 'the image could not be pulled' });
  });

  test.each([
    ['a secret', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:gone-AbCdEf', 'Secrets Manager can'],
    ['a parameter', '/spacelift/gone', 'invalid parameters: /spacelift/gone'],
  ])('%s does not exist', async (_, valueFrom, words) => {
    const secrets = [{ name: 'LICENSE_TOKEN', valueFrom }];
    const aws = await started([taskDefinition('server'), taskDefinition('drain', { container: { secrets } })]);
    const { outcomes, lost } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'a secret of the task could not be read' });
    expect(lost[0]?.detail).toContain(words);
  });

  test('the log group does not exist', async () => {
    const aws = await started();
    aws.ecs.logs.clear();
    const { outcomes } = await ran(aws);
    expect(outcomes.drain).toBe('the log of the task could not be created');
  });

  test('out of memory', async () => {
    const aws = await started();
    aws.ecs.execute = async ({ service }) =>
      service === 'drain' ? { exitCode: 137, output: '', isOutOfMemory: true } : passing(service);
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'the container ran out of memory' });
  });

  test('never ended', async () => {
    const aws = await started();
    aws.ecs.execute = async ({ service, signal }) => {
      if (service === 'drain') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return passing(service);
    };
    const { outcomes } = await ran(aws, { runTimeoutMs: 300 });
    expect(outcomes).toEqual({ server: 'report', drain: 'the container did not end within 0.3 s of its start' });
    expect(aws.ecs.leftovers).toEqual([]);
  });

  test('what the command line said', async () => {
    const aws = await started();
    aws.ecs.execute = async () => ({ exitCode: 2, output: 'spacelift-preflight: unknown variable X\n' });
    const { lost } = await ran(aws);
    expect(lost[0]).toMatchObject({
      title: 'the container ended with exit code 2 and without a report',
      detail: 'unknown variable X',
    });
  });

  test('ECS refuses the task definition', async () => {
    const container = {
      mountPoints: [{ sourceVolume: 'data' }],
      dependsOn: [{ containerName: 'x', condition: 'HEALTHY' }],
    };
    const sidecars = [{ name: 'x', image: 'x', essential: true }];
    const aws = await started([taskDefinition('server'), taskDefinition('drain', { container, sidecars })]);
    const { outcomes, lost, left } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'ECS did not start the task' });
    expect(lost[0]?.detail).toBe('ClientException: A container with a HEALTHY condition must have a health check.');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });
});
