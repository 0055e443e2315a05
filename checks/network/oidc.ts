/**
 * A custom issuer of the OIDC tokens that runs get: its discovery document, and its keys (OpenID Connect Discovery 1.0,
 * section 4). What verifies the tokens, such as AWS or Vault, reads both. No credentials are sent, and no redirects are followed.
 */
import { DOCS } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import type { HttpAnswer } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { redirectTarget } from '../../src/net/redirect.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { advice, type Fix, setting } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { firstOf, plural } from '../../src/util/format.ts';
import { membersOf } from '../../src/util/json.ts';
import { getOf } from './get.ts';

const ISSUER = 'FEDERATION_CUSTOM_ISSUER';
const JWKS_URI = 'FEDERATION_CUSTOM_JWKS_URI';
const PATH = '/.well-known/openid-configuration';
/** In characters: longer than any issuer. */
const LONGEST = 200;

type Setting = typeof ISSUER | typeof JWKS_URI;

/** What is fetched, and which variable names its address. */
interface Resource {
  readonly url: URL;
  readonly setting: Setting;
  /** "the discovery document" */
  readonly what: string;
}

/** The document of an issuer, with or without a slash at its end. */
export const discoveryUrl = (issuer: string): URL => new URL(`${issuer.replace(/\/$/, '')}${PATH}`);

/** Without a custom issuer, only the keys at a custom address are read. */
export async function checkOidc(run: Run): Promise<Outcome> {
  const [issuer, jwksUri] = [run.get(ISSUER), run.get(JWKS_URI)];
  if (issuer === undefined) return judgeKeySet(run, new URL(jwksUri ?? ''), JWKS_URI);
  const document = { url: discoveryUrl(issuer), setting: ISSUER, what: 'the discovery document' } as const;
  const read = await readJson(run, document);
  if ('outcome' in read) return read.outcome;
  const found = judgeIssuer(read.members, document, issuer) ?? judgeUri(read.members, document, jwksUri);
  if (found !== undefined) return found;
  const uri = new URL(String(read.members.jwks_uri));
  if (jwksUri === undefined && uri.origin !== new URL(issuer).origin) {
    return skip(`the keys of ${new URL(issuer).host} are at ${uri.host}, a host that the config does not name`, {
      fix: advice`to check the keys, too, set ${JWKS_URI} to the jwks_uri in ${document.url.href}`,
      evidence: { document: document.url.href, jwksUri: shortened(uri.href) },
    });
  }
  return judgeKeySet(run, uri, jwksUri === undefined ? ISSUER : JWKS_URI);
}

function judgeIssuer({ issuer }: Members, { url }: Resource, expected: string): Issue | undefined {
  if (issuer === expected) return undefined;
  const evidence = { document: url.href, expected, found: typeof issuer === 'string' ? shortened(issuer) : 'none' };
  if (typeof issuer !== 'string') {
    return issue(`${url.href} contains no issuer`, {
      expected: `a discovery document with the issuer ${expected}`,
      fix: advice`serve Spacelift’s own discovery document there, or correct ${ISSUER}`,
      evidence,
    });
  }
  const isSlash = issuer.replace(/\/$/, '') === expected.replace(/\/$/, '');
  return issue(`${ISSUER} is ${expected}, but its discovery document names ${shortened(issuer)}`, {
    detail: isSlash ? 'They differ in the slash at the end. The services that verify tokens compare them exactly.' : '',
    expected: `the same text in ${ISSUER} and in the discovery document: it is the claim iss of every token`,
    fix: isSlash
      ? setting(ISSUER, issuer)
      : advice`correct ${ISSUER}, or the issuer in the document that is served at ${url.href}`,
    evidence,
  });
}

function judgeUri({ jwks_uri: found }: Members, { url }: Resource, expected: string | undefined): Issue | undefined {
  const isUri = typeof found === 'string' && isPublicUrl(found);
  const evidence = { document: url.href, found: typeof found === 'string' ? shortened(found) : 'none' };
  if (!isUri) {
    return issue(`${url.href} contains no jwks_uri with https://`, {
      expected: 'the https:// URL of the keys that sign the tokens',
      fix: advice`serve Spacelift’s own discovery document there, or add jwks_uri to it`,
      evidence,
    });
  }
  if (expected === undefined || found === expected) return undefined;
  return issue(`${JWKS_URI} is ${expected}, but the discovery document names ${shortened(found)}`, {
    expected: `the same URL in ${JWKS_URI} and in the discovery document`,
    fix: advice`correct ${JWKS_URI}, or the jwks_uri in the document that is served at ${url.href}`,
    evidence,
  });
}

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}

async function judgeKeySet(run: Run, url: URL, named: Setting): Promise<Outcome> {
  const read = await readJson(run, { url, setting: named, what: 'the key set' });
  if ('outcome' in read) return read.outcome;
  const { keys } = read.members;
  const usable = Array.isArray(keys) ? keys.filter(isKey) : [];
  if (usable.length > 0) {
    return pass(`${url.href} contains ${plural(usable.length, 'key')}`, {
      evidence: {
        url: url.href,
        keys: firstOf(
          usable.map(({ kty }) => shortened(kty)),
          5,
        ),
      },
    });
  }
  return issue(`${url.href} contains no keys`, {
    expected: 'a key set (JWKS): {"keys": [{"kty": "RSA", …}]}',
    fix: advice`serve the keys from /.well-known/jwks of Spacelift’s server there, or correct ${named}`,
    evidence: { url: url.href },
  });
}

const isKey = (key: unknown): key is { readonly kty: string } =>
  typeof key === 'object' && key !== null && 'kty' in key && typeof key.kty === 'string' && key.kty !== '';

type Members = Readonly<Record<string, unknown>>;

async function readJson(run: Run, resource: Resource): Promise<{ members: Members } | { outcome: Outcome }> {
  const { url } = resource;
  let answer: HttpAnswer;
  try {
    answer = await getOf(run, url);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return { outcome: await unreachable(run, resource, error) };
  }
  const members = answer.status === 200 ? membersOf(answer.body.toString('utf8')) : undefined;
  return members === undefined ? { outcome: notRead(resource, answer) } : { members };
}

/** Spacelift itself needs no connection: a network that does not let it through may let others through. */
async function unreachable(run: Run, { url, setting: named, what }: Resource, error: NetworkError): Promise<Outcome> {
  const words = routeMessages(error, { what: `the server with ${what}`, ...addressOf(url), setting: named });
  const isRoute = error instanceof ProxyError || error.kind === 'timeout' || error.kind === 'unreachable';
  const outside = await skipIfOutside(run, addressOf(url).host, error);
  if (outside !== undefined) return outside;
  if (!isRoute) return fail(words.title, words);
  const detail = 'Spacelift itself needs no connection to it, but the services that verify the tokens of runs do.';
  return warn(words.title, { ...words, detail: `${words.detail ?? ''} ${detail}`.trim() });
}

function notRead({ url, setting: named, what }: Resource, answer: HttpAnswer): Issue {
  const { status } = answer;
  const to = redirectTarget(answer, url);
  const [title, fix] = ((): [string, Fix] => {
    if (to !== undefined) {
      return [
        `${url.href} redirects to ${to.origin === url.origin ? 'another page' : to.origin}`,
        advice`serve ${what} without a redirect, or correct ${named}`,
      ];
    }
    if (status === 401 || status === 403) {
      return [
        `${url.href} is not public (HTTP ${status})`,
        advice`allow requests without a login there: the services that verify tokens have none`,
      ];
    }
    if (status === 200) {
      return [`${url.href} is not JSON`, advice`serve ${what} there instead of a web page, or correct ${named}`];
    }
    return [
      `${url.href} returned HTTP ${status}`,
      status >= 500
        ? advice`see the log of the server, and of the load balancer in front of it`
        : advice`serve ${what} there, or correct ${named}`,
    ];
  })();
  return issue(title, {
    expected: `HTTP 200 with ${what}, in JSON, for everyone`,
    fix,
    evidence: { url: url.href, status },
  });
}

const issue = (title: string, more: Pick<Issue, 'expected' | 'fix' | 'evidence' | 'detail'>): Issue =>
  fail(title, { ...more, docs: DOCS.oidc });

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
