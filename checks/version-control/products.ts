/** The version control systems that can be recognized without a login, by a response that only their API gives. */
import { challengesIn } from '../../src/net/challenges.ts';
import type { HttpAnswer } from '../../src/net/http.ts';
import { membersOf } from '../../src/util/json.ts';

export interface Product {
  readonly name: string;
  /** Where to ask, below the address of the installation. */
  readonly path: string;
  /** Whether the response is from its API, with or without permission. */
  recognizes(answer: HttpAnswer): boolean;
}

const bodyOf = ({ body }: HttpAnswer) => membersOf(body.toString()) ?? {};
const has = (value: unknown): boolean => value !== undefined && value !== null;

const isGitHub = (answer: HttpAnswer): boolean => {
  const { documentation_url, current_user_url, verifiable_password_authentication } = bodyOf(answer);
  return [documentation_url, current_user_url, verifiable_password_authentication].some(has);
};

const AZURE_HEADERS = ['x-tfs-processid', 'x-vss-e2eid', 'x-tfs-serviceerror'];

/** A repository, which any Git server can have (Git’s documentation: gitprotocol-http). */
export const REPOSITORY: Product = {
  name: 'Git',
  path: '/info/refs?service=git-upload-pack',
  recognizes: ({ status, headers }) =>
    status === 200 && headers['content-type'] === 'application/x-git-upload-pack-advertisement',
};

/** Whether a response is a request for a user name and password, which a proxy could also send. */
export const asksForLogin = ({ status, headers }: HttpAnswer): boolean =>
  status === 401 && challengesIn(headers['www-authenticate']).some(({ scheme }) => scheme === 'basic');

/** At addresses of an installation's own. */
export const PRODUCTS: readonly Product[] = [
  { name: 'GitHub Enterprise Server', path: '/api/v3/meta', recognizes: isGitHub },
  {
    name: 'GitLab',
    path: '/api/v4/version',
    recognizes: (answer) => {
      const { version, revision, message } = bodyOf(answer);
      return answer.status === 200 ? has(version) && has(revision) : message === '401 Unauthorized';
    },
  },
  {
    name: 'Bitbucket Data Center',
    path: '/rest/api/1.0/application-properties',
    recognizes: (answer) => has(bodyOf(answer).buildNumber) && has(bodyOf(answer).displayName),
  },
  {
    name: 'Azure DevOps',
    path: '/_apis/connectionData',
    recognizes: ({ status, headers }) => status !== 404 && AZURE_HEADERS.some((name) => has(headers[name])),
  },
  {
    name: 'Gitea or Forgejo',
    path: '/api/v1/version',
    recognizes: (answer) => answer.status === 200 && typeof bodyOf(answer).version === 'string',
  },
  REPOSITORY,
];

/** Hosted services, whose API has a host of its own. */
const HOSTED: readonly (Omit<Product, 'path'> & { readonly host: RegExp; readonly api: string })[] = [
  { name: 'GitHub', host: /^(?:www\.|api\.)?github\.com$/, api: 'https://api.github.com/', recognizes: isGitHub },
  {
    name: 'GitHub Enterprise Cloud',
    host: /^(?:api\.)?([a-z0-9-]+\.ghe\.com)$/,
    api: 'https://api.$1/',
    recognizes: isGitHub,
  },
  {
    name: 'Bitbucket Cloud',
    host: /^(?:www\.|api\.)?bitbucket\.org$/,
    api: 'https://api.bitbucket.org/2.0/hook_events',
    recognizes: (answer) => has(bodyOf(answer).repository) || bodyOf(answer).type === 'error',
  },
];

/** What to ask, and what answers there. */
export interface Probe {
  readonly url: URL;
  readonly product: Product;
}

/** The end of an address that already leads to an API. */
const API = /\/(?:api\/v[134]|rest\/api\/1\.0|_apis)$/;

/** What to ask, in rounds: at the address itself, then at the root of its host. */
export function probesFor(address: URL): readonly (readonly Probe[])[] {
  const hosted = HOSTED.find(({ host }) => host.test(address.host));
  if (hosted !== undefined) {
    const url = new URL(address.host.replace(hosted.host, hosted.api));
    return [[{ url, product: { ...hosted, path: url.pathname } }]];
  }
  const path = address.pathname.replace(/\/+$/, '').replace(API, '');
  return [...new Set([path, ''])].map((below) =>
    PRODUCTS.filter((product) => product !== REPOSITORY || below !== '').map((product) => ({
      url: new URL(`${address.origin}${below}${product.path}`),
      product,
    })),
  );
}
