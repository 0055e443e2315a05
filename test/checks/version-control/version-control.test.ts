/** Version control systems on loopback: what is recognized, what is asked, and that no login is sent. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { versionControl } from '../../../checks/version-control/index.ts';
import { probesFor } from '../../../checks/version-control/products.ts';
import { refusedPort } from '../../services/tcp.ts';
import { type Api, startVersionControl } from '../../services/version-control.ts';
import { preflight } from '../../support/preflight.ts';

const SERVER = { SERVER_DOMAIN: 'spacelift.corp.io' };

async function check(api: Parameters<typeof startVersionControl>[0], path = '') {
  const server = await startVersionControl(api);
  onTestFinished(() => server.close());
  const { findings } = await preflight([versionControl], SERVER, { vcs: [`http://${server.host}${path}`] });
  const [finding] = findings;
  if (finding === undefined) throw new Error('no finding');
  return { finding, server };
}

describe('recognizes', () => {
  test.each<[Api, string, string]>([
    ['GitHub Enterprise Server', '', 'GitHub Enterprise Server'],
    ['GitHub Enterprise Server', '/org/repository', 'GitHub Enterprise Server'],
    ['GitHub Enterprise Server in private mode', '/api/v3', 'GitHub Enterprise Server'],
    ['GitLab', '/group/repository', 'GitLab'],
    ['GitLab', '/api/v4', 'GitLab'],
    ['GitLab below a path', '/gitlab', 'GitLab'],
    ['Bitbucket Data Center', '', 'Bitbucket Data Center'],
    ['Azure DevOps', '/corp', 'Azure DevOps'],
    ['Gitea', '', 'Gitea or Forgejo'],
    ['a Git server', '/infra/stacks.git', 'Git'],
  ])('%s at %s', async (api, path, product) => {
    const { finding, server } = await check(api, path);
    expect(finding).toMatchObject({ status: 'pass', title: `${product} at ${server.host} responds` });
    expect(server.requests.every(({ method, authorization }) => method === 'GET' && authorization === undefined)).toBe(
      true,
    );
  });
});

describe('does not recognize', () => {
  test.each<[string, object]>([
    ['JSON that says nothing', { '/api/v4/version': { status: 200, body: '{}' } }],
    ['a refusal by something else', { '/api/v4/version': { status: 401, body: '{"message":"Unauthorized"}' } }],
    ['a page', { '/api/v4/version': { status: 200, body: '<html>' } }],
    [
      'an organization that does not exist',
      { '/_apis/connectionData': { status: 404, headers: { 'x-vss-e2eid': 'x' }, body: '' } },
    ],
  ])('%s', async (_, replies) => {
    const { finding } = await check(replies as Parameters<typeof startVersionControl>[0]);
    expect(finding.title).toMatch(/does not respond like a version control system$/);
  });
});

test('a repository behind a login is skipped: a proxy could ask for one too', async () => {
  const { finding } = await check('a private Git server', '/infra/stacks.git');
  expect(finding).toMatchObject({ status: 'skip', title: expect.stringMatching(/requires a login before it shows/) });
});

test('each address has a finding of its own', async () => {
  const [{ host, port, close }, server] = [await refusedPort(), await startVersionControl('GitLab')];
  onTestFinished(() => Promise.all([close(), server.close()]).then(() => {}));
  const vcs = [`http://${server.host}`, `https://${host}:${port}/git`];
  const result = await preflight([versionControl], SERVER, { vcs });
  expect(result.ids('pass')).toHaveLength(1);
  expect(result.ids('fail')).toEqual([`version-control/api[127.0.0.1:${port}/git]`]);
});

test.each(['worker', 'scheduler'] as const)('the %s does not connect to it', async (service) => {
  const result = await preflight([versionControl], SERVER, { vcs: ['https://git.does-not-exist.invalid'], service });
  expect(result.finding('version-control/api')).toMatchObject({
    status: 'skip',
    title: `the ${service} does not connect to version control`,
  });
});

test('without --vcs there is nothing to check', async () => {
  expect((await preflight([versionControl], SERVER)).findings).toEqual([]);
});

describe('hosted services have an API of their own', () => {
  test.each([
    ['https://github.com/org/repository', 'https://api.github.com/'],
    ['https://corp.ghe.com', 'https://api.corp.ghe.com/'],
    ['https://bitbucket.org/org', 'https://api.bitbucket.org/2.0/hook_events'],
  ])('%s', (address, api) => {
    expect(
      probesFor(new URL(address))
        .flat()
        .map(({ url }) => url.href),
    ).toEqual([api]);
  });

  test.each([
    ['https://gitlab.com', 'https://gitlab.com/api/v4/version'],
    ['https://dev.azure.com/corp', 'https://dev.azure.com/corp/_apis/connectionData'],
    ['https://github.com.evil.io', 'https://github.com.evil.io/api/v3/meta'],
  ])('%s has not', (address, one) => {
    expect(
      probesFor(new URL(address))
        .flat()
        .map(({ url }) => url.href),
    ).toContain(one);
  });
});
