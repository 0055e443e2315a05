/** The APIs of version control systems, as they respond without a login: shapes from the vendors' documentation. */
import type { ServerOptions } from 'node:https';
import { type Listener, listen } from './listener.ts';

export interface ApiReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): ApiReply => ({
  status,
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(value),
});

/** By product: what it answers, by path; everything else is a page that asks to sign in. */
export const APIS = {
  'GitHub Enterprise Server': {
    '/api/v3/meta': json(200, { verifiable_password_authentication: true, installed_version: '3.14.2' }),
  },
  'GitHub Enterprise Server in private mode': {
    '/api/v3/meta': json(401, {
      message: 'Must authenticate to access this API.',
      documentation_url: 'https://docs.github.com/enterprise-server@3.14/rest',
    }),
  },
  GitLab: { '/api/v4/version': json(401, { message: '401 Unauthorized' }) },
  'GitLab below a path': { '/gitlab/api/v4/version': json(401, { message: '401 Unauthorized' }) },
  'Bitbucket Data Center': {
    '/rest/api/1.0/application-properties': json(200, {
      version: '8.19.1',
      buildNumber: '8019001',
      buildDate: '1714012345678',
      displayName: 'Bitbucket',
    }),
  },
  'Azure DevOps': {
    '/corp/_apis/connectionData': {
      status: 302,
      headers: {
        'x-tfs-processid': '7e1f2b0a-5d1c-4c55-9a4b-0d9e5a6e2f10',
        location: 'https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com',
      },
      body: '',
    },
  },
  Gitea: { '/api/v1/version': json(200, { version: '1.22.3' }) },
  'a Git server': {
    '/infra/stacks.git/info/refs': {
      status: 200,
      headers: { 'content-type': 'application/x-git-upload-pack-advertisement' },
      body: '001e# service=git-upload-pack\n0000',
    },
  },
  'a private Git server': {
    '/infra/stacks.git/info/refs': { status: 401, headers: { 'www-authenticate': 'Basic realm="Git"' }, body: '' },
  },
} as const satisfies Record<string, Record<string, ApiReply>>;

export type Api = keyof typeof APIS;

export interface VersionControl extends Listener {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Method, path and `authorization` of each request, oldest first. */
  readonly requests: { method: string; path: string; authorization: string | undefined }[];
}

/** @param elsewhere the answer to everything that is not of its API */
export async function startVersionControl(
  api: Api | Readonly<Record<string, ApiReply>>,
  elsewhere: ApiReply = { status: 200, headers: HTML, body: '<!DOCTYPE html><title>Sign in</title>' },
  tls?: ServerOptions,
): Promise<VersionControl> {
  const replies: Readonly<Record<string, ApiReply>> = typeof api === 'string' ? APIS[api] : api;
  const requests: VersionControl['requests'] = [];
  const handler: Parameters<typeof listen>[0] = ({ method = '', url = '', headers }, response) => {
    requests.push({ method, path: url, authorization: headers.authorization });
    const { status, headers: sent, body } = replies[url.split('?')[0] ?? ''] ?? elsewhere;
    response.writeHead(status, sent).end(body);
  };
  const { port, close } = await listen(handler, '127.0.0.1', tls);
  return { host: `127.0.0.1:${port}`, port, requests, close };
}
