/** The options of `run kubernetes`. */
import { InvalidArgumentError, Option } from 'commander';
import { SERVICES, type Service } from '../config/options.ts';
import { type MergeArguments, mergeOptions, picked, type RunArguments, repeated, seconds, text } from './options.ts';

/** As commander returns them; options that were not given are absent. */
export type KubernetesArguments = MergeArguments &
  Pick<RunArguments, 'file' | 'only' | 'skip' | 'release' | 'phase' | 'caFile' | 'readOnly' | 'timeout'> & {
    readonly namespace?: string;
    readonly context?: string;
    readonly kubeconfig?: string;
    readonly as?: string;
    readonly services?: readonly Service[];
    readonly image?: string;
    /** Names of Secrets. */
    readonly imagePullSecret?: readonly string[];
    /** As given. */
    readonly resources?: string;
    /** Seconds. */
    readonly startTimeout: number;
    readonly createServiceAccounts?: true;
    readonly keep?: true;
    readonly print?: true;
    readonly cleanup?: true;
  };

/** Where `run` can start a preflight. */
export const PLATFORMS = ['kubernetes'] as const;

/** Enough for most nodes to pull an image, in seconds. */
const START_TIMEOUT = 120;

/** Those of a run that are passed on. */
const PASSED_ON = ['--only', '--skip', '--release', '--phase', '--ca-file', '--read-only', '--timeout'];

export function kubernetesOptions(): Option[] {
  return [
    new Option('-n, --namespace <name>', 'namespace of Spacelift (default that of the context)').argParser(text),
    new Option('--context <name>', 'context for kubectl').argParser(text),
    new Option('--kubeconfig <path>', 'config for kubectl').argParser(text),
    new Option('--as <user>', 'user to impersonate').argParser(text),
    repeated(
      '-f, --file <path>',
      'manifests that helm template printed, not the live Deployments; - reads standard input',
      text,
    ),
    new Option('--services <list>', `only these services, as in ${SERVICES.slice(0, 2).join(',')}`).argParser(services),
    new Option('--image <image>', 'image of spacelift-preflight, preferably by digest').argParser(text),
    repeated('--image-pull-secret <name>', 'pull Secret for the image, beside those of the Deployment', objectName),
    new Option('--resources <list>', 'requests and limits of each Pod, as in cpu=250m,memory=512Mi').argParser(text),
    new Option('--start-timeout <seconds>', 'time limit for the start of each Pod')
      .argParser(seconds)
      .default(START_TIMEOUT),
    new Option('--create-service-accounts', 'create those in the manifests for the run, as Helm would'),
    new Option('--keep', 'do not remove the Pods'),
    new Option('--print', 'print the manifests, and create nothing'),
    new Option('--cleanup', 'remove what killed runs left, and nothing else'),
    ...picked(PASSED_ON),
    ...mergeOptions(),
  ];
}

function services(value: string): Service[] {
  const names = value.split(',');
  const found = names.flatMap((name) => SERVICES.find((service) => service === name) ?? []);
  if (found.length === names.length) return [...new Set(found)];
  throw new InvalidArgumentError(`expected a list of ${SERVICES.join(', ')}.`);
}

function objectName(value: string): string {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(value)) return value;
  throw new InvalidArgumentError('expected the name of a Secret.');
}
