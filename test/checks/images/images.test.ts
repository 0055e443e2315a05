/** Images in registries on loopback: what is asked, which login goes where, and what is said. */
import { describe, expect, test } from 'vitest';
import { images } from '../../../checks/images/index.ts';
import { preflight } from '../../support/preflight.ts';
import { asked, check, IMAGE, LOGIN, launcher, registry, USERS } from './support.ts';

const LAUNCHER = 'images/launcher';

describe('what is asked', () => {
  test('the manifest, and nothing else', async () => {
    const server = await registry();
    const { title } = (await check(launcher(server))).finding(LAUNCHER);
    expect(title).toBe(`${server.host}/${IMAGE}:v4.3.0 can be pulled`);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'HEAD', path: `/v2/${IMAGE}/manifests/v4.3.0` });
  });

  test('with a login that the registry asks for', async () => {
    const server = await registry({ login: 'basic', users: USERS });
    const result = await check(launcher(server), { [server.host]: LOGIN });
    expect(result.finding(LAUNCHER)).toMatchObject({
      status: 'pass',
      detail: 'With the login in all.yaml (Secret regcred).',
      evidence: { login: 'all.yaml (Secret regcred)' },
    });
    expect(asked(server)).toEqual(['HEAD registry', 'HEAD registry Basic']);
  });

  test('with a token for everyone', async () => {
    const server = await registry({ login: 'token' });
    expect((await check(launcher(server))).ids('pass')).toEqual([LAUNCHER]);
    expect(asked(server)).toEqual(['HEAD registry', 'GET token-server', 'HEAD registry Bearer']);
    const { path = '' } = server.requests[1] ?? {};
    expect(new URLSearchParams(path.split('?')[1]).get('scope')).toBe(`repository:${IMAGE}:pull`);
  });

  test('with a token for a user', async () => {
    const server = await registry({ login: 'token', users: USERS, private: [IMAGE] });
    expect((await check(launcher(server), { [server.host]: LOGIN })).ids('pass')).toEqual([LAUNCHER]);
    expect(asked(server)).toEqual(['HEAD registry', 'GET token-server Basic', 'HEAD registry Bearer']);
  });

  test('with a token for an identity token', async () => {
    const server = await registry({ login: 'token', identityTokens: ['a-long-identity-token'], private: [IMAGE] });
    const auths = { [server.host]: { identitytoken: 'a-long-identity-token' } };
    expect((await check(launcher(server), auths)).ids('pass')).toEqual([LAUNCHER]);
    expect(asked(server)).toEqual(['HEAD registry', 'POST token-server', 'HEAD registry Bearer']);
    const wrong = await check(launcher(server), { [server.host]: { identitytoken: 'another-identity-token' } });
    expect(wrong.finding(LAUNCHER).title).toMatch(/rejected the login in all\.yaml/);
  });

  test('with a registry token, as it is', async () => {
    const server = await registry({ login: 'token' });
    const { title } = (await check(launcher(server), { [server.host]: { registrytoken: 'a-long-token' } })).finding(
      LAUNCHER,
    );
    expect(title).toMatch(/rejected the login in all\.yaml/);
    expect(asked(server)).toEqual(['HEAD registry Bearer', 'GET registry Bearer']);
  });

  test('by digest, whatever the tag', async () => {
    const server = await registry();
    const { digest } = (await check(launcher(server))).finding(LAUNCHER).evidence;
    const name = `${server.host}/${IMAGE}:gone@${digest}`;
    expect((await check({ LAUNCHER_IMAGE: name })).ids('pass')).toEqual([LAUNCHER]);
    expect(server.requests.at(-1)?.path).toBe(`/v2/${IMAGE}/manifests/${digest}`);
  });

  test('with GET where there is no HEAD', async () => {
    const server = await registry({
      instead: ({ method }) => (method === 'HEAD' ? { status: 405 } : undefined),
    });
    expect((await check(launcher(server))).ids('pass')).toEqual([LAUNCHER]);
    expect(asked(server)).toEqual(['HEAD registry', 'GET registry']);
  });
});

describe('a login', () => {
  test('goes to no other registry', async () => {
    const [own, other] = [
      await registry({ login: 'basic', users: USERS }),
      await registry({ login: 'basic', users: USERS }),
    ];
    const result = await check(launcher(other), { [own.host]: LOGIN });
    expect(result.ids('fail')).toEqual([LAUNCHER]);
    expect(asked(other)).toEqual(['HEAD registry', 'GET registry'].slice(0, asked(other).length));
    expect(other.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    expect(own.requests).toEqual([]);
  });

  test('does not follow a redirect to another host', async () => {
    const other = await registry({ login: 'basic', users: USERS });
    const server = await registry({
      login: 'basic',
      users: USERS,
      instead: ({ scheme, path }) =>
        scheme === undefined ? undefined : { status: 307, headers: { location: `http://${other.host}${path}` } },
    });
    const result = await check(launcher(server), { [server.host]: LOGIN });
    expect(result.ids('fail')).toEqual([LAUNCHER]);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  test('is not sent to the token server of a registry that the first one redirects to', async () => {
    const other = await registry({ login: 'token', users: USERS });
    const server = await registry({
      instead: ({ path }) => ({ status: 307, headers: { location: `http://${other.host}${path}` } }),
    });
    const result = await check(launcher(server), { [server.host]: LOGIN });
    expect(result.ids('pass')).toEqual([LAUNCHER]);
    expect(result.finding(LAUNCHER).evidence.login).toBe('none');
    expect(asked(other)).toEqual(['HEAD registry', 'GET token-server', 'HEAD registry Bearer']);
  });

  test.each(['http://auth.corp.io/token', 'ftp://127.0.0.1/token', 'file:///etc/passwd'])(
    'is not sent to %s',
    async (realm) => {
      const server = await registry({ login: 'token', users: USERS, realm });
      const { title, detail } = (await check(launcher(server), { [server.host]: LOGIN })).finding(LAUNCHER);
      expect(title).toMatch(/sends logins to .* without TLS$/);
      expect(detail).toBe('No login was sent.');
      expect(asked(server)).toEqual(['HEAD registry']);
    },
  );

  test('that does not work is followed by the next', async () => {
    const server = await registry({ login: 'basic', users: USERS });
    const auths = { [`${server.host}/spacelift`]: { username: 'robot', password: 'wrong' }, [server.host]: LOGIN };
    expect((await check(launcher(server), auths)).ids('pass')).toEqual([LAUNCHER]);
  });

  test('is never shown, and neither is a token', async () => {
    const server = await registry({ login: 'token', users: USERS, strangers: ['robot'] });
    const result = await check(launcher(server), { [server.host]: LOGIN });
    expect(JSON.stringify(result.findings)).not.toContain(USERS.robot);
    expect(result.deployment.secrets).toContain(USERS.robot);
    const [, token] = server.requests.at(-1)?.headers.authorization?.split(' ') ?? [];
    expect(result.deployment.secrets).toContain(token);
  });
});

describe('what is said', () => {
  const cloud = 'Nodes log in to Amazon ECR with their own identity';
  test('of a private image in a cloud: the nodes have an identity', async () => {
    const { outcomeOf } = await import('../../../checks/images/messages.ts');
    const { RegistryError } = await import('../../../checks/images/registry-error.ts');
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const image = { registry: host, repository: 'launcher', tag: 'v1' };
    const attempt = {
      image,
      setting: 'LAUNCHER_IMAGE',
      place: 'LAUNCHER_IMAGE',
      login: undefined,
      incomplete: undefined,
    };
    const error = new RegistryError('login-required', { part: 'registry', host, status: 401 });
    expect(outcomeOf(error, attempt)).toMatchObject({ status: 'skip', detail: expect.stringContaining(cloud) });
  });

  test.each([
    ['a redirect that does not end', { status: 307, headers: { location: '/v2/' } }, /redirects too often/],
    ['an empty answer', { status: 204 }, /does not respond like a container registry$/],
    ['a status of its own', { status: 999, body: 'x' }, /returned HTTP 999$/],
    ['a login without a method', { status: 401 }, /does not respond like a container registry$/],
    [
      'a realm that is no URL',
      { status: 401, headers: { 'www-authenticate': 'Bearer realm="x"' } },
      /does not respond/,
    ],
    ['a page that refuses', { status: 403, headers: { 'content-type': 'text/html' } }, /does not respond like/],
    [
      'a registry that refuses',
      { status: 403, body: '{"errors":[{"code":"DENIED"}]}' },
      /can’t be pulled without a login$/,
    ],
    [
      'not found, without a code',
      { status: 404, body: '{"errors":[{"code":"NOT_FOUND"}]}' },
      /v4\.3\.0 does not exist$/,
    ],
  ])('of %s', async (_, reply, title) => {
    const server = await registry({ instead: () => reply });
    const result = await check(launcher(server));
    expect(result.ids('fail')).toEqual([LAUNCHER]);
    expect(result.finding(LAUNCHER).title).toMatch(title);
  });

  test.each([
    [
      'a page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      /^the token server .* does not/,
    ],
    ['no token', { status: 200, body: '{}' }, /^the token server .* does not respond like a container registry$/],
    ['a token that is none', { status: 200, body: '{"token":"a\\r\\nb"}' }, /does not respond like/],
    ['an error', { status: 500 }, /^the token server 127\.0\.0\.1:\d+ returned HTTP 500$/],
    ['a refusal', { status: 403 }, /can’t be pulled without a login$/],
  ])('of a token server with %s', async (_, reply, title) => {
    const server = await registry({
      login: 'token',
      instead: ({ at }) => (at === 'token-server' ? reply : undefined),
    });
    expect((await check(launcher(server))).finding(LAUNCHER).title).toMatch(title);
  });
});

describe('when it applies', () => {
  const variables = { LAUNCHER_IMAGE: 'registry.does-not-exist.invalid/launcher:v1' };
  test.each([
    ['server', false],
    ['drain', true],
    ['scheduler', false],
    ['worker', true],
    [undefined, true],
  ] as const)('%s: %s', async (service, applies) => {
    const { findings } = await preflight([images], variables, service === undefined ? {} : { service });
    expect(findings.map(({ id }) => id)).toEqual(applies ? [LAUNCHER] : []);
  });

  test('without LAUNCHER_IMAGE, only to what --pull names', async () => {
    const server = await registry();
    const pull = [`${server.host}/${IMAGE}:v4.3.0`, `${server.host}/other`];
    const result = await check({}, {}, { pull, service: 'server' });
    const id = (name: string) => `images/pull[${server.host}/${name}]`;
    expect(result.ids('pass')).toEqual([id(`${IMAGE}:v4.3.0`)]);
    expect(result.ids('fail')).toEqual([id('other')]);
  });

  test('an image whose value is not known here is skipped', async () => {
    const entry = { name: 'LAUNCHER_IMAGE', kind: 'secret', value: 'arn', service: 'all', origin: 'x' } as const;
    const result = await preflight([images], [{ entries: [entry], incomplete: false, process: false }]);
    expect(result.ids('skip')).toEqual([LAUNCHER]);
  });
});
