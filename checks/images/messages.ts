/** The texts for a registry from which an image can't be pulled. */
import { DOCKER_HUB, fullName, type ImageReference } from '../../src/config/image-reference.ts';
import type { RegistryLogin } from '../../src/config/registry-logins.ts';
import { inspected } from '../../src/net/messages.ts';
import { routeMessages } from '../../src/net/proxy-tunnel.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix, sh } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, skip, warn } from '../../src/outcome/outcome.ts';
import { cloudOf } from './clouds.ts';
import type { RegistryError, RegistryErrorKind, UnreachableRegistryError } from './registry-error.ts';

/** What was to be pulled, and how. */
export interface Attempt {
  readonly image: ImageReference;
  /** The variable or option that names the image. */
  readonly setting: string;
  /** The variable or option that names its registry. */
  readonly place: string;
  /** With which login; `undefined` for none. */
  readonly login: RegistryLogin | undefined;
  /** A login for the registry that is incomplete. */
  readonly incomplete: RegistryLogin | undefined;
}

type Words = Pick<Issue, 'detail' | 'expected' | 'fix'> & { readonly title: string };

const WORDS: Readonly<Record<RegistryErrorKind, (error: RegistryError, attempt: Attempt) => Words>> = {
  'login-required': ({ status, host }, { image, setting, incomplete }) => ({
    title: `${fullName(image)} can’t be pulled without a login`,
    detail: [
      `${host} asks for a login${inStatus(status)}, and ${
        incomplete === undefined
          ? 'the config contains no pull Secret for it'
          : `${incomplete.origin} contains no complete login for it`
      }.`,
      ...(isHub(image) ? ['Docker Hub responds in the same way if the image does not exist.'] : []),
    ].join(' '),
    expected: `an image that can be pulled without a login, or a login for ${image.registry}`,
    fix: advice`create a pull Secret with ${newSecret(image)}, add it to imagePullSecrets, and pass it to this tool with -f; if the image is public, correct ${setting}`,
  }),
  'login-rejected': ({ status }, { image, login }) => ({
    title: `${image.registry} rejected the login in ${login?.origin}`,
    ...(cloudOf(image.registry)?.shortLived && { detail: 'Passwords of Amazon ECR expire after 12 hours.' }),
    expected: `a valid user name and password for ${image.registry}${inStatus(status)}`,
    fix: advice`correct the user name and password in the Secret: ${newSecret(image)}`,
  }),
  'pull-denied': ({ host, status }, { image, login, setting }) => ({
    title: `the login in ${login?.origin} is not allowed to pull ${fullName(image)}`,
    detail: `${host} accepted the login, but not the request for the image${inStatus(status)}. Many registries respond in the same way if the image does not exist.`,
    expected: 'permission to pull (read) the repository',
    fix: advice`grant the user of the login read access to ${image.repository}, or correct ${setting}`,
  }),
  'not-found': ({ code }, { image, setting, place }) => ({
    title:
      code === 'NAME_UNKNOWN'
        ? `${image.registry} has no repository ${image.repository}`
        : code === 'MANIFEST_UNKNOWN'
          ? `${image.registry}/${image.repository} has no ${image.digest === undefined ? `tag ${image.tag}` : `image ${image.digest}`}`
          : `${fullName(image)} does not exist`,
    expected: 'an image that has been pushed to the registry',
    fix: advice`correct ${code === 'NAME_UNKNOWN' ? place : setting}, or push the image to ${image.registry}/${image.repository}`,
  }),
  'rate-limited': ({ host }, { image, login }) => ({
    title: `${host} allows no more requests from this address at the moment (HTTP 429)`,
    detail: 'Nodes that share the address reach the same limit, and workers then do not start.',
    expected: 'a limit that is not reached',
    fix:
      login === undefined
        ? advice`pull with a login, which has a higher limit (${newSecret(image)}), or copy the image to a registry of your own`
        : advice`raise the limit of the account, or copy the image to a registry of your own`,
  }),
  'server-error': ({ host, status, part }) => ({
    title: `${serverName(part)}${host} returned HTTP ${status}`,
    expected: 'a registry that works',
    fix: advice`see the log of the registry at ${host}, and of any load balancer in front of it`,
  }),
  'not-a-registry': ({ host, status, found, part }, { place: setting }) => ({
    title: `${serverName(part)}${host} does not respond like a container registry`,
    detail: `It returned HTTP ${status ?? 'without a status'}${found ? ` with ${found}` : ''}.`,
    expected: 'the registry API under /v2/ (OCI Distribution Specification)',
    fix: advice`correct the registry in ${setting}; if it is correct, look for a proxy or login page in front of it; check it: ${sh`curl -sSi https://${host}/v2/`}`,
  }),
  'unsupported-login': ({ host, found }) => ({
    title: `${host} requires a login with ${found}, which nodes do not support`,
    expected: 'the login methods Basic or Bearer',
    fix: advice`look for a proxy in front of ${host} that requires its own login, and exempt the path /v2/ from it`,
  }),
  'insecure-token-server': ({ host }, { image }) => ({
    title: `the registry ${image.registry} sends logins to ${host} without TLS`,
    detail: 'No login was sent.',
    expected: 'a token server with an https:// address',
    fix: advice`correct the address of the token server in the config of the registry (realm)`,
  }),
  'plain-http': ({ host }) => ({
    title: `the registry ${host} does not speak TLS`,
    detail: 'Nodes pull from it only if they are configured to use plain HTTP. Nothing was sent to it.',
    expected: 'a registry with TLS',
    fix: advice`enable TLS on ${host}`,
  }),
  'bad-redirect': ({ host }, { place: setting }) => ({
    title: `${host} redirects too often, or to plain HTTP`,
    expected: 'the registry API under /v2/',
    fix: advice`correct the registry in ${setting}, or the redirects of ${host}`,
  }),
};

/** What hurts, but does not keep nodes from pulling in general. */
const WARNINGS: readonly RegistryErrorKind[] = ['rate-limited', 'plain-http'];

/** The outcome for a response from which the image can't be pulled. */
export function outcomeOf(error: RegistryError, attempt: Attempt): Outcome {
  const { image, login } = attempt;
  const cloud = cloudOf(image.registry);
  const evidence = {
    image: fullName(image),
    host: error.host,
    ...(error.status !== undefined && { status: error.status }),
    ...(error.code !== undefined && { code: error.code }),
  };
  if (error.kind === 'login-required' && login === undefined && cloud !== undefined) {
    return skip(`${image.registry} responds, but ${fullName(image)} is private`, {
      detail: `Nodes log in to ${cloud.name} with their own identity, which is not part of the config: ${cloud.identity}.`,
      fix: advice`grant ${cloud.identity} the permission to pull: ${cloud.permission}`,
      evidence,
    });
  }
  const { title, ...words } = WORDS[error.kind](error, attempt);
  const issue = { ...words, evidence, cause: cause.registry(error.kind, error.host, causedBy(error, attempt)) };
  return WARNINGS.includes(error.kind) ? warn(title, issue) : fail(title, issue);
}

/** Images with the same problem are one failure if one fix helps all of them. */
function causedBy({ kind }: RegistryError, { image, login }: Attempt): string {
  if (kind === 'login-rejected') return login?.origin ?? '';
  return ['login-required', 'pull-denied', 'not-found'].includes(kind) ? fullName(image) : '';
}

/** The outcome for a registry or token server that can't be reached. */
export function unreachable(
  { part, url, error }: UnreachableRegistryError,
  { image, place: setting }: Attempt,
): Outcome {
  const what =
    part === 'registry' ? `the registry ${image.registry}` : `the token server of the registry ${image.registry}`;
  const { title, ...words } = routeMessages(error, { what, ...addressOf(url), setting });
  const isCloud = isHub(image) || cloudOf(image.registry) !== undefined || image.registry === 'public.ecr.aws';
  const fix =
    error.kind !== 'tls' || error.tls !== 'untrusted' ? words.fix : isCloud ? inspected(url.hostname) : trustIt(url);
  return fail(title, { ...words, ...(fix !== undefined && { fix }) });
}

const trustIt = ({ host }: URL): Fix =>
  advice`pass the CA certificate with --ca-file <path>, and install it on every node that pulls images (containerd: /etc/containerd/certs.d/${host}, Docker: /etc/docker/certs.d/${host}/ca.crt)`;

const isHub = ({ registry }: ImageReference): boolean => registry === DOCKER_HUB;

const inStatus = (status: number | undefined): string => (status === undefined ? '' : ` (HTTP ${status})`);

const serverName = (part: RegistryError['part']): string => (part === 'token-server' ? 'the token server ' : '');

const newSecret = (image: ImageReference) =>
  sh`kubectl create secret docker-registry spacelift-registry --docker-server=${isHub(image) ? 'https://index.docker.io/v1/' : image.registry} --docker-username=USER --docker-password=PASSWORD`;
