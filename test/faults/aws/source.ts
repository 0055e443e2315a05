/** Faults of where the credentials come from: variables that no SDK accepts, profiles, token files, programs, logins, servers. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import { processEnvironment } from '../cloud.ts';
import type { Arrange, Fault, There } from '../fault.ts';
import { both, environment } from './arrange.ts';

const whitespace = (name: string) => [`configuration/whitespace[${name}]`];
const value = (name: string) => [`configuration/value[${name}]`];
const CREDENTIALS = ['identity/credentials'];
const UNSET = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };

/** The operator's keys, changed, in the environment instead of the config. */
const beside =
  (change: (keys: Variables) => Variables): Arrange =>
  ({ variables: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } }) => ({
    variables: UNSET,
    environment: change({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }),
  });

const inConfig = (name: string, spoil: (held: string) => string): Arrange =>
  config((held) => ({ [name]: spoil(held[name] ?? '') }));
const besideConfig = (name: string, value: (held: string) => string): Arrange =>
  beside((keys) => ({ ...keys, [name]: value(keys[name] ?? '') }));

/** What variables hold that was pasted, encoded or typed wrongly, and what is said of it. */
const SPOILT: readonly (readonly [name: string, what: string, value: (held: string) => string, says: RegExp])[] = [
  ['AWS_ACCESS_KEY_ID', 'a line break at its end', (held) => `${held}\n`, /^AWS_ACCESS_KEY_ID ends with a newline/],
  [
    'AWS_SECRET_ACCESS_KEY',
    'a line break at its end',
    (held) => `${held}\n`,
    /^AWS_SECRET_ACCESS_KEY ends with a newline/,
  ],
  [
    'AWS_SESSION_TOKEN',
    'a line break at its end',
    () => 'IQoJb3JpZ2luX2VjEKf\n',
    /^AWS_SESSION_TOKEN ends with a newline/,
  ],
  ['AWS_ACCESS_KEY_ID', 'quotes around it', (held) => `"${held}"`, /^AWS_ACCESS_KEY_ID contains quotes/],
];
const MISTYPED: typeof SPOILT = [
  [
    'AWS_ACCESS_KEY_ID',
    'a space',
    (held) => `${held.slice(0, 4)} ${held.slice(4)}`,
    /not an AWS access key ID\nIt contains a space/,
  ],
  ['AWS_ACCESS_KEY_ID', 'a quote', (held) => `"${held}`, /not an AWS access key ID\nIt contains a quote/],
  ['AWS_ACCESS_KEY_ID', 'an umlaut', (held) => `${held}Ä`, /It contains a character that is not ASCII/],
  [
    'AWS_SECRET_ACCESS_KEY',
    'a line break',
    (held) => `${held.slice(0, 4)}\n${held.slice(4)}`,
    /It contains a line break/,
  ],
  ['AWS_SESSION_TOKEN', 'an umlaut', () => 'IQoJb3JpZ2luX2VjÄEKf', /not an AWS session token/],
];

/** One folder for the whole table: no fault changes another's files. */
let folder: string | undefined;
function fileIn(name: string, text: string, mode = 0o600): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'preflight-aws-'));
    folder = made;
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** Profiles of the caller, whose environment has nothing else of AWS. */
const profiles =
  (name: string, text: (there: There) => string, more: Variables = {}): Arrange =>
  (there) => ({
    variables: UNSET,
    environment: {
      AWS_CONFIG_FILE: fileIn(name, text(there)),
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...more,
    },
  });

const keysIn = ({ variables }: There): string =>
  `aws_access_key_id = ${variables.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${variables.AWS_SECRET_ACCESS_KEY}\n`;

/** A program that prints what the SDKs expect. */
const printing =
  (name: string, text: (there: There) => string): Arrange =>
  (there) =>
    profiles(`${name}.ini`, () => `[default]\ncredential_process = ${fileIn(name, text(there), 0o700)}\n`)(there);

const ROLE = 'arn:aws:iam::123456789012:role/spacelift-server';
const token = (path: string): Arrange =>
  both(
    profiles('none', () => ''),
    environment({ AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: path }),
  );

const SSO = (session: string) =>
  `[profile dev]\nsso_session = ${session}\nsso_account_id = 123456789012\nsso_role_name = Admin\n[sso-session ${session}]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n`;

const START = 'https://corp.awsapps.com/start';
const LEGACY = `[profile dev]\nsso_region = eu-central-1\nsso_start_url = ${START}\nsso_account_id = 123456789012\nsso_role_name = Admin\n`;

/**
 * What the SDK looks for in the home folder and finds by the process's own environment: the cache of logins, and the profile
 * once more. A login there is of long ago, and can't be renewed, so that nobody is asked.
 */
const signedOn =
  (arrange: Arrange, login?: string): Arrange =>
  async (there) => {
    const name = `${createHash('sha1')
      .update(login ?? '')
      .digest('hex')}.json`;
    const session = { startUrl: START, region: 'eu-central-1', accessToken: 'old', expiresAt: '2020-01-01T00:00:00Z' };
    const cache = join(fileIn(`home/.aws/sso/cache/${name}`, JSON.stringify(session)), '..');
    const arranged = await arrange(there);
    const AWS_CONFIG_FILE = arranged.environment?.AWS_CONFIG_FILE ?? '';
    return { ...arranged, undo: processEnvironment({ HOME: join(cache, '../../..'), AWS_CONFIG_FILE }) };
  };

const NOWHERE = { AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_S3: undefined, AWS_ENDPOINT_URL_STS: undefined };

export const SOURCE: readonly Fault[] = [
  ...SPOILT.flatMap(([name, what, spoil, says]): Fault[] => [
    {
      name: `${name} with ${what}`,
      arrange: inConfig(name, spoil),
      fail: whitespace(name),
      ...(name === 'AWS_SESSION_TOKEN' ? { warn: ['configuration/short-lived'], says: /AWS_SESSION_TOKEN/ } : { says }),
    },
    { name: `${name} of the caller with ${what}`, arrange: besideConfig(name, spoil), fail: whitespace(name), says },
  ]),
  ...MISTYPED.flatMap(([name, what, spoil, says]): Fault[] => [
    {
      name: `${name} with ${what} inside`,
      arrange: inConfig(name, spoil),
      fail: value(name),
      ...(name === 'AWS_SESSION_TOKEN' ? { warn: ['configuration/short-lived'], says: /AWS_SESSION_TOKEN/ } : { says }),
    },
    { name: `${name} of the caller with ${what} inside`, arrange: besideConfig(name, spoil), fail: value(name), says },
  ]),
  ...['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL_STS'].flatMap(
    (name): Fault[] => [
      {
        name: `${name} without a scheme, in the environment`,
        arrange: environment({ [name]: 'localhost:9000' }),
        fail: value(name),
        says: new RegExp(`^${name} is not an http:// or https:// URL: "localhost:9000"`),
      },
      {
        name: `${name} without a scheme, in the config`,
        arrange: inConfig(name, () => 'localhost:9000'),
        fail: value(name),
        says: new RegExp(`^${name} is not an http:// or https:// URL`),
      },
    ],
  ),
  {
    name: 'an endpoint of a service that this deployment does not use',
    arrange: environment({ AWS_ENDPOINT_URL_LICENSE_MANAGER: 'localhost:9000', AWS_ENDPOINT_URL_DYNAMODB: 'nowhere' }),
  },
  {
    name: 'AWS_RETRY_MODE as other SDKs know it',
    arrange: inConfig('AWS_RETRY_MODE', () => 'legacy'),
    fail: value('AWS_RETRY_MODE'),
    says: /^AWS_RETRY_MODE is not one of standard, adaptive/,
  },
  {
    name: 'AWS_USE_FIPS_ENDPOINT that is neither true nor false',
    arrange: inConfig('AWS_USE_FIPS_ENDPOINT', () => 'yes'),
    fail: value('AWS_USE_FIPS_ENDPOINT'),
    says: /^AWS_USE_FIPS_ENDPOINT is not true or false/,
  },
  {
    name: 'endpoints in the caller’s profile',
    arrange: both(
      (there) => ({
        environment: {
          AWS_CONFIG_FILE: fileIn(
            'endpoints',
            `[default]\nservices = local\nendpoint_url = ${there.environment.AWS_ENDPOINT_URL}\n[services local]\ns3 =\n  endpoint_url = ${there.environment.AWS_ENDPOINT_URL_S3}\n`,
          ),
        },
      }),
      environment(NOWHERE),
    ),
  },
  {
    name: 'credentials and endpoints in the profile that AWS_PROFILE selects',
    arrange: both(
      profiles(
        'profile',
        (there) =>
          `[profile local]\n${keysIn(there)}endpoint_url = ${there.environment.AWS_ENDPOINT_URL}\nservices = local\n[services local]\ns3 =\n  endpoint_url = ${there.environment.AWS_ENDPOINT_URL_S3}\n`,
        { AWS_PROFILE: 'local' },
      ),
      environment(NOWHERE),
    ),
  },
  {
    name: 'endpoints in the caller’s profile that are ignored in favor of those in the environment',
    arrange: profiles('ignored', (there) => `[default]\n${keysIn(there)}endpoint_url = http://127.0.0.1:9\n`),
  },
  {
    name: 'an endpoint without a scheme in the caller’s profile',
    arrange: both(
      profiles('schemeless', (there) => `[default]\n${keysIn(there)}endpoint_url = localhost:9000\n`),
      environment(NOWHERE),
    ),
    fail: CREDENTIALS,
    says: /^endpoint_url in the AWS profile default is not a server URL/,
  },
  {
    name: 'a token file of a pod that does not exist',
    arrange: token('/nonexistent/token'),
    fail: CREDENTIALS,
    says: /^AWS_WEB_IDENTITY_TOKEN_FILE names a file that does not exist\n\/nonexistent\/token/,
  },
  {
    name: 'a token file of a pod that is empty',
    arrange: (there) => token(fileIn('empty', '\n'))(there),
    fail: CREDENTIALS,
    says: /^AWS_WEB_IDENTITY_TOKEN_FILE names a file that is empty/,
  },
  {
    name: 'a token file of a pod without a role',
    arrange: both(token('/nonexistent/token'), environment({ AWS_ROLE_ARN: undefined })),
    fail: CREDENTIALS,
    says: /^AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN/,
  },
  {
    name: 'a credential_process that works',
    arrange: printing('working', ({ variables }) => {
      const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = variables;
      const printed = JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey });
      return `#!/bin/sh\ncat <<'EOF'\n${printed}\nEOF\n`;
    }),
  },
  {
    name: 'a credential_process that does not exist',
    arrange: profiles(
      'missing-program',
      () => '[default]\ncredential_process = /nonexistent/program --for spacelift\n',
    ),
    fail: CREDENTIALS,
    says: /^credential_process of the AWS profile default names a program that does not exist/,
  },
  {
    name: 'a credential_process that fails',
    arrange: printing('failing', () => '#!/bin/sh\necho a secret >&2\nexit 3\n'),
    fail: CREDENTIALS,
    says: /^credential_process of the AWS profile default failed with exit code 3/,
  },
  {
    name: 'a credential_process that prints something else',
    arrange: printing('chatty', () => '#!/bin/sh\necho please log in\n'),
    fail: CREDENTIALS,
    says: /^credential_process of the AWS profile default does not print JSON/,
  },
  {
    name: 'a credential_process that prints no keys',
    arrange: printing('keyless', () => '#!/bin/sh\necho \'{"Version": 1}\'\n'),
    fail: CREDENTIALS,
    says: /^credential_process of the AWS profile default prints no credentials/,
  },
  {
    name: 'a credential_process that prints a session that has ended',
    arrange: printing(
      'late',
      () =>
        '#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}\'\n',
    ),
    fail: CREDENTIALS,
    says: /^credential_process of the AWS profile default prints credentials that have expired/,
  },
  {
    name: 'keys with an umlaut in the caller’s profile',
    arrange: profiles('umlaut', () => '[default]\naws_access_key_id = AKIAÄ\naws_secret_access_key = secret\n'),
    fail: CREDENTIALS,
    says: /^the access key ID of the AWS credentials contains/,
  },
  {
    name: 'single sign-on of a profile to which nobody has logged in',
    arrange: signedOn(profiles('sso', () => SSO('corp-nobody'), { AWS_PROFILE: 'dev' })),
    fail: CREDENTIALS,
    says: /^nobody is logged in with the SSO session of the AWS profile dev/,
  },
  {
    name: 'single sign-on of a profile whose session has expired',
    arrange: signedOn(
      profiles('sso-expired', () => SSO('corp-expired'), { AWS_PROFILE: 'dev' }),
      'corp-expired',
    ),
    fail: CREDENTIALS,
    says: /^the SSO session of the AWS profile dev has expired/,
  },
  {
    name: 'single sign-on without a session’s name, whose login has expired',
    arrange: signedOn(
      profiles('sso-legacy', () => LEGACY, { AWS_PROFILE: 'dev' }),
      START,
    ),
    fail: CREDENTIALS,
    says: /^the SSO session of the AWS profile dev has expired/,
  },
  {
    name: 'a token file of a pod that is a folder',
    arrange: (there) => token(join(fileIn('folder/file', ''), '..'))(there),
    fail: CREDENTIALS,
    says: /^AWS_WEB_IDENTITY_TOKEN_FILE names a file that is a folder/,
  },
  {
    name: 'a container’s credentials whose server refuses connections',
    arrange: profiles('container', () => '', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/credentials' }),
    fail: CREDENTIALS,
    says: /^127\.0\.0\.1:9 refused the connection\nAWS_CONTAINER_CREDENTIALS_FULL_URI names it/,
  },
  {
    name: 'a container’s credentials from a server that hands out none',
    arrange: (there) =>
      profiles('refusing', () => '', {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${there.environment.AWS_ENDPOINT_URL}/credentials`,
      })(there),
    fail: CREDENTIALS,
    says: /, the server of the container’s credentials, returned HTTP 4\d\d/,
  },
  {
    name: 'a container’s token file that does not exist',
    arrange: profiles('tokenless', () => '', {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nonexistent/token',
    }),
    fail: CREDENTIALS,
    says: /^AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that does not exist/,
  },
  {
    name: 'a profile with half a pair of keys',
    arrange: profiles('half', () => '[default]\naws_access_key_id = AKIA\n'),
    fail: CREDENTIALS,
    says: /^the AWS profile default has only one of aws_access_key_id and aws_secret_access_key/,
  },
  {
    name: 'a profile whose source does not exist',
    arrange: profiles('sourceless', () => `[default]\nrole_arn = ${ROLE}\nsource_profile = nobody\n`),
    fail: CREDENTIALS,
    says: /^the AWS profile default names the source_profile nobody, which does not exist/,
  },
  {
    name: 'a profile whose role is refused',
    arrange: profiles(
      'refused',
      (there) => `[default]\nrole_arn = ${ROLE}\nsource_profile = base\n[profile base]\n${keysIn(there)}`,
    ),
    fail: CREDENTIALS,
    says: /^the AWS profile default can’t assume the role spacelift-server/,
  },
];
