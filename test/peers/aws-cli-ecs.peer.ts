/** What the AWS CLI prints of a task definition is accepted, and what `run ecs --print` prints is accepted by the AWS CLI. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type JsonMap, listIn } from '../../src/util/json.ts';
import { run } from '../cli/spawned.ts';
import { administrator, startAws } from '../services/aws/index.ts';
import { ended } from '../support/programs.ts';
import { taskDefinition } from '../support/task-definitions.ts';
import { program } from './install.ts';

/** With a part of everything that is taken over. */
const DEFINITION = taskDefinition('drain', {
  definition: {
    volumes: [
      { name: 'certs', efsVolumeConfiguration: { fileSystemId: 'fs-0123', transitEncryption: 'ENABLED' } },
      { name: 'socket', host: {} },
    ],
    runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
    ephemeralStorage: { sizeInGiB: 21 },
    tags: [{ key: 'team', value: 'x' }],
  },
  container: {
    secrets: [{ name: 'LICENSE_TOKEN', valueFrom: '/spacelift/license' }],
    environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::bucket/spacelift.env' }],
    mountPoints: [{ sourceVolume: 'certs', containerPath: '/certs', readOnly: true }],
    dependsOn: [{ containerName: 'xray', condition: 'HEALTHY' }],
    linuxParameters: { initProcessEnabled: true },
    ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 2048 }],
  },
  sidecars: [
    {
      name: 'xray',
      image: 'public.ecr.aws/xray/aws-xray-daemon:3.x',
      essential: true,
      portMappings: [{ containerPort: 2000, protocol: 'udp' }],
      healthCheck: { command: ['CMD', '/xray', '--version'], interval: 5, retries: 3 },
      mountPoints: [{ sourceVolume: 'socket', containerPath: '/run/x' }],
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': 'x', 'awslogs-region': 'eu-central-1' } },
    },
  ],
});

test('a task definition goes from the AWS CLI to a copy, and back', async () => {
  const aws = await startAws();
  const folder = await mkdtemp(join(tmpdir(), 'preflight-aws-ecs-'));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  const { command, args, env } = program('aws');
  const settings = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: administrator.secretAccessKey,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    HOME: folder,
    PATH: process.env.PATH ?? '',
  };
  const cli = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await ended(command, [...args, 'ecs', ...words], { env: { ...env, ...settings } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const register = async (definition: JsonMap) => {
    const path = join(folder, 'definition.json');
    await writeFile(path, JSON.stringify(definition));
    await cli('register-task-definition', '--cli-input-json', `file://${path}`);
  };
  await register(DEFINITION);
  const described = await cli('describe-task-definition', '--task-definition', 'spacelift-drain', '--include', 'TAGS');

  const print = ['run', 'ecs', '--cluster', 'spacelift', '--image', 'preflight:1', '--print', '-f', '-'];
  const printed = await run(print, { stdin: described });
  expect({ code: printed.code, stderr: printed.stderr }).toEqual({ code: 0, stderr: '' });
  const copies: JsonMap[] = JSON.parse(printed.stdout);
  expect(copies).toHaveLength(1);
  for (const copy of copies) await register(copy);
  const [registered] = aws.ecs.registered;
  expect(registered?.input).toEqual({ ...copies[0], tags: undefined });
  expect(registered?.tags).toEqual(listIn(copies[0] ?? {}, 'tags'));
  expect(listIn(registered?.input ?? {}, 'containerDefinitions').map(({ name }) => name)).toEqual(['drain', 'xray']);
});
