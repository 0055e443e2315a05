import { expect, test } from 'vitest';
import { mergeFiles, type Profiles, parseIni, serviceEndpointIn, valueIn } from '../../../src/clouds/aws/profile.ts';
import { type Source, SourceError, sourceOf } from '../../../src/clouds/aws/source.ts';
import { fakeDeployment } from '../../fakes.ts';

const plain = (text: string) =>
  Object.fromEntries(
    [...parseIni(text)].map(([name, section]) => [
      name,
      Object.fromEntries([...section].map(([key, value]) => [key, typeof value === 'string' ? value : [...value]])),
    ]),
  );

test.each([
  ['a plain profile', '[profile dev]\nregion = eu-west-1\n', { 'profile dev': { region: 'eu-west-1' } }],
  ['Windows line breaks', '[default]\r\nregion=eu-west-1\r\n', { default: { region: 'eu-west-1' } }],
  [
    'blanks and comments',
    ' [ profile   a b ] ; of the team\nregion =  x  # here\n',
    { 'profile a b': { region: 'x' } },
  ],
  ['a hash within a value', '[default]\nkey = a#b;c\n', { default: { key: 'a#b;c' } }],
  ['quotes', `[default]\na = "x y"\nb='z'\nc="`, { default: { a: 'x y', b: 'z', c: '"' } }],
  ['a colon, and any case', '[default]\nENDPOINT_URL: http://x:1\n', { default: { endpoint_url: 'http://x:1' } }],
  ['a value before any section', 'region = x\n[default]\n', { default: {} }],
  ['a value on several lines', '[default]\na = 1\n  2\n', { default: { a: '1\n2' } }],
  [
    'settings below a key',
    '[services local]\ns3 =\n  endpoint_url = http://x # y\nkms=\n\tendpoint_url=http://z\n',
    { 'services local': { s3: [['endpoint_url', 'http://x # y']], kms: [['endpoint_url', 'http://z']] } },
  ],
  ['a setting below a value', '[default]\na = 1\n  b = 2\n', { default: { a: '1', b: '2' } }],
  ['what is no setting', '[default]\nnothing\n[broken\n', { default: {} }],
])('%s', (_, text, expected) => {
  expect(plain(text)).toEqual(expected);
});

const profiles = (config: string, credentials = '', name = 'default', selected = false): Profiles => ({
  name,
  selected,
  ...mergeFiles(config, credentials),
});

test('the credentials file adds keys to a profile, and no endpoint', () => {
  const found = profiles(
    '[profile dev]\nendpoint_url = http://a\n',
    '[dev]\naws_access_key_id = k\naws_secret_access_key = s\nendpoint_url = http://b\n',
    'dev',
  ).sections.get('dev');
  expect(valueIn(found, 'endpoint_url')).toBe('http://a');
  expect(valueIn(found, 'aws_access_key_id')).toBe('k');
});

test('a section without its prefix is no profile in the config file', () => {
  expect([...profiles('[dev]\nregion = x\n[default]\n[profile a]\n').sections.keys()]).toEqual(['default', 'a']);
});

test('a service’s endpoint is in the section that the profile names', () => {
  const text = '[default]\nservices = local\n[services local]\niot_data_plane =\n  endpoint_url = http://x\n';
  expect(serviceEndpointIn(profiles(text), 'iot_data_plane')).toBe('http://x');
  expect(serviceEndpointIn(profiles(text), 's3')).toBeUndefined();
  expect(serviceEndpointIn(profiles(text.replace('services = local', '')), 'iot_data_plane')).toBeUndefined();
});

const KEYS = 'aws_access_key_id = k\naws_secret_access_key = s\n';
const ROLE = 'role_arn = arn:aws:iam::123456789012:role/r\n';
const SSO = 'sso_region = x\nsso_start_url = https://x\nsso_account_id = 1\nsso_role_name = r\n';

/** `kind`, then what the profile's base is, then the roles that are assumed. */
function shape(source: Source): string {
  if (source.kind !== 'profile') return source.kind;
  const { base, role } = source;
  const inner = base.kind === 'profile' ? shape({ kind: 'profile', ...base.of }) : base.kind;
  return role === undefined ? inner : `${inner} > role`;
}
const chosen = (environment: Readonly<Record<string, string>>, found: Profiles): string => {
  try {
    return shape(sourceOf({ deployment: fakeDeployment({ own: (name) => environment[name] }) }, found));
  } catch (error) {
    if (error instanceof SourceError) return `refused: ${error.fault.title}`;
    throw error;
  }
};

const AWS_KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' };
const TOKEN = { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn' };

test.each([
  ['nothing', {}, profiles(''), 'instance'],
  ['keys before all', { ...AWS_KEYS, ...TOKEN }, profiles(`[default]\n${KEYS}`), 'keys'],
  ['a second name for each', { AWS_ACCESS_KEY: 'k', AWS_SECRET_KEY: 's' }, profiles(''), 'keys'],
  ['a token before a profile', TOKEN, profiles(`[default]\n${KEYS}`), 'web-identity'],
  ['one key alone', { AWS_ACCESS_KEY_ID: 'k' }, profiles(`[default]\n${KEYS}`), 'keys'],
  ['a role with keys', {}, profiles(`[default]\n${KEYS}${ROLE}`), 'keys > role'],
  [
    'a role of a role',
    {},
    profiles(`[default]\n${ROLE}source_profile = a\n[profile a]\n${ROLE}source_profile = b\n[profile b]\n${KEYS}`),
    'keys > role > role',
  ],
  ['a source that is itself', {}, profiles(`[default]\n${ROLE}source_profile = default\n${KEYS}`), 'keys > role'],
  ['single sign-on before a program', {}, profiles(`[default]\n${SSO}credential_process = p\n`), 'sso'],
  [
    'a program before the container',
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost' },
    profiles('[default]\ncredential_process = p\n'),
    'process',
  ],
  ['the container before the instance', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' }, profiles(''), 'container'],
  [
    'the instance by name',
    {},
    profiles(`[default]\n${ROLE}credential_source = Ec2InstanceMetadata\n`),
    'instance > role',
  ],
])('%s', (_, environment, found, expected) => {
  expect(chosen(environment, found)).toBe(expected);
});

test.each([
  ['a profile that does not exist', {}, profiles('', '', 'x', true), /profile x \(AWS_PROFILE\) does not exist/],
  ['which ends all, keys or not', AWS_KEYS, profiles('', '', 'x', true), /does not exist/],
  ['half a pair', {}, profiles('', '[default]\naws_access_key_id = k\n'), /only one of/],
  ['a source without a role', {}, profiles('[default]\nsource_profile = a\n'), /source_profile without role_arn/],
  [
    'a source without credentials',
    {},
    profiles(`[default]\n${ROLE}source_profile = a\n[profile a]\n`),
    /has no credentials/,
  ],
  [
    'two of a kind',
    {},
    profiles(`[default]\n${ROLE}credential_process = p\ncredential_source = Environment\n`),
    /credential_source and credential_process/,
  ],
  [
    'a session that does not exist',
    {},
    profiles('[default]\nsso_session = s\n'),
    /names the sso_session s, which does not exist/,
  ],
  ['a one-time password', {}, profiles(`[default]\n${KEYS}${ROLE}mfa_serial = m\n`), /requires a one-time password/],
  [
    'another host without TLS',
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://10.0.0.1/' },
    profiles(''),
    /names another host without TLS/,
  ],
  ['a token without a role', { AWS_WEB_IDENTITY_TOKEN_FILE: '/t' }, profiles(''), /is set without AWS_ROLE_ARN/],
  [
    'a switch in capitals',
    {},
    profiles('[default]\ndisable_request_compression = TRUE\n'),
    /sets disable_request_compression/,
  ],
  ['a setting of another SDK', {}, profiles('[default]\nretry_mode = legacy\n'), /sets retry_mode to a value/],
])('refused: %s', (_, environment, found, expected) => {
  expect(chosen(environment, found)).toMatch(expected);
});
