/** Endpoints that are not AWS's ordinary ones: custom addresses, FIPS, and dual stack. */
import type { Run } from '../../engine/check.ts';
import { cause } from '../../outcome/cause.ts';
import { advice } from '../../outcome/fix.ts';
import { CheckStopped, fail } from '../../outcome/outcome.ts';
import { type Destination, partyAt } from '../credentials.ts';
import type { AwsService } from './endpoints.ts';

/** An address, the party that set it, and the variable that contains it. */
export type Endpoint = Pick<Destination, 'url' | 'party' | 'setting'>;

/** The variables that select special AWS endpoints. */
export const KINDS = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'] as const;
/**
 * The custom endpoint of a service in the config or the environment (SDK reference, "Service-specific endpoints").
 * @throws CheckStopped if it is not a URL
 */
export function endpointOf(run: Run, service: AwsService): Endpoint | undefined {
  const { setting } = run.deployment;
  if (setting('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS')?.value === 'true') return undefined;
  const names = [`AWS_ENDPOINT_URL_${service}`, 'AWS_ENDPOINT_URL'];
  for (const name of names) {
    const held = setting(name);
    if (held !== undefined)
      return { url: urlIn(name, held.value), setting: name, party: partyAt(run.deployment, held, names) };
  }
  return undefined;
}

function urlIn(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new CheckStopped(
    fail(`${name} is not a server URL`, {
      expected: 'https://host or https://host:port; http:// for an emulator',
      fix: advice`correct ${name}, or unset it to use AWS’s own endpoint`,
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}

/** The error for a special endpoint together with a custom one, which the SDKs do not combine. */
export const excluded = (kind: string, endpoint: string): CheckStopped =>
  new CheckStopped(
    fail(`${kind} and ${endpoint} are mutually exclusive`, {
      detail: 'Every AWS SDK refuses to send requests if both are set.',
      expected: 'one of the two',
      fix: advice`unset ${kind}, and if you need such an endpoint, set ${endpoint} to its address`,
      evidence: { variables: [kind, endpoint] },
      cause: cause.variable(kind),
    }),
  );

/** Converts the SDK's error for an endpoint that AWS does not have, such as FIPS for S3 in China; returns other errors unchanged. */
export function withoutEndpoint(run: Run, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'EndpointError') return error;
  const { setting } = run.deployment;
  const kinds = KINDS.filter((name) => setting(name)?.value === 'true');
  const region = setting('AWS_REGION')?.value ?? '';
  const variables = kinds.length === 0 ? ['AWS_REGION'] : kinds;
  return new CheckStopped(
    fail(
      `${variables.join(' and ')} ${kinds.length > 1 ? 'require' : 'requires'} an endpoint that AWS does not have in ${region}`,
      {
        detail: 'The AWS SDKs refuse every request in this case.',
        fix:
          kinds.length === 0 ? advice`correct AWS_REGION` : advice`unset ${kinds.join(' or ')}, or correct AWS_REGION`,
        evidence: { region, variables },
        cause: cause.variable(variables[0] ?? 'AWS_REGION'),
      },
    ),
  );
}
