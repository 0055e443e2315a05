/** The options of `run`: those of every platform, and those of one. */
import { InvalidArgumentError, Option } from 'commander';
import { SERVICES, type Service } from '../config/options.ts';
import { repeated, seconds, text } from './option-values.ts';
import { type MergeArguments, matrixOptions, picked, type RunArguments } from './options.ts';

/** Where `run` can start a preflight. */
export const PLATFORMS = ['kubernetes', 'ecs'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** As commander returns them; options that were not given are absent. */
export type PlatformArguments = MergeArguments &
  Pick<RunArguments, 'file' | 'only' | 'skip' | 'release' | 'phase' | 'caFile' | 'readOnly' | 'timeout' | 'debug'> & {
    readonly services?: readonly Service[];
    readonly image?: string;
    /** Seconds. */
    readonly startTimeout: number;
    readonly keep?: true;
    readonly print?: true;
    readonly cleanup?: true;
  };

interface KubernetesOnly {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly as?: string;
  /** Names of Secrets. */
  readonly imagePullSecret?: readonly string[];
  /** As given. */
  readonly resources?: string;
  readonly createServiceAccounts?: true;
  /** Of the workers. */
  readonly workerNamespace?: string;
}

interface EcsOnly {
  /** A name or an ARN. */
  readonly cluster?: string;
  readonly region?: string;
  readonly profile?: string;
  /** IDs. */
  readonly subnets?: readonly string[];
  /** IDs. */
  readonly securityGroups?: readonly string[];
  readonly assignPublicIp?: true;
  readonly logGroup?: string;
}

export type KubernetesArguments = PlatformArguments & KubernetesOnly;
export type EcsArguments = PlatformArguments & EcsOnly;

/** Enough for most nodes to pull an image, in seconds. */
const START_TIMEOUT = 120;

/** Those of a run that are passed on. */
const PASSED_ON = ['--only', '--skip', '--release', '--phase', '--ca-file', '--read-only', '--timeout'];

const kubernetesOptions = (): Option[] => [
  new Option('-n, --namespace <name>', 'namespace of Spacelift (default that of the context)').argParser(text),
  new Option('--context <name>', 'context for kubectl').argParser(text),
  new Option('--kubeconfig <path>', 'config for kubectl').argParser(text),
  new Option('--as <user>', 'user to impersonate').argParser(text),
  repeated(
    '--image-pull-secret <name>',
    'pull Secret for the image, beside those of the Deployment',
    objectName('Secret'),
  ),
  new Option('--resources <list>', 'requests and limits of each Pod, as in cpu=250m,memory=512Mi').argParser(text),
  new Option('--create-service-accounts', 'create those in the manifests for the run, as Helm would'),
  new Option('--worker-namespace <name>', 'also try what a worker in this namespace connects to').argParser(
    objectName('namespace'),
  ),
];

function objectName(kind: string): (value: string) => string {
  return (value) => {
    if (/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(value)) return value;
    throw new InvalidArgumentError(`expected the name of a ${kind}.`);
  };
}

const ecsOptions = (): Option[] => [
  new Option('--cluster <name>', 'cluster of Spacelift, by name or ARN').argParser(cluster),
  new Option(
    '--region <region>',
    'AWS region (default that of the cluster’s ARN, AWS_REGION or the profile)',
  ).argParser(text),
  new Option('--profile <name>', 'AWS profile (default AWS_PROFILE)').argParser(text),
  new Option('--subnets <list>', 'with -f: subnets of the tasks, as in subnet-1a2b,subnet-3c4d').argParser(
    ids('subnet'),
  ),
  new Option('--security-groups <list>', 'with -f: security groups of the tasks').argParser(ids('sg')),
  new Option('--assign-public-ip', 'with -f: give the tasks public addresses, for subnets without NAT'),
  new Option('--log-group <name>', 'log group in CloudWatch Logs, instead of that of the services').argParser(logGroup),
];

function cluster(value: string): string {
  if (/^[A-Za-z0-9_-]{1,255}$|^arn:[\w-]+:ecs:[\w-]+:\d{12}:cluster\/[A-Za-z0-9_-]{1,255}$/.test(value)) return value;
  throw new InvalidArgumentError('expected the name or ARN of an ECS cluster.');
}

const ids =
  (prefix: string) =>
  (value: string): string[] => {
    const found = value.split(',');
    if (found.every((id) => new RegExp(`^${prefix}-[0-9a-z]{4,40}$`).test(id))) return [...new Set(found)];
    throw new InvalidArgumentError(`expected a list of IDs such as ${prefix}-0123abcd.`);
  };

function logGroup(value: string): string {
  if (/^[\w./#-]{1,512}$/.test(value)) return value;
  throw new InvalidArgumentError('expected the name of a log group.');
}

const ONLY_FOR: Readonly<Record<Platform, () => Option[]>> = { kubernetes: kubernetesOptions, ecs: ecsOptions };

export function platformOptions(): Option[] {
  return [
    repeated(
      '-f, --file <path>',
      'manifests from helm template, or a task definition, not the live ones; - reads standard input',
      text,
    ),
    new Option('--services <list>', `only these services, as in ${SERVICES.slice(0, 2).join(',')}`).argParser(services),
    new Option('--image <image>', 'image of spacelift-preflight, preferably by digest').argParser(text),
    new Option('--start-timeout <seconds>', 'time limit for the start of each Pod or task')
      .argParser(seconds)
      .default(START_TIMEOUT),
    new Option('--keep', 'do not remove the Pods or tasks'),
    new Option('--print', 'print the manifests or task definitions, and create nothing'),
    new Option('--cleanup', 'remove what killed runs left, and nothing else'),
    ...PLATFORMS.flatMap((platform) =>
      ONLY_FOR[platform]().map((option) => option.helpGroup(`Options of run ${platform}:`)),
    ),
    ...picked(PASSED_ON),
    ...picked(['--debug']),
    ...matrixOptions(),
  ];
}

/** The first of these options that is only for another platform. */
export function foreignOption(platform: Platform, given: readonly string[]): string | undefined {
  const foreign = PLATFORMS.filter((other) => other !== platform).flatMap((other) => ONLY_FOR[other]());
  return given.find((name) => foreign.some(({ long }) => long === name));
}

function services(value: string): Service[] {
  const names = value.split(',');
  const found = names.flatMap((name) => SERVICES.find((service) => service === name) ?? []);
  if (found.length === names.length) return [...new Set(found)];
  throw new InvalidArgumentError(`expected a list of ${SERVICES.join(', ')}.`);
}
