/** Faults of the credentials and of the place: account, partition, region, clock. */
import { config } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { awsFaults, both, environment, s3Faults, user } from './arrange.ts';

/** No profile of whoever runs the tests, no metadata. */
const NOWHERE = environment({
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_EC2_METADATA_DISABLED: 'true',
});
const UNSET = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
const without = (...names: string[]) =>
  both(
    config(() => Object.fromEntries(names.map((name) => [name, undefined]))),
    NOWHERE,
  );

/** The operator's keys beside the config, with a token. */
const inEnvironment =
  (token: string): Arrange =>
  ({ variables: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } }) => ({
    variables: UNSET,
    environment: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: token },
  });

const clock = (clockOffsetMs: number): Arrange => both(awsFaults({ clockOffsetMs }), s3Faults({ clockOffsetMs }));
const CREDENTIALS = ['identity/credentials'];
const ACCOUNT = ['identity/account'];

export const IDENTITY: readonly Fault[] = [
  {
    name: 'no AWS credentials',
    arrange: without('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
    fail: CREDENTIALS,
    says: /no AWS credentials found\nSearched the config, the environment, the default profile/,
  },
  {
    name: 'an access key without its secret',
    arrange: without('AWS_SECRET_ACCESS_KEY'),
    fail: CREDENTIALS,
    says: /no AWS credentials found\nAWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY/,
  },
  {
    name: 'a secret without its access key',
    arrange: without('AWS_ACCESS_KEY_ID'),
    fail: CREDENTIALS,
    says: /no AWS credentials found\nAWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID/,
  },
  {
    name: 'an AWS profile that does not exist',
    arrange: both(
      config(() => UNSET),
      both(NOWHERE, environment({ AWS_PROFILE: 'nowhere' })),
    ),
    fail: CREDENTIALS,
    says: /^the AWS profile nowhere \(AWS_PROFILE\) does not exist/,
  },
  {
    name: 'an AWS profile of Spacelift’s container',
    arrange: both(
      config(() => ({ ...UNSET, AWS_PROFILE: 'nowhere' })),
      NOWHERE,
    ),
  },
  {
    name: 'keys of the caller that AWS does not know, where only whose they are is asked',
    arrange: both(
      config(() => UNSET),
      environment({ AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO', AWS_SECRET_ACCESS_KEY: 'nobodys-secret' }),
    ),
    options: { only: ['identity/tested-as'] },
    fail: ['identity/tested-as'],
    says: /^AWS does not recognize the access key/,
  },
  {
    name: 'a role of a pod that STS does not give',
    arrange: both(
      config(() => UNSET),
      NOWHERE,
      environment({
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/spacelift-server',
        AWS_WEB_IDENTITY_TOKEN_FILE: import.meta.filename,
      }),
    ),
    fail: CREDENTIALS,
    says: /no AWS credentials found\nSTS refused to assume the role arn:aws:iam::123456789012:role\/spacelift-server/,
  },
  {
    name: 'an unknown AWS access key',
    arrange: config(() => ({ AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO' })),
    fail: CREDENTIALS,
    says: /AWS does not recognize the access key/,
  },
  {
    name: 'another AWS secret',
    arrange: config(() => ({ AWS_SECRET_ACCESS_KEY: 'quite-another-secret-0123456789' })),
    fail: CREDENTIALS,
    says: /AWS rejected the secret key/,
  },
  {
    name: 'an AWS session that has expired',
    arrange: user('operator', () => ({ expired: true })),
    fail: CREDENTIALS,
    says: /the AWS credentials have expired/,
  },
  {
    name: 'a temporary AWS key without its token',
    arrange: user('operator', () => ({ sessionToken: 'the-token-of-a-session' })),
    fail: CREDENTIALS,
    says: /AWS does not recognize the access key\n.*is temporary and lacks its AWS_SESSION_TOKEN/,
  },
  {
    name: 'the AWS token of another session',
    arrange: both(
      user('operator', () => ({ sessionToken: 'the-token-of-a-session' })),
      inEnvironment('the-token-of-another-session'),
    ),
    fail: CREDENTIALS,
    says: /AWS does not recognize the access key/,
  },
  {
    name: 'the AWS credentials of a session in the environment',
    arrange: both(
      user('operator', () => ({ sessionToken: 'the-token-of-a-session' })),
      inEnvironment('the-token-of-a-session'),
    ),
  },
  {
    name: 'the AWS credentials of a session in the config',
    arrange: both(
      user('operator', () => ({ sessionToken: 'the-token-of-a-session' })),
      config(() => ({ AWS_SESSION_TOKEN: 'the-token-of-a-session' })),
    ),
    warn: ['configuration/short-lived'],
    says: /AWS_SESSION_TOKEN belongs to a temporary session that expires within hours/,
  },
  {
    name: 'a clock that is behind that of AWS',
    arrange: clock(3_600_000),
    fail: CREDENTIALS,
    says: /the clocks of this machine and AWS differ by 60 min\nThis machine’s clock is behind/,
  },
  {
    name: 'a clock that is ahead of that of AWS',
    arrange: clock(-3_600_000),
    fail: CREDENTIALS,
    says: /the clocks of this machine and AWS differ by 60 min\nThis machine’s clock is ahead/,
  },
  { name: 'a clock that is two minutes off that of AWS', arrange: clock(120_000) },
  {
    name: 'AWS credentials of another account',
    arrange: user('operator', () => ({ arn: 'arn:aws:iam::210987654321:user/operator' })),
    fail: ACCOUNT,
    says: /the credentials belong to account 210987654321, but AWS_ACCOUNT_ID is 123456789012/,
  },
  {
    name: 'a mistyped AWS_ACCOUNT_ID',
    arrange: config(() => ({ AWS_ACCOUNT_ID: '123456789021' })),
    fail: ACCOUNT,
    says: /the credentials belong to account 123456789012, but AWS_ACCOUNT_ID is 123456789021/,
  },
  {
    name: 'another partition of AWS',
    arrange: config(() => ({ AWS_PARTITION: 'aws-us-gov' })),
    fail: ACCOUNT,
    says: /the credentials belong to partition aws, but AWS_PARTITION is aws-us-gov/,
  },
  { name: 'an STS that refuses connections', arrange: environment({ AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' }) },
  {
    name: 'an STS that resets connections',
    arrange: awsFaults({ resetFor: ({ service }) => service === 'sts' }),
  },
  {
    name: 'an STS that always fails',
    arrange: awsFaults({
      statusFor: ({ service }) => (service === 'sts' ? { status: 503, code: 'ServiceUnavailable' } : undefined),
    }),
  },
  {
    name: 'wrong AWS credentials where STS is out of reach',
    arrange: both(
      config(() => ({ AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO' })),
      environment({ AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' }),
    ),
    fail: ['object-storage/deliveries/access'],
    says: /AWS does not recognize the access key/,
  },
  {
    name: 'AWS_REGION of another region',
    arrange: config(() => ({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' })),
    fail: ['object-storage/deliveries/access'],
    says: /AWS_REGION is eu-west-1, but the config names resources in eu-central-1/,
  },
];
