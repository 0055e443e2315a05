/** Endpoints that are not AWS's ordinary ones: custom addresses, FIPS, and dual stack. */
import type { Held } from '../../config/deployment.ts';
import type { Run } from '../../engine/check.ts';
import { cause } from '../../outcome/cause.ts';
import { advice } from '../../outcome/fix.ts';
import { CheckStopped, fail } from '../../outcome/outcome.ts';
import { type Destination, mustBeAccepted, partyAt } from '../credentials.ts';
import type { AwsService } from './endpoints.ts';
import { callersProfiles, type Profiles, serviceEndpointIn, valueIn } from './profile.ts';

/** An address, the party that set it, and the variable or setting that contains it. */
export type Endpoint = Pick<Destination, 'url' | 'party' | 'setting'>;

/** The variables that select special AWS endpoints, and the settings in a profile that do. */
export const KINDS = {
  AWS_USE_FIPS_ENDPOINT: 'use_fips_endpoint',
  AWS_USE_DUALSTACK_ENDPOINT: 'use_dualstack_endpoint',
} as const;
type Kind = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

const IGNORE = 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS';
/** As the AWS SDKs read a switch. */
export const isTrue = (value: string | undefined): boolean => value?.toLowerCase() === 'true';

export const isEndpointVariable = (name: string): boolean => name.startsWith('AWS_ENDPOINT_URL');

/**
 * The custom endpoint of a service: from the config, the environment, or the caller's profile, in the order of the SDK
 * reference ("Service-specific endpoints").
 * @throws CheckStopped if it is not a URL
 */
export const endpointOf = (run: Run, service: AwsService): Endpoint | undefined =>
  configuredEndpoint(run, [`AWS_ENDPOINT_URL_${service}`, 'AWS_ENDPOINT_URL'], (profiles) =>
    endpointInProfile(
      profiles,
      serviceEndpointIn(profiles, service.toLowerCase()) ?? settingIn(profiles, 'endpoint_url'),
    ),
  );

/**
 * The custom endpoint of STS for assuming a role. There, the address of all services does not apply: the SDK for Go looks for
 * credentials before it reads it (`defaultAWSConfigResolvers` in `config` of aws-sdk-go-v2), and then AWS_ENDPOINT_URL only
 * hides an address in the profile (`resolveBaseEndpoint` in `service/sts`).
 * @throws like `endpointOf`
 */
export const endpointForRoles = (run: Run): Endpoint | undefined =>
  configuredEndpoint(run, ['AWS_ENDPOINT_URL_STS'], (profiles) =>
    run.deployment.setting('AWS_ENDPOINT_URL') === undefined
      ? endpointInProfile(profiles, serviceEndpointIn(profiles, 'sts'))
      : undefined,
  );

/** @param names the variables that can contain it, the first one first */
function configuredEndpoint(
  run: Run,
  names: readonly string[],
  inProfile: (profiles: Profiles) => Endpoint | undefined,
): Endpoint | undefined {
  const { setting } = run.deployment;
  const profiles = callersProfiles(run);
  const ignored = setting(IGNORE);
  if (isTrue(ignored?.value)) return undefined;
  const isIgnored = ignored === undefined && isTrue(settingIn(profiles, 'ignore_configured_endpoint_urls'));
  for (const name of names) {
    const held = setting(name);
    // The caller's profile says nothing about the config's own addresses.
    if (held === undefined || (isIgnored && held.party === 'process')) continue;
    mustBeAccepted(run, (flawed) => flawed === name);
    return { url: urlIn(name, held.value), setting: name, party: partyAt(run.deployment, held, names) };
  }
  return isIgnored ? undefined : inProfile(profiles);
}

function endpointInProfile(profiles: Profiles, value: string | undefined): Endpoint | undefined {
  if (value === undefined || value === '') return undefined;
  const setting = `endpoint_url in the AWS profile ${profiles.name}`;
  return { url: urlIn(setting, value), setting, party: 'process' };
}

const settingIn = ({ name, sections }: Profiles, key: string): string | undefined => valueIn(sections.get(name), key);

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

/** A special kind of endpoint that is selected, and what selects it. */
interface Selected {
  readonly kind: Kind;
  readonly on: boolean;
  readonly setting: string;
  readonly party: Held['party'];
}

/** The kinds that are selected or deselected: by a variable, otherwise by the caller's profile. */
function selectedKinds(run: Run): Selected[] {
  const profiles = callersProfiles(run);
  return KIND_NAMES.flatMap((kind): Selected[] => {
    const held = run.deployment.setting(kind);
    if (held !== undefined) return [{ kind, on: isTrue(held.value), setting: kind, party: held.party }];
    const value = settingIn(profiles, KINDS[kind]);
    if (value === undefined) return [];
    return [
      { kind, on: isTrue(value), setting: `${KINDS[kind]} in the AWS profile ${profiles.name}`, party: 'process' },
    ];
  });
}

export interface EndpointKinds {
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
}

/**
 * The special kinds of endpoint that requests use.
 * @param endpoint the custom endpoint: the SDKs combine it with none of these, but a substitute that the caller sets needs none
 * @throws CheckStopped if one party sets both
 */
export function kindsOf(run: Run, endpoint: Endpoint | undefined): EndpointKinds {
  const on = selectedKinds(run).filter((selected) => selected.on);
  const clash = on.find(({ party }) => party === endpoint?.party);
  if (clash !== undefined && endpoint !== undefined) throw excluded(clash, endpoint.setting);
  const uses = (kind: Kind) => endpoint === undefined && on.some((selected) => selected.kind === kind);
  return { useFipsEndpoint: uses('AWS_USE_FIPS_ENDPOINT'), useDualstackEndpoint: uses('AWS_USE_DUALSTACK_ENDPOINT') };
}

/** The error for a special endpoint together with a custom one, which the SDKs do not combine. */
const excluded = ({ kind, setting }: Selected, endpoint: string): CheckStopped =>
  new CheckStopped(
    fail(`${setting} and ${endpoint} are mutually exclusive`, {
      detail: 'Every AWS SDK refuses to send requests if both are set.',
      expected: 'one of the two',
      fix: advice`unset ${setting}, and if you need such an endpoint, set ${endpoint} to its address`,
      evidence: { variables: [setting, endpoint] },
      cause: cause.variable(kind),
    }),
  );

/** Converts the SDK's error for an endpoint that AWS does not have, such as FIPS for S3 in China; returns other errors unchanged. */
export function withoutEndpoint(run: Run, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'EndpointError') return error;
  const on = selectedKinds(run).filter((selected) => selected.on);
  const kinds = on.map(({ setting }) => setting);
  const region = run.deployment.setting('AWS_REGION')?.value ?? '';
  const variables = kinds.length === 0 ? ['AWS_REGION'] : kinds;
  return new CheckStopped(
    fail(
      `${variables.join(' and ')} ${kinds.length > 1 ? 'require' : 'requires'} an endpoint that AWS does not have in ${region}`,
      {
        detail: 'The AWS SDKs refuse every request in this case.',
        fix:
          kinds.length === 0 ? advice`correct AWS_REGION` : advice`unset ${kinds.join(' or ')}, or correct AWS_REGION`,
        evidence: { region, variables },
        cause: cause.variable(on[0]?.kind ?? 'AWS_REGION'),
      },
    ),
  );
}
