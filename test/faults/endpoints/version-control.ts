/** Faults of version control systems, which are given with `--vcs`. */
import { refusedPort } from '../../services/tcp.ts';
import { APIS, type Api, type ApiReply, startVersionControl } from '../../services/version-control.ts';
import { config } from '../arrange.ts';
import { issued, ROOT_CAS, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

const API = ['version-control/api'];
const HTML = { 'content-type': 'text/html' };

/** @param path of the address that is given */
const given =
  (api: Parameters<typeof startVersionControl>[0], path = '', elsewhere?: ApiReply): Arrange =>
  async () => {
    const server = await startVersionControl(api, elsewhere);
    return { options: { vcs: [`http://${server.host}${path}`] }, undo: () => server.close() };
  };

/** The addresses that are not at the root of their host. */
const PATHS: Partial<Readonly<Record<Api, string>>> = {
  'GitLab below a path': '/gitlab',
  'Azure DevOps': '/corp',
  'a Git server': '/infra/stacks.git',
  'a private Git server': '/infra/stacks.git',
};

const HEALTHY: readonly Fault[] = (Object.keys(APIS) as Api[]).map((api) => ({
  name: `${api} as version control`,
  arrange: given(api, PATHS[api]),
}));

const UNREACHABLE: readonly Fault[] = [
  {
    name: 'a version control system that does not resolve',
    arrange: config(() => ({})),
    options: { vcs: ['https://git.does-not-exist.invalid'] },
    fail: API,
    says: /^git\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'a version control system that the scheduler does not use',
    arrange: config(() => ({})),
    options: { vcs: ['https://git.does-not-exist.invalid'], service: 'scheduler' },
  },
  {
    name: 'a private version control system, looked at from outside',
    arrange: config(() => ({})),
    options: { vcs: ['https://git.corp.internal'], from: 'outside' },
  },
  {
    name: 'a version control system that refuses',
    arrange: async () => {
      const { host, port, close } = await refusedPort();
      return { options: { vcs: [`https://${host}:${port}`] }, undo: close };
    },
    fail: API,
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  ...WRONG_TLS.map(({ name, says, trusted, make }) => ({
    name: `a version control system with ${name}`,
    arrange: (async () => {
      const server = await startVersionControl('GitLab', undefined, await make('127.0.0.1'));
      return {
        variables: { ADDITIONAL_ROOT_CAS: trusted ? ROOT_CAS : '' },
        options: { vcs: [`https://${server.host}`] },
        undo: () => server.close(),
      };
    }) satisfies Arrange,
    fail: API,
    says: new RegExp(`^TLS to 127\\.0\\.0\\.1:\\d+ failed: .*${says.source}`),
  })),
  {
    name: 'a version control system with a certificate of a trusted authority',
    arrange: async () => {
      const server = await startVersionControl('GitLab', undefined, await issued(['127.0.0.1']));
      return {
        variables: { ADDITIONAL_ROOT_CAS: ROOT_CAS },
        options: { vcs: [`https://${server.host}`] },
        undo: () => server.close(),
      };
    },
  },
];

const OTHERS: readonly Fault[] = [
  {
    name: 'a web page in place of version control',
    arrange: given({}),
    fail: API,
    says: /^127\.0\.0\.1:\d+ does not respond like a version control system\n.* returned HTTP 200 with text\/html\. None/,
  },
  {
    name: 'a login page in front of version control',
    arrange: given({}, '', {
      status: 302,
      headers: { ...HTML, location: 'https://login.corp.io/saml?RelayState=x' },
      body: '',
    }),
    fail: API,
    says: /returned HTTP 302 with text\/html, a redirect to login\.corp\.io\./,
  },
  {
    name: 'a proxy that refuses, in place of version control',
    arrange: given({}, '', { status: 403, headers: HTML, body: '<html>Access denied by policy' }),
    fail: API,
    says: /does not respond like a version control system\n.* returned HTTP 403 with text\/html\./,
  },
  {
    name: 'a balancer without a healthy version control system',
    arrange: given({}, '', { status: 502, headers: HTML, body: '' }),
    fail: API,
    says: /^http:\/\/127\.0\.0\.1:\d+\/ returned HTTP 502$/m,
  },
];

export const OF_VERSION_CONTROL: readonly Fault[] = [...HEALTHY, ...UNREACHABLE, ...OTHERS];
