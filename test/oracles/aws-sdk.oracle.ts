/**
 * What the AWS SDK for Go makes of an environment with profiles, against what this tool does with it: nothing is sent.
 *
 * Not compared: whether S3's bucket is in the host or in the path; the data plane of IoT Core, whose address is a variable of
 * Spacelift; and where a role is assumed, since aws-sdk-go-v2 follows AWS_ENDPOINT_URL_STS there, but not AWS_ENDPOINT_URL.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aws } from '../../checks/object-storage/aws/store.ts';
import { type AwsSettings, awsSettings } from '../../src/clouds/aws/client.ts';
import { withoutEndpoint } from '../../src/clouds/aws/custom-endpoint.ts';
import { callersProfiles } from '../../src/clouds/aws/profile.ts';
import { type Source, SourceError, sourceOf } from '../../src/clouds/aws/source.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { DEFAULTS } from '../../src/config/options.ts';
import type { Run } from '../../src/engine/check.ts';
import { Cleanup } from '../../src/engine/cleanup.ts';
import { makeRun } from '../../src/engine/run.ts';
import { networkContext } from '../../src/net/ca-store.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { programOf } from '../peers/install.ts';
import { source } from '../support/preflight.ts';
import { type AwsEnvironment, awsEnvironment } from './aws-environments.ts';
import { ORACLES } from './catalog.ts';
import { generated } from './generated.ts';

/** As `aws-sdk/main.go` prints it. */
interface Answer {
  readonly refused?: string;
  readonly region?: string;
  readonly sources?: readonly string[] | null;
  readonly endpoints?: Readonly<Record<string, string>>;
  readonly errors?: Readonly<Record<string, string>>;
}

let child: ChildProcess;
let lines: AsyncIterator<string>;
let home: string;

beforeAll(() => {
  const { command, args } = programOf('awsSdk', ORACLES.awsSdk);
  child = spawn(command, args, { env: {}, stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  home = mkdtempSync(join(tmpdir(), 'preflight-aws-sdk-'));
});
afterAll(async () => {
  child.stdin?.end();
  await once(child, 'close');
  rmSync(home, { recursive: true, force: true });
});

async function ask({ environment, config, credentials }: AwsEnvironment): Promise<Answer> {
  const files = { '.aws/config': config, '.aws/credentials': credentials };
  child.stdin?.write(`${JSON.stringify({ environment, files })}\n`);
  return JSON.parse((await lines.next()).value);
}

/** What both sides say of an environment, in the same words. */
interface Verdict {
  /** Every request ends before it is sent. */
  readonly refused: boolean;
  readonly region?: string;
  readonly source?: string;
  /** By service: the origin of a request; `refused` for none. */
  readonly endpoints?: Readonly<Record<string, string>>;
}

const SERVICES = ['S3', 'KMS', 'SQS', 'STS', 'IOT'] as const;

/** S3's requests name the bucket in the host or in the path. */
const originOf = (url: string): string => new URL(url).origin.replace('://spacelift-states.', '://');

/** The names of the SDK's sources in this tool's words, without what says the same twice. */
const SHORTER: Readonly<Record<string, string>> = {
  'profile-web-identity': 'web-identity',
  'profile-keys': 'keys',
  'sso-legacy': 'sso',
  'sso-session': 'sso',
};

function goVerdict({ refused, region = '', sources, endpoints = {}, errors = {} }: Answer): Verdict {
  if (refused !== undefined || SERVICES.every((service) => /invalid header/.test(errors[service] ?? ''))) {
    return { refused: true };
  }
  const named = (sources ?? []).map((name) => SHORTER[name] ?? name);
  const origins = SERVICES.map((service) => {
    const url = endpoints[service];
    return [service, url === undefined ? 'refused' : originOf(url)] as const;
  });
  return { refused: false, region, source: sourceSaid(named), endpoints: Object.fromEntries(origins) };
}

/** The last name is where the credentials come from; `named` is another word for the one that follows. */
function sourceSaid(names: readonly string[]): string {
  const [last = ''] = names
    .filter((name) => !['named', 'source-profile', 'role', 'role-by-token'].includes(name))
    .slice(-1);
  return last;
}

function innermost(found: Source): string {
  if (found.kind !== 'profile') return found.kind;
  if (found.base.kind === 'profile') return innermost({ kind: 'profile', ...found.base.of });
  // The SDK calls both by one name.
  return found.base.kind === 'environment' ? 'container' : found.base.kind;
}

function runFor(environment: AwsEnvironment['environment']): Run {
  const variables = { AWS_ACCOUNT_ID: '123456789012', ...environment };
  const deployment = makeDeployment([source(variables, 'all', { process: true })], { environment });
  const signal = new AbortController().signal;
  return makeRun(deployment, DEFAULTS, networkContext(deployment, undefined), signal, new Cleanup());
}

type Config = AwsSettings['config'];
const REQUESTS: Readonly<Record<Exclude<(typeof SERVICES)[number], 'S3'>, (config: Config) => Promise<unknown>>> = {
  KMS: (config) => new KMSClient(config).send(new ListKeysCommand({})),
  SQS: (config) => new SQSClient(config).send(new ListQueuesCommand({})),
  STS: (config) => new STSClient(config).send(new GetCallerIdentityCommand({})),
  IOT: (config) => new IoTClient(config).send(new DescribeEndpointCommand({})),
};

/** Ends every request, and tells where it would have gone. */
class Sent extends Error {
  readonly origin: string;
  constructor({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }) {
    super('sent');
    this.origin = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`).origin;
  }
}

async function originIn(run: Run, service: (typeof SERVICES)[number]): Promise<string> {
  try {
    if (service === 'S3') return originOf((await aws(run)).urlOf('spacelift-states', 'key').href);
    const { config } = awsSettings(run, service);
    const requestHandler: Config['requestHandler'] = {
      handle: async (request) => {
        throw new Sent(request);
      },
    };
    await REQUESTS[service]({ ...config, requestHandler, credentials: { accessKeyId: 'AKID', secretAccessKey: 's' } });
    throw new Error('nothing was sent');
  } catch (thrown) {
    if (thrown instanceof Sent) return thrown.origin;
    const error = withoutEndpoint(run, thrown);
    if (error instanceof CheckStopped && error.outcome.status === 'fail') return 'refused';
    throw error;
  }
}

async function ourVerdict({ environment, config, credentials }: AwsEnvironment): Promise<Verdict> {
  mkdirSync(join(home, '.aws'), { recursive: true });
  writeFileSync(join(home, '.aws/config'), config);
  writeFileSync(join(home, '.aws/credentials'), credentials);
  const run = runFor({ ...environment, HOME: home });
  if (run.deployment.flaws.some(({ name }) => !name.startsWith('AWS_ENDPOINT_URL'))) return { refused: true };
  try {
    const found = innermost(sourceOf(run, callersProfiles(run)));
    const origins: [string, string][] = [];
    for (const service of SERVICES) origins.push([service, await originIn(run, service)]);
    const region = run.require('AWS_REGION');
    return { refused: false, region, source: found, endpoints: Object.fromEntries(origins) };
  } catch (error) {
    if (error instanceof SourceError) return { refused: true };
    throw error;
  }
}

/** Keys that the SDK would send, and that AWS does not issue: it would refuse them, and this tool says why beforehand. */
const neverIssued = ({ environment }: AwsEnvironment): boolean =>
  [environment.AWS_ACCESS_KEY_ID, environment.AWS_SESSION_TOKEN].some((key) => /[^\w+/=-]/.test(key ?? '')) ||
  /^\s|\s$/.test(environment.AWS_SECRET_ACCESS_KEY ?? '');

test('region, endpoints and source of credentials are those of the AWS SDK for Go', async () => {
  await fc.assert(
    fc.asyncProperty(awsEnvironment, async (asked) => {
      const [theirs, ours] = [goVerdict(await ask(asked)), await ourVerdict(asked)];
      if (ours.refused && neverIssued(asked)) return;
      expect(ours).toEqual(theirs);
    }),
    generated(300),
  );
});
