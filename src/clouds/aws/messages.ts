/** The texts for errors on the connection to an AWS service, or of the service as a whole. */
import type { Run } from '../../engine/check.ts';
import { skipIfOutside } from '../../net/location.ts';
import type { Target } from '../../net/messages.ts';
import { NetworkError } from '../../net/network-error.ts';
import { routeMessages } from '../../net/proxy-tunnel.ts';
import { addressOf } from '../../net/tcp.ts';
import { type Cause, cause } from '../../outcome/cause.ts';
import { advice, type Fix, sh } from '../../outcome/fix.ts';
import { fail, type Issue, type Skip, warn } from '../../outcome/outcome.ts';
import { lookup } from '../../util/lookup.ts';
import { AwsError, type AwsKind } from './call.ts';
import type { AwsSettings } from './client.ts';
import { CredentialError, credentialIssue } from './errors.ts';

interface EndpointRules {
  readonly config: {
    endpointProvider(parameters: { Region: string; UseFIPS: boolean; UseDualStack: boolean }): { url: URL };
  };
}

/** The server that a client's requests go to. */
export function targetOf(what: string, { config, endpoint }: AwsSettings, client: EndpointRules): Target {
  const { region: Region, useFipsEndpoint: UseFIPS, useDualstackEndpoint: UseDualStack } = config;
  const url = endpoint?.url ?? client.config.endpointProvider({ Region, UseFIPS, UseDualStack }).url;
  return { what, ...addressOf(url), setting: endpoint?.setting ?? 'AWS_REGION' };
}

/** The cause of everything found in a region other than AWS_REGION. */
export const regionCause = (region: string, found: string): Cause =>
  cause.awsRegion(found).titled(`AWS_REGION is ${region}, but the config names resources in ${found}`);

type General = Exclude<AwsKind, 'denied' | 'refused'>;

const SAYS: Readonly<
  Record<General, (target: Target, status: number | undefined) => { title: string; expected: string; fix: Fix }>
> = {
  throttled: ({ what }) => ({
    title: `${what} could not be tested: it throttles this account’s requests`,
    expected: 'a response to a few requests',
    fix: quotas(what),
  }),
  'server-error': ({ what }, status) => ({
    title: `${what} failed${status === undefined ? '' : ` (HTTP ${status})`}`,
    expected: 'a response',
    fix: advice`try again, and check https://health.aws.amazon.com/health/status`,
  }),
  scope: ({ what, host, setting }) => ({
    title: `${host} does not belong to ${what} in AWS_REGION`,
    expected: 'an endpoint of that service in that region',
    fix: setting === 'AWS_REGION' ? advice`correct AWS_REGION` : advice`correct ${setting}, or AWS_REGION`,
  }),
  'not-aws': ({ what, host, port, setting }, status) => ({
    title: `${host}:${port} does not look like ${what}${status === undefined ? '' : ` (HTTP ${status})`}`,
    expected: `the ${what} API`,
    fix: advice`find out what responds there: a proxy’s page, or the wrong address in ${setting}`,
  }),
};

/** The codes in Service Quotas of the services that throttle. */
const QUOTA_CODES: Readonly<Record<string, string>> = {
  SQS: 'sqs',
  KMS: 'kms',
  S3: 's3',
  'Secrets Manager': 'secretsmanager',
  'Parameter Store': 'ssm',
  'IoT Core': 'iotcore',
  'IoT Core’s control plane': 'iotcore',
};

function quotas(what: string): Fix {
  const code = lookup(QUOTA_CODES, what);
  if (code === undefined) return advice`check in Service Quotas which quota of ${what} is exhausted`;
  return advice`check which quota is exhausted: ${sh`aws service-quotas list-service-quotas --service-code ${code}`}`;
}

const isGeneral = (kind: AwsKind): kind is General => kind in SAYS;

/**
 * The outcome of an error that does not concern one resource or permission; `undefined` for one that does.
 * @throws the error itself if it comes from neither AWS nor the network
 */
export async function generalOutcome(run: Run, error: unknown, target: Target): Promise<Issue | Skip | undefined> {
  if (error instanceof CredentialError) return credentialIssue(error.kind, error.facts);
  if (error instanceof NetworkError) {
    const explained = await skipIfOutside(run, target.host, error);
    if (explained !== undefined) return explained;
    const { title, ...more } = routeMessages(error, target);
    return fail(title, more);
  }
  if (!(error instanceof AwsError)) throw error;
  const { kind, status, code } = error;
  if (!isGeneral(kind)) return undefined;
  const { title, ...more } = SAYS[kind](target, status);
  const at = `${target.host}:${target.port}`;
  return (kind === 'throttled' ? warn : fail)(title, {
    ...more,
    evidence: { endpoint: at, ...(status !== undefined && { status }), ...(code !== undefined && { code }) },
    cause: cause.awsService(kind, at),
  });
}
