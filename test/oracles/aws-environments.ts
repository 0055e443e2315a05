/** Environments and profiles of AWS, as people write them and as they mistype them. */
import fc from 'fast-check';

export interface AwsEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  readonly config: string;
  readonly credentials: string;
}

const URLS = [
  'http://localhost:4566',
  'https://minio.corp.io',
  'http://127.0.0.1:9000/prefix',
  'https://[::1]:9000/',
  'HTTP://Proxy.corp.io',
  'localhost:9000',
  'minio.corp.io',
  '//minio.corp.io',
  'ftp://minio.corp.io',
  'http://',
];
const SWITCHES = ['true', 'false', 'TRUE', 'False', '1', 'yes'];
const ROLE = 'arn:aws:iam::123456789012:role/spacelift';
const PROFILES = ['default', 'dev', 'base', 'nobody'];

/** By variable; `AWS_REGION` is always set, as Spacelift requires. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  AWS_DEFAULT_REGION: ['eu-west-1', 'us-east-1'],
  AWS_PROFILE: PROFILES,
  AWS_DEFAULT_PROFILE: PROFILES,
  AWS_ENDPOINT_URL: URLS,
  AWS_ENDPOINT_URL_S3: URLS,
  AWS_ENDPOINT_URL_KMS: URLS,
  AWS_ENDPOINT_URL_SQS: URLS,
  AWS_ENDPOINT_URL_STS: URLS,
  AWS_ENDPOINT_URL_IOT: URLS,
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: SWITCHES,
  AWS_USE_FIPS_ENDPOINT: SWITCHES,
  AWS_USE_DUALSTACK_ENDPOINT: SWITCHES,
  AWS_STS_REGIONAL_ENDPOINTS: ['legacy', 'regional'],
  AWS_S3_US_EAST_1_REGIONAL_ENDPOINT: ['legacy', 'regional'],
  AWS_S3_USE_ARN_REGION: SWITCHES,
  AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS: SWITCHES,
  AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: SWITCHES,
  AWS_EC2_METADATA_DISABLED: SWITCHES,
  AWS_EC2_METADATA_V1_DISABLED: SWITCHES,
  AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: ['IPv4', 'ipv6', 'dual'],
  AWS_ENABLE_ENDPOINT_DISCOVERY: ['auto', 'true', 'on'],
  AWS_DEFAULTS_MODE: ['standard', 'In-Region', 'fast'],
  AWS_RETRY_MODE: ['standard', 'adaptive', 'legacy', 'Standard'],
  AWS_MAX_ATTEMPTS: ['3', '-1', '0', 'three', '1.5'],
  AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: ['0', '10485760', '10485761', 'all'],
  AWS_DISABLE_REQUEST_COMPRESSION: SWITCHES,
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: SWITCHES,
  AWS_REQUEST_CHECKSUM_CALCULATION: ['when_required', 'WHEN_SUPPORTED', 'never'],
  AWS_RESPONSE_CHECKSUM_VALIDATION: ['when_required', 'When_Supported', 'never'],
  AWS_ACCOUNT_ID_ENDPOINT_MODE: ['preferred', 'required', 'disabled', 'Preferred'],
  AWS_ACCESS_KEY_ID: ['AKIAIOSFODNN7EXAMPLE', 'AKIA\n', 'AKIA\t', '"AKIA"', 'AKIAÄ', ' AKIA'],
  AWS_SECRET_ACCESS_KEY: ['wJalrXUtnFEMI/K7MDENG', 'secret\n', 'secrét'],
  AWS_ACCESS_KEY: ['AKIAI44QH8DHBEXAMPLE'],
  AWS_SECRET_KEY: ['je7MtGbClwBF/2Zp9Utk'],
  AWS_SESSION_TOKEN: ['FwoGZXIvYXdzEDQaD', 'FwoG\r\n', 'FwoG€'],
  AWS_WEB_IDENTITY_TOKEN_FILE: ['/nonexistent/token'],
  AWS_ROLE_ARN: [ROLE],
  AWS_ROLE_SESSION_NAME: ['spacelift'],
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: ['/v2/credentials/x'],
  AWS_CONTAINER_CREDENTIALS_FULL_URI: [
    'http://localhost/x',
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://10.0.0.1/x',
    'https://10.0.0.1/x',
    'http://127.0.0.2:8080/x',
    'nonsense',
  ],
  AWS_CONTAINER_AUTHORIZATION_TOKEN: ['token'],
};

/** By setting of a profile. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  region: ['ap-southeast-2'],
  endpoint_url: URLS,
  services: ['local', 'nowhere'],
  ignore_configured_endpoint_urls: SWITCHES,
  use_fips_endpoint: SWITCHES,
  use_dualstack_endpoint: SWITCHES,
  aws_access_key_id: ['AKIAPROFILE'],
  aws_secret_access_key: ['secret # of the profile', 'secret#1'],
  aws_session_token: ['token'],
  role_arn: [ROLE],
  source_profile: PROFILES,
  credential_source: ['Environment', 'EcsContainer', 'Ec2InstanceMetadata', 'Elsewhere'],
  mfa_serial: ['arn:aws:iam::123456789012:mfa/me'],
  // Never started: neither side asks for credentials.
  credential_process: ['/nonexistent/program --json'],
  web_identity_token_file: ['/nonexistent/token'],
  sso_session: ['corp', 'none'],
  sso_region: ['eu-central-1', 'us-east-1'],
  sso_start_url: ['https://corp.awsapps.com/start', 'https://other.awsapps.com/start'],
  sso_account_id: ['123456789012'],
  sso_role_name: ['Admin'],
  login_session: ['arn:aws:iam::123456789012:user/me'],
  retry_mode: ['standard', 'legacy'],
  max_attempts: ['3', 'three', '0x10'],
  defaults_mode: ['standard', 'fast'],
  ec2_metadata_service_endpoint_mode: ['IPv6', 'dual'],
  request_checksum_calculation: ['when_required', 'never'],
  account_id_endpoint_mode: ['required', 'Required'],
  disable_request_compression: SWITCHES,
};

const some = (table: Readonly<Record<string, readonly string[]>>, most: number) =>
  fc
    .subarray(Object.keys(table), { maxLength: most })
    .chain((names) =>
      fc
        .tuple(...names.map((name) => fc.constantFrom(...(table[name] ?? []), ...(table[name] ?? []), '')))
        .map((values) => names.map((name, index) => [name, values[index] ?? ''] as const)),
    );

/** The same setting in the forms that the SDK reads. */
const written = fc.constantFrom<(key: string, value: string) => string>(
  (key, value) => `${key} = ${value}`,
  (key, value) => `${key}=${value}`,
  (key, value) => `${key.toUpperCase()} =  ${value}\t`,
  (key, value) => `${key} = ${value} # a comment`,
  (key, value) => `${key} = "${value}"`,
  (key, value) => `${key}: ${value}`,
);
const lines = (settings: fc.Arbitrary<readonly (readonly [string, string])[]>) =>
  fc
    .tuple(settings, fc.array(written, { minLength: 1, maxLength: 4 }))
    .map(([pairs, forms]) => pairs.map(([key, value], index) => forms[index % forms.length]?.(key, value) ?? ''));

/** Settings that belong together, so that most profiles provide something. */
const complete: readonly Readonly<Record<string, string>>[] = [
  { aws_access_key_id: 'AKIAPROFILE', aws_secret_access_key: 'secret' },
  { role_arn: ROLE, source_profile: 'base' },
  { role_arn: ROLE, credential_source: 'Environment' },
  { role_arn: ROLE, web_identity_token_file: '/nonexistent/token' },
  { sso_session: 'corp', sso_account_id: '123456789012', sso_role_name: 'Admin' },
  {
    sso_region: 'eu-central-1',
    sso_start_url: 'https://corp.awsapps.com/start',
    sso_account_id: '123456789012',
    sso_role_name: 'Admin',
  },
  { credential_process: '/nonexistent/program' },
  {},
];
const settings = fc
  .tuple(
    fc.constantFrom(...complete),
    fc.oneof({ weight: 3, arbitrary: some(SETTINGS, 2) }, { weight: 1, arbitrary: some(SETTINGS, 6) }),
  )
  .map(([base, more]) => Object.entries({ ...base, ...Object.fromEntries(more) }));

const SERVICES = ['s3', 'kms', 'sqs', 'sts', 'iot'];
const servicesSection = fc
  .tuple(fc.subarray(SERVICES), fc.constantFrom(...URLS), fc.constantFrom('  ', '\t'))
  .map(([names, url, blank]) => [
    '[services local]',
    ...names.flatMap((name) => [`${name} =`, `${blank}endpoint_url = ${url}`]),
  ]);
const session = fc
  .constantFrom(
    ['sso_region = eu-central-1', 'sso_start_url = https://corp.awsapps.com/start'],
    ['sso_region = eu-central-1'],
    [],
  )
  .map((below) => ['[sso-session corp]', ...below]);

const section = (header: readonly string[]) =>
  fc.tuple(fc.constantFrom(...header), lines(settings)).map(([name, below]) => [name, ...below]);
const file = (headers: readonly (readonly string[])[], more: readonly fc.Arbitrary<string[]>[]) =>
  fc
    .tuple(
      fc.tuple(...[...headers.map(section), ...more].map((one) => fc.option(one, { freq: 3 }))),
      fc.constantFrom('\n', '\r\n'),
    )
    .map(([sections, end]) =>
      sections
        .flatMap((found) => found ?? [])
        .map((line) => line + end)
        .join(''),
    );

/** An environment with the files in `~/.aws`. */
export const awsEnvironment: fc.Arbitrary<AwsEnvironment> = fc.record({
  environment: fc
    .tuple(
      fc.constantFrom('eu-central-1', 'us-east-1', 'us-gov-west-1', 'cn-north-1'),
      fc.oneof({ weight: 3, arbitrary: some(VARIABLES, 4) }, { weight: 1, arbitrary: some(VARIABLES, 10) }),
      fc.constantFrom({}, {}, { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalr' }),
    )
    .map(([AWS_REGION, variables, keys]) => ({ AWS_REGION, ...keys, ...Object.fromEntries(variables) })),
  config: file(
    [
      ['[default]', '[profile default]', '[ default ]'],
      ['[profile dev]', '[profile  dev] ; mine', '[dev]'],
      ['[profile base]'],
    ],
    [servicesSection, session],
  ),
  credentials: file([['[default]'], ['[dev]', '[profile dev]'], ['[base]']], []),
});
