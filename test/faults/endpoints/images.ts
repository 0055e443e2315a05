/** Faults of container images: their names, their registries, and the logins for them. */
import { registryLoginsIn } from '../../../src/config/registry-logins.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../services/registry.ts';
import { refusedPort, startHttp, startSilent } from '../../services/tcp.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { source, type Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import { issued, ROOT_CAS, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

const LAUNCHER = ['images/launcher'];
const NAME = 'spacelift/launcher';
const TAG = { LAUNCHER_IMAGE_TAG: 'v4.3.0' };
const USERS = { robot: 'a-long-registry-password' };

interface Setup extends RegistryOptions {
  /** The login in the pull Secret for the registry. */
  readonly secret?: Readonly<Record<string, string>>;
  readonly image?: (registry: Registry) => Variables;
}

/** A registry, and a config that names an image in it. */
const registry =
  ({
    secret,
    image = ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}`, ...TAG }),
    ...options
  }: Setup = {}): Arrange =>
  async ({ variables }) => {
    const server = await startRegistry(options);
    const own = { ...variables, ...image(server) };
    const json = JSON.stringify({ auths: { [server.host]: secret } });
    return {
      variables: own,
      ...(secret !== undefined && {
        sources: [source(own, 'all', { logins: registryLoginsIn(json, 'secrets.yaml (Secret regcred)') })],
      }),
      undo: () => server.close(),
    };
  };

/** Something else in place of a registry. */
const inPlaceOf =
  (start: () => Promise<{ host: string; port: number; close(): unknown }>): Arrange =>
  async () => {
    const { host, port, close } = await start();
    return { variables: { LAUNCHER_IMAGE: `${host}:${port}/${NAME}`, ...TAG }, undo: () => close() };
  };

const login = (username: string, password: string) => ({
  auth: Buffer.from(`${username}:${password}`).toString('base64'),
});
const answering = (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Setup => ({
  instead: () => ({ status, headers, body }),
});

const NAMES: readonly Fault[] = [
  { name: 'a launcher image that anyone can pull', arrange: registry() },
  {
    name: 'a launcher image with a tag of its own',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}:v4.3.0` }) }),
  },
  {
    name: 'a launcher image with two tags',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}:v4.3.0`, ...TAG }) }),
    fail: ['configuration/launcher-image'],
    says: /^LAUNCHER_IMAGE already has a tag, and LAUNCHER_IMAGE_TAG adds another$/m,
  },
  {
    name: 'a launcher image with a digest and a tag',
    arrange: registry({
      image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}@sha256:${'0a'.repeat(32)}`, ...TAG }),
    }),
    fail: ['configuration/launcher-image'],
    says: /^LAUNCHER_IMAGE already has a digest, and LAUNCHER_IMAGE_TAG adds a tag$/m,
  },
  {
    name: 'a launcher image with uppercase letters',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/Spacelift/Launcher`, ...TAG }) }),
    fail: LAUNCHER,
    says: /^LAUNCHER_IMAGE is not a valid image name: its repository must be lowercase$/m,
  },
  {
    name: 'a launcher image with a scheme',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `https://${host}/${NAME}`, ...TAG }) }),
    fail: ['configuration/launcher-image'],
    says: /^LAUNCHER_IMAGE is a URL$/m,
  },
  {
    name: 'a launcher image with an empty tag',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}:`, ...TAG }) }),
    fail: ['configuration/launcher-image'],
    says: /^LAUNCHER_IMAGE ends with a colon or an at sign, but has no tag or digest$/m,
  },
  {
    name: 'a launcher image of a registry with a port, and no tag',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}`, LAUNCHER_IMAGE_TAG: '' }) }),
    warn: ['configuration/launcher-image'],
    says: /^LAUNCHER_IMAGE has no tag, and LAUNCHER_IMAGE_TAG is not set$/m,
  },
  { name: 'the tag of the vendor’s own launcher image', arrange: config(() => ({ LAUNCHER_IMAGE_TAG: 'v2' })) },
  {
    name: 'a launcher tag that is none',
    arrange: config(() => ({ LAUNCHER_IMAGE: 'localhost:1/launcher', LAUNCHER_IMAGE_TAG: 'release/v4.3.0' })),
    fail: LAUNCHER,
    says: /^LAUNCHER_IMAGE_TAG is not a valid tag$/m,
  },
  {
    name: 'a digest in place of the launcher tag',
    arrange: config(() => ({
      LAUNCHER_IMAGE: 'localhost:1/launcher',
      LAUNCHER_IMAGE_TAG: `sha256:${'0a'.repeat(32)}`,
    })),
    fail: LAUNCHER,
    says: /^LAUNCHER_IMAGE_TAG is a digest, not a tag$/m,
  },
  {
    name: 'a launcher tag that was not pushed',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}`, LAUNCHER_IMAGE_TAG: 'v4.3.1' }) }),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+\/spacelift\/launcher has no tag v4\.3\.1$/m,
  },
  {
    name: 'a launcher image in a misspelled repository',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/spacelift/luncher`, ...TAG }) }),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ has no repository spacelift\/luncher$/m,
  },
];

const LOGINS: readonly Fault[] = [
  {
    name: 'a registry with a login, and its pull Secret',
    arrange: registry({ login: 'basic', users: USERS, secret: login('robot', USERS.robot) }),
  },
  {
    name: 'a registry with tokens, and its pull Secret',
    arrange: registry({ login: 'token', users: USERS, private: [NAME], secret: login('robot', USERS.robot) }),
  },
  { name: 'a registry with tokens for everyone', arrange: registry({ login: 'token' }) },
  {
    name: 'a registry with a login, and no pull Secret',
    arrange: registry({ login: 'basic', users: USERS }),
    fail: LAUNCHER,
    says: /v4\.3\.0 can’t be pulled without a login\n.*\(HTTP 401\), and the config contains no pull Secret for it/,
  },
  {
    name: 'a private image, and no pull Secret',
    arrange: registry({ login: 'token', private: [NAME] }),
    fail: LAUNCHER,
    says: /v4\.3\.0 can’t be pulled without a login\n/,
  },
  {
    name: 'a pull Secret without a password',
    arrange: registry({ login: 'basic', users: USERS, secret: { username: 'robot' } }),
    fail: LAUNCHER,
    says: /and secrets\.yaml \(Secret regcred\) contains no complete login for it/,
  },
  {
    name: 'a pull Secret with a wrong password',
    arrange: registry({ login: 'basic', users: USERS, secret: login('robot', 'another-registry-password') }),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ rejected the login in secrets\.yaml \(Secret regcred\)$/m,
  },
  {
    name: 'a pull Secret with a wrong password, at a token server',
    arrange: registry({ login: 'token', users: USERS, secret: login('robot', 'another-registry-password') }),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ rejected the login in secrets\.yaml \(Secret regcred\)$/m,
  },
  {
    name: 'a pull Secret of a user without access',
    arrange: registry({ login: 'token', users: USERS, strangers: ['robot'], secret: login('robot', USERS.robot) }),
    fail: LAUNCHER,
    says: /^the login in secrets\.yaml \(Secret regcred\) is not allowed to pull /,
  },
  {
    name: 'a token server that is not behind TLS',
    arrange: registry({ login: 'token', realm: 'http://auth.corp.io/token' }),
    fail: LAUNCHER,
    says: /sends logins to auth\.corp\.io without TLS\nNo login was sent\.$/,
  },
  {
    name: 'a registry behind Kerberos',
    arrange: registry(answering(401, '', { 'www-authenticate': 'Negotiate' })),
    fail: LAUNCHER,
    says: /requires a login with negotiate, which nodes do not support$/m,
  },
];

const SERVERS: readonly Fault[] = [
  {
    name: 'a registry that does not resolve',
    arrange: config(() => ({ LAUNCHER_IMAGE: 'registry.does-not-exist.invalid/launcher', ...TAG })),
    fail: LAUNCHER,
    says: /^registry\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'a private registry, looked at from outside',
    arrange: config(() => ({ LAUNCHER_IMAGE: 'registry.corp.internal/launcher', ...TAG })),
    options: { from: 'outside' },
  },
  {
    name: 'a registry that does not resolve, looked at from outside',
    arrange: config(() => ({ LAUNCHER_IMAGE: 'registry.does-not-exist.invalid/launcher', ...TAG })),
    options: { from: 'outside' },
  },
  {
    name: 'a registry that refuses',
    arrange: inPlaceOf(refusedPort),
    fail: LAUNCHER,
    says: /refused the connection$/m,
  },
  {
    name: 'a web page in place of a registry',
    arrange: inPlaceOf(() => startHttp(200, '<html>', { 'content-type': 'text/html' })),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ does not respond like a container registry\nIt returned HTTP 200 with text\/html\.$/m,
  },
  {
    name: 'a web server without a registry',
    arrange: inPlaceOf(() => startHttp(404, '<html>', { 'content-type': 'text/html' })),
    fail: LAUNCHER,
    says: /does not respond like a container registry\nIt returned HTTP 404 with text\/html\.$/m,
  },
  {
    name: 'a registry that fails',
    arrange: registry(answering(503)),
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ returned HTTP 503$/m,
  },
  {
    name: 'a registry that limits requests',
    arrange: registry(answering(429)),
    warn: LAUNCHER,
    says: /^127\.0\.0\.1:\d+ allows no more requests from this address at the moment \(HTTP 429\)$/m,
  },
  ...WRONG_TLS.map(({ name, says, trusted, make }) => ({
    name: `a registry with ${name}`,
    arrange: (async () => {
      const silent = await startSilent();
      const front = await startTlsFront(silent, await make('127.0.0.1'));
      return {
        variables: {
          LAUNCHER_IMAGE: `127.0.0.1:${front.port}/${NAME}`,
          ADDITIONAL_ROOT_CAS: trusted ? ROOT_CAS : '',
          ...TAG,
        },
        undo: () => Promise.all([front.close(), silent.close()]),
      };
    }) satisfies Arrange,
    fail: LAUNCHER,
    says: new RegExp(`^TLS to 127\\.0\\.0\\.1:\\d+ failed: .*${says.source}`),
  })),
  {
    name: 'a registry with TLS',
    arrange: async (there) => {
      const { cert, key } = await issued(['127.0.0.1']);
      const { variables, ...arranged } = await registry({ tls: { cert, key }, login: 'token' })(there);
      return { ...arranged, variables: { ...variables, ADDITIONAL_ROOT_CAS: ROOT_CAS } };
    },
  },
];

/** As the drain, a worker and the server. */
const PERSPECTIVES: readonly Fault[] = [
  {
    name: 'a launcher tag that was not pushed, as a worker sees it',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}`, LAUNCHER_IMAGE_TAG: 'v4.3.1' }) }),
    options: { service: 'worker' },
    fail: LAUNCHER,
    says: /^127\.0\.0\.1:\d+\/spacelift\/launcher has no tag v4\.3\.1$/m,
  },
  {
    name: 'a launcher tag that was not pushed, which the scheduler does not need',
    arrange: registry({ image: ({ host }) => ({ LAUNCHER_IMAGE: `${host}/${NAME}`, LAUNCHER_IMAGE_TAG: 'v4.3.1' }) }),
    options: { service: 'scheduler' },
  },
  {
    name: 'an image beside the config that does not exist',
    arrange: config(() => ({})),
    options: { pull: ['registry.does-not-exist.invalid/spacelift/backend:v4.3.0'] },
    fail: ['images/pull'],
    says: /^registry\.does-not-exist\.invalid does not resolve$/m,
  },
];

export const OF_IMAGES: readonly Fault[] = [...NAMES, ...LOGINS, ...SERVERS, ...PERSPECTIVES];
