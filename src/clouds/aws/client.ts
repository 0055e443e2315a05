/** The settings of every AWS SDK client: the deployment's region, credentials, and endpoint. */
import type { Run } from '../../engine/check.ts';
import type { Agents } from '../../net/agents.ts';
import { mustBeAccepted, mustBeAllowed, withOwnersNetwork } from '../credentials.ts';
import { credentialsOf } from './credentials.ts';
import { type Endpoint, endpointOf, isEndpointVariable, kindsOf } from './custom-endpoint.ts';
import { type AwsService, isAwsHost } from './endpoints.ts';
import { type Keys, ownerOfAws } from './owner.ts';
import { type IsErrorResponse, makeTransport, type Transport } from './transport.ts';

export interface AwsSettings {
  /** Spread into the client's configuration. */
  readonly config: {
    readonly region: string;
    readonly requestHandler: Transport;
    readonly maxAttempts: 1;
    readonly disableClockSkewCorrection: true;
    readonly endpoint?: string;
    readonly useFipsEndpoint: boolean;
    readonly useDualstackEndpoint: boolean;
    readonly credentials: Keys | (() => Promise<Keys>);
  };
  /** The custom endpoint that the config or the environment sets instead of AWS's own. */
  readonly endpoint: Endpoint | undefined;
}

/** The SDK would otherwise read these from the environment and the profile, in its own way. */
const FIXED = { ignoreConfiguredEndpointUrls: true, defaultsMode: 'standard', retryMode: 'standard' } as const;

/**
 * Keys in the config take precedence over the caller's; the SDK's default chain, which belongs to the caller, comes last.
 * There are no retries and no clock correction, so that errors show.
 * @param isErrorResponse the responses that become an `HttpErrorResponse`; without it, the SDK handles them itself
 * @param agents from another client, to share its connections
 * @param at the address for requests, if no AWS_ENDPOINT_URL… variable sets one
 * @throws CheckStopped if the region is not known, or the caller's credentials must not be sent to the endpoint
 */
export function awsSettings(
  run: Run,
  service: AwsService,
  isErrorResponse?: IsErrorResponse,
  agents?: Agents,
  at?: Endpoint,
): AwsSettings {
  const region = run.require('AWS_REGION');
  mustBeAccepted(run, (name) => name.startsWith('AWS_') && !isEndpointVariable(name));
  const endpoint = endpointOf(run, service);
  const owner = ownerOfAws(run);
  const target = endpoint ?? at;
  if (target !== undefined) {
    mustBeAllowed(run, owner, { ...target, isProviders: (hostname) => isAwsHost(service, hostname) });
  }
  return {
    config: {
      region,
      requestHandler: makeTransport(withOwnersNetwork(run, owner), isErrorResponse, agents),
      maxAttempts: 1,
      disableClockSkewCorrection: true,
      ...(endpoint !== undefined && { endpoint: endpoint.url.href }),
      ...kindsOf(run, endpoint),
      ...FIXED,
      credentials: credentialsOf(run),
    },
    endpoint,
  };
}
