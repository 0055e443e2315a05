/** Names of container images, by the grammar that Docker, containerd and Kubernetes share (github.com/distribution/reference). */

/** A container image, as a client asks a registry for it. */
export interface ImageReference {
  /** The registry's host, with a port if there is one: `docker.io`, `registry.corp.io:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** `spacelift/launcher`; on Docker Hub, with `library/` in front of a single name. */
  readonly repository: string;
  /** `v4.3.0`, or `latest` if the name has neither a tag nor a digest. */
  readonly tag: string;
  /** `sha256:…`: clients then ignore the tag. */
  readonly digest?: string;
}

/** Why a text is not the name of an image. */
export interface InvalidImage {
  /** A clause about the name: "its repository must be lowercase". */
  readonly problem: string;
  /** The name without the problem, if that is certain. */
  readonly corrected?: string;
}

export const DOCKER_HUB = 'docker.io';
/** The name under which logins for Docker Hub are stored. */
export const DOCKER_HUB_INDEX = 'index.docker.io';
const LATEST = 'latest';
export const EXAMPLE_IMAGE = 'registry.corp.io/spacelift/launcher:v4.3.0';

/** In characters: registry and repository together, as the grammar limits it. */
const LONGEST_NAME = 255;
/** In characters: longer than any name with a tag and a digest. */
const LONGEST = 1024;

const REGISTRY =
  /^(?:\[[0-9a-fA-F:]+\]|(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::\d{1,5})?$/;
const PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const SCHEME = /^(?:https?|docker|oci):\/\//i;

/** Whether a text can be the tag of an image. */
export const isTag = (text: string): boolean => TAG.test(text);

/** Whether a text can be the digest of an image, or the beginning of one. */
export const isDigest = (text: string): boolean => /^@?sha(?:256|384|512):/.test(text);

/** Reads the name of an image like a client: `launcher` is `docker.io/library/launcher:latest`. */
export function parseImage(text: string): ImageReference | InvalidImage {
  const image = read(text);
  if (typeof image !== 'string') return image;
  const bare = text.slice(0, LONGEST).replace(SCHEME, '');
  // What follows a scheme is a host, which alone would be read as an image on Docker Hub.
  const likely = SCHEME.test(text) ? bare.replace(/(\/.*[^/])\/+$/, '$1') : bare;
  const [, name = '', rest = ''] = /^(.*?)((?::[^/:@]*)?(?:@.*)?)$/s.exec(likely) ?? [];
  const { registry } = split(name);
  const start = name.startsWith(`${registry}/`) ? registry.length : 0;
  const corrected = `${name.slice(0, start)}${name.slice(start).toLowerCase()}${rest}`;
  return { problem: image, ...(typeof read(corrected) !== 'string' && { corrected }) };
}

/** The image, or the problem with its name. */
function read(text: string): ImageReference | string {
  if (text.length > LONGEST) return 'it is too long';
  if (/\s/.test(text)) return 'it contains whitespace';
  if (SCHEME.test(text)) return 'it must not start with a scheme such as https://';
  const [, beforeDigest = text, digest] = /^([^@]*)@(.*)$/.exec(text) ?? [];
  if (digest !== undefined && !DIGEST.test(digest)) {
    return 'its digest must be sha256: and 64 lowercase hexadecimal digits';
  }
  const [, name = beforeDigest, tag] = /^(.*):([^/]*)$/.exec(beforeDigest) ?? [];
  if (tag !== undefined && !TAG.test(tag)) {
    return 'its tag must be up to 128 letters, digits, underscores, periods and hyphens';
  }
  const { registry, repository } = split(name);
  if (!isRegistry(registry)) return 'its registry must be a host, optionally with a port';
  if (registry.length + repository.length >= LONGEST_NAME) return 'it is too long';
  return problemOf(repository) ?? { registry, repository, tag: tag ?? LATEST, ...(digest !== undefined && { digest }) };
}

/** Docker Hub is the default: the first part is a registry only if it looks like a host. */
function split(name: string): Pick<ImageReference, 'registry' | 'repository'> {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  const [registry, repository] = isHost ? [first, name.slice(slash + 1)] : [DOCKER_HUB, name];
  if (registry !== DOCKER_HUB && registry !== DOCKER_HUB_INDEX) return { registry, repository };
  return { registry: DOCKER_HUB, repository: repository.includes('/') ? repository : `library/${repository}` };
}

function isRegistry(registry: string): boolean {
  const port = /:(\d+)$/.exec(registry.replace(/^\[.*\]/, ''))?.[1];
  return REGISTRY.test(registry) && Number(port ?? 1) >= 1 && Number(port ?? 1) <= 65_535;
}

function problemOf(repository: string): string | undefined {
  const parts = repository.replace(/^library\/(?=$)/, '').split('/');
  if (parts.includes('')) return 'a part of its repository is empty';
  if (!parts.every((part) => PART.test(part.toLowerCase()))) {
    return 'its repository may contain only lowercase letters, digits, and single separators (. _ -) between them';
  }
  return parts.every((part) => PART.test(part)) ? undefined : 'its repository must be lowercase';
}

/** The name in full, without the tag if there is a digest: `docker.io/library/launcher:latest`. */
export const fullName = ({ registry, repository, tag, digest }: ImageReference): string =>
  `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
