/** IoT Core by the AWS SDK: the data plane, which carries messages, and the control plane, which knows rules and endpoints. */
import type { IoTClient } from '@aws-sdk/client-iot';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { AwsError, ask, isRefusal } from '../../../src/clouds/aws/call.ts';
import { awsSettings, type Endpoint, endpointOf } from '../../../src/clouds/aws/client.ts';
import { allowing } from '../../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../../src/clouds/aws/errors.ts';
import { generalOutcome, targetOf } from '../../../src/clouds/aws/messages.ts';
import type { IsRefusal } from '../../../src/clouds/aws/transport.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import type { Target } from '../../../src/net/messages.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { type Issue, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import { iotEndpoint } from './endpoint.ts';

/** Where messages go: the endpoint, or what the environment names in its place. @throws CheckStopped */
export function brokerAt(run: Run): { readonly at: Endpoint; readonly url: URL; readonly target: Target } {
  const { host } = iotEndpoint(run);
  const at = endpointOf(run, 'IOT_DATA_PLANE') ?? {
    url: new URL(`https://${host}`),
    setting: ENDPOINT,
    party: run.deployment.partyOf(ENDPOINT),
  };
  const { url, setting } = at;
  return { at, url, target: { what: 'IoT Core', ...addressOf(url), setting } };
}

/** A page that some proxy serves is no answer of IoT Core's, whose answers have a number. */
const isPage: IsRefusal = ({ headers }) =>
  headers['x-amzn-requestid'] === undefined && /^text\/(html|plain)/i.test(headers['content-type'] ?? '');

export interface DataPlane {
  readonly client: IoTDataPlaneClient;
  readonly url: URL;
  readonly target: Target;
  /** @throws CredentialError, AwsError, NetworkError */
  publish(run: Run, topic: string, payload: object): Promise<void>;
}

export const openData = oncePerRun(async (run): Promise<DataPlane> => {
  const { at, url, target } = brokerAt(run);
  const { config } = awsSettings(run, 'IOT_DATA_PLANE', (answer) => isRefusal(answer) || isPage(answer), undefined, at);
  const sdk = await import('@aws-sdk/client-iot-data-plane');
  const client = new sdk.IoTDataPlaneClient({
    ...config,
    endpoint: url.href,
    // The SDK refuses both together with an endpoint.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });
  return {
    client,
    url,
    target,
    publish: async (under, topic, payload) => {
      const command = new sdk.PublishCommand({ topic, qos: 1, payload: Buffer.from(JSON.stringify(payload)) });
      await ask(under, client, (how) => client.send(command, how), { mayBeEmpty: true });
    },
  };
});

interface ControlPlane {
  readonly client: IoTClient;
  readonly target: Target;
}

export const openControl = oncePerRun(async (run): Promise<ControlPlane> => {
  const settings = awsSettings(run, 'IOT', isRefusal);
  const { IoTClient: Client } = await import('@aws-sdk/client-iot');
  const client = new Client(settings.config);
  return { client, target: targetOf('IoT Core’s control plane', settings, client) };
});

/** ARN of something of IoT Core's, in the configured account and region. */
export const iotArn = (run: Run, resource: string): string =>
  `arn:${run.require('AWS_PARTITION')}:iot:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:${resource}`;

/** @param resource ARN, or `*` for what has none */
export function notPermitted(title: string, action: string, resource: string): Skip {
  return skip(`${title}: ${action} is not permitted`, {
    detail: 'No role of Spacelift may, and none needs to; an operator may.',
    fix: advice`to have it verified, run it with credentials that have this statement:\n${allowing([action], resource)}`,
    evidence: { permission: action },
  });
}

/**
 * What could not be read in the control plane is no failure of the broker's, unless the credentials are to blame.
 * @param title what was to be found out, as what it is when it isn't: "the rules can’t be listed"
 */
export async function unread(
  run: Run,
  error: unknown,
  { title, action, resource }: { title: string; action: string; resource: string },
): Promise<Issue | Skip> {
  if (error instanceof CredentialError) return credentialIssue(error.kind, error.facts);
  if (error instanceof AwsError && error.kind === 'denied') return notPermitted(title, action, resource);
  const { target } = await openControl(run);
  const outcome = await generalOutcome(run, error, target);
  const why = outcome?.title ?? `${target.what} refuses it (${error instanceof AwsError ? error.code : 'unknown'})`;
  return skip(`${title}: ${why}`, {
    detail: 'Spacelift’s server asks the control plane for worker pools’ certificates: it must reach it, too.',
    ...(outcome?.fix !== undefined && { fix: outcome.fix }),
    evidence: { endpoint: `${target.host}:${target.port}` },
  });
}
