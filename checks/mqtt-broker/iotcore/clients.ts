/** IoT Core through the AWS SDK: the data plane for messages, and the control plane for rules and endpoints. */
import type { IoTClient } from '@aws-sdk/client-iot';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { AwsError, ask, isErrorResponse } from '../../../src/clouds/aws/call.ts';
import { awsSettings } from '../../../src/clouds/aws/client.ts';
import { type Endpoint, endpointOf } from '../../../src/clouds/aws/custom-endpoint.ts';
import { allowing } from '../../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../../src/clouds/aws/errors.ts';
import { generalOutcome, targetOf } from '../../../src/clouds/aws/messages.ts';
import type { IsErrorResponse } from '../../../src/clouds/aws/transport.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import type { Target } from '../../../src/net/messages.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { type Issue, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import { iotEndpoint } from './endpoint.ts';

/** The address for messages: the endpoint, or an override in the environment. @throws CheckStopped */
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

/** A page without a request id comes from a proxy: every IoT Core response has one. */
const isPage: IsErrorResponse = ({ headers }) =>
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
  const { config } = awsSettings(
    run,
    'IOT_DATA_PLANE',
    (answer) => isErrorResponse(answer) || isPage(answer),
    undefined,
    at,
  );
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
  const settings = awsSettings(run, 'IOT', isErrorResponse);
  const { IoTClient: Client } = await import('@aws-sdk/client-iot');
  const client = new Client(settings.config);
  return { client, target: targetOf('IoT Core’s control plane', settings, client) };
});

/** The ARN of an IoT Core resource, in the configured account and region. */
export const iotArn = (run: Run, resource: string): string =>
  `arn:${run.require('AWS_PARTITION')}:iot:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:${resource}`;

/** @param resource ARN, or `*` for actions without one */
export function notPermitted(title: string, action: string, resource: string): Skip {
  return skip(`${title}: the credentials lack ${action}`, {
    detail: 'No Spacelift role has or needs this permission; an operator can have it.',
    fix: advice`to test it, run this tool with credentials that have this statement:\n${allowing([action], resource)}`,
    evidence: { permission: action },
  });
}

/**
 * An error of the control plane is not a failure of the broker, unless the credentials are the cause.
 * @param title the result that is missing: "the topic rules could not be read"
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
  const why =
    outcome?.title ?? `${target.what} refused the request (${error instanceof AwsError ? error.code : 'unknown'})`;
  return skip(`${title}: ${why}`, {
    detail:
      'Spacelift’s server requests worker pool certificates from the control plane, so it must be able to reach it, too.',
    ...(outcome?.fix !== undefined && { fix: outcome.fix }),
    evidence: { endpoint: `${target.host}:${target.port}` },
  });
}
