/** Why the AWS SDKs refuse a profile or a variable that provides credentials: what to correct, and where. */
import { advice, command, type Fix, sh } from '../../outcome/fix.ts';
import type { Read } from './profile.ts';

export interface ProfileFault {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

const EXPECTED = 'a profile that every AWS SDK accepts';
const refused = (title: string, fix: Fix, detail?: string): ProfileFault => ({
  title,
  ...(detail !== undefined && { detail }),
  expected: EXPECTED,
  fix,
});
const edit = (profile: string, what: string): Fix =>
  advice`${what} in the profile ${profile} (~/.aws/config, AWS_CONFIG_FILE)`;

export const profileFault = {
  missing: (profile: string) =>
    refused(
      `the AWS profile ${profile} (AWS_PROFILE) does not exist`,
      advice`set AWS_PROFILE to one of: ${sh`aws configure list-profiles`}; or create it: ${sh`aws configure --profile ${profile}`}`,
      'It is in neither the config file nor the credentials file of AWS.',
    ),
  partial: (profile: string) =>
    refused(
      `the AWS profile ${profile} has only one of aws_access_key_id and aws_secret_access_key`,
      command(sh`aws configure --profile ${profile}`, { note: 'set both' }),
    ),
  noRole: (profile: string, key: string) =>
    refused(`the AWS profile ${profile} has ${key} without role_arn`, edit(profile, `add role_arn, or remove ${key},`)),
  oneTimePassword: (profile: string, serial: string) =>
    refused(
      `the AWS profile ${profile} requires a one-time password (mfa_serial)`,
      advice`get temporary credentials, and set them in the environment: ${sh`aws sts get-session-token --serial-number ${serial} --token-code CODE`}`,
      'No SDK asks for one without a terminal.',
    ),
  ambiguous: (profile: string, keys: readonly string[]) =>
    refused(
      `the AWS profile ${profile} has ${keys.join(' and ')}`,
      edit(profile, `keep only one of ${keys.join(', ')}`),
    ),
  noSource: (profile: string, source: string, why: string) =>
    refused(
      `the AWS profile ${profile} names the source_profile ${source}, which ${why}`,
      advice`correct source_profile, or set it up: ${sh`aws configure --profile ${source}`}`,
    ),
  noSession: (profile: string, session: string) =>
    refused(
      `the AWS profile ${profile} names the sso_session ${session}, which does not exist`,
      command(sh`aws configure sso-session`, { note: `create the session ${session}` }),
    ),
  incompleteSso: (profile: string, missing: readonly string[]) =>
    refused(
      `the AWS profile ${profile} has single sign-on without ${missing.join(', ')}`,
      command(sh`aws configure sso --profile ${profile}`),
    ),
  contradictorySso: (profile: string, key: string, session: string) =>
    refused(
      `${key} of the AWS profile ${profile} differs from its sso_session ${session}`,
      edit(profile, `remove ${key}`),
    ),
  unknownSource: (profile: string, value: string) =>
    refused(
      `the AWS profile ${profile} has an unknown credential_source: ${value.slice(0, 40)}`,
      edit(profile, 'set credential_source to Environment, EcsContainer or Ec2InstanceMetadata'),
    ),
  noContainer: (profile: string) =>
    refused(
      `the AWS profile ${profile} expects the credentials of a container, and this is none`,
      advice`run this tool in the container, or use another profile`,
      'Neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set.',
    ),
  setting: (profile: string, key: string, expected: string) =>
    refused(
      `the AWS profile ${profile} sets ${key} to a value that the AWS SDK for Go refuses`,
      edit(profile, `set ${key} to ${expected}`),
    ),
  noRoleArn: (variable: string): ProfileFault => ({
    title: `${variable} is set without AWS_ROLE_ARN`,
    detail: 'In a pod, the EKS webhook sets both.',
    expected: 'both variables, or neither',
    fix: advice`set AWS_ROLE_ARN to the role of the pod’s service account, or unset ${variable} to use other credentials`,
  }),
  noUrl: (variable: string): ProfileFault => ({
    title: `${variable} is not a server URL`,
    expected: 'the URL that the platform of the container sets',
    fix: advice`unset ${variable}: ECS and EKS set it in the container`,
  }),
  plainHttp: (variable: string): ProfileFault => ({
    title: `${variable} names another host without TLS`,
    detail: 'The AWS SDKs refuse to get credentials from it.',
    expected: 'an https:// URL, or a loopback, ECS or EKS address',
    fix: advice`unset ${variable}: ECS and EKS set it in the container`,
  }),
} as const;

/** Settings that end every request if their value is unknown (`setFromIniSection` in aws-sdk-go-v2). */
const SETTINGS: readonly (readonly [key: string, expected: string, pattern: RegExp])[] = [
  ['ec2_metadata_service_endpoint_mode', 'IPv4 or IPv6', /^\s*(ipv4|ipv6)?\s*$/i],
  ['defaults_mode', 'standard', /^(legacy|standard|in-region|cross-region|mobile|auto)?$/i],
  ['max_attempts', 'a whole number', /^[+-]?(\d+|0x[\da-f]+|0o?[0-7]+|0b[01]+)$/i],
  ['retry_mode', 'standard or adaptive', /^(standard|adaptive)$/],
  ['disable_request_compression', 'true or false', /^(true|false)$/],
  ['disable_clock_skew_correction', 'true or false', /^(true|false)$/],
  ['account_id_endpoint_mode', 'preferred, required or disabled', /^(preferred|required|disabled)$/],
  ['request_checksum_calculation', 'when_supported or when_required', /^(when_supported|when_required)$/i],
  ['response_checksum_validation', 'when_supported or when_required', /^(when_supported|when_required)$/i],
];

/** The first setting of a profile that the SDK refuses. */
export function judgeSettings(profile: string, value: Read): ProfileFault | undefined {
  const wrong = SETTINGS.find(([key, , pattern]) => {
    const held = value(key);
    return held !== undefined && !pattern.test(held);
  });
  return wrong === undefined ? undefined : profileFault.setting(profile, wrong[0], wrong[1]);
}
