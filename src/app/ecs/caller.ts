/** The run for requests to AWS with the caller's own credentials: no config is involved. */
import { callersProfiles, valueIn } from '../../clouds/aws/profile.ts';
import { isRegion } from '../../cluster/ecs/log.ts';
import { makeDeployment } from '../../config/deployment.ts';
import { InputError } from '../../config/input-error.ts';
import { DEFAULTS, type Environment } from '../../config/options.ts';
import { processSource } from '../../config/sources/process.ts';
import { shown } from '../../config/sources/quote.ts';
import type { Run } from '../../engine/check.ts';
import { Cleanup } from '../../engine/cleanup.ts';
import { makeRun } from '../../engine/run.ts';
import { networkContext } from '../../net/ca-store.ts';

export interface CallerOptions {
  /** The name or ARN of the cluster. */
  readonly cluster: string;
  readonly region: string | undefined;
  /** Instead of AWS_PROFILE. */
  readonly profile: string | undefined;
  readonly environment: Environment;
  /** For TLS, PEM. */
  readonly authorities: string | undefined;
}

export interface Caller {
  readonly run: Run;
  readonly region: string;
  /** Closes all connections. */
  end(): Promise<void>;
}

/** Like the AWS CLI, for which a profile that is named takes precedence over keys in the environment. */
const WITH_PROFILE = [
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
];

function environmentOf({ environment, profile }: CallerOptions): Environment {
  if (profile === undefined) return environment;
  const others = Object.entries(environment).filter(([name]) => !WITH_PROFILE.includes(name));
  return { ...Object.fromEntries(others), AWS_PROFILE: profile };
}

/**
 * The region of the cluster: from the option, the ARN, the environment, or the profile.
 * @throws InputError if two of them differ, or it is no region
 */
export function regionOf(options: CallerOptions): string | undefined {
  const inArn = /^arn:[\w-]+:ecs:([\w-]+):/.exec(options.cluster)?.[1];
  if (inArn !== undefined && options.region !== undefined && inArn !== options.region)
    throw new InputError(`--cluster is in ${shown(inArn)}, but --region is ${shown(options.region)}`);
  const environment = environmentOf(options);
  const { AWS_REGION: own, AWS_DEFAULT_REGION: other } = environment;
  const region = options.region ?? inArn ?? (own || other || regionInProfile(environment));
  if (region !== undefined && !isRegion(region))
    throw new InputError(`${shown(region)} is not an AWS region; expected one such as eu-west-1`);
  return region;
}

function regionInProfile(environment: Environment): string | undefined {
  const { name, sections } = callersProfiles({ deployment: deploymentOf(environment) });
  return valueIn(sections.get(name), 'region');
}

const deploymentOf = (environment: Environment) =>
  makeDeployment([processSource(environment)], { service: undefined, release: undefined, environment });

/** @throws InputError if the region is not known */
export function callerOf(options: CallerOptions): Caller {
  const region = regionOf(options);
  if (region === undefined) throw new InputError('no AWS region; name it with --region, or in AWS_REGION');
  const deployment = deploymentOf({ ...environmentOf(options), AWS_REGION: region });
  const cleanup = new Cleanup();
  const settings = { ...DEFAULTS, authorities: options.authorities };
  const network = networkContext(deployment, options.authorities);
  // What creates or removes something is never cancelled: each request has a deadline.
  const run = makeRun(deployment, settings, network, new AbortController().signal, cleanup);
  return { run, region, end: () => cleanup.end() };
}
