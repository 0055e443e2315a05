/** Which values of a config must never be seen, in every form in which a client holds them. */
import { isKnown, isSecret } from './contract.ts';
import type { Source } from './entry.ts';

/** Secret values of all sources. A job's environment also holds what is nobody's secret: paths, host names. */
export function secretsOf(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.entries
      .filter(
        ({ name, kind, secret }) =>
          kind === 'known' &&
          (secret || (isSecret(name) && (!source.process || isKnown(name) || LOOKS_SECRET.test(name)))),
      )
      .flatMap(({ value }) => partsOf(value)),
  );
}

const LOOKS_SECRET = /SECRET|TOKEN|PASSW|KEY|CREDENTIAL/i;

function partsOf(value: string): string[] {
  return [value, ...urlSecrets(value), ...pemIn(value)];
}

/** The password of a URL, as written and decoded, and what its query keeps. */
function urlSecrets(value: string): string[] {
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(value) ?? [];
  if (rest === undefined) return [];
  const authority = rest.slice(0, rest.lastIndexOf('@'));
  const password = authority.includes(':') ? authority.slice(authority.indexOf(':') + 1) : '';
  const query = [...rest.matchAll(/[?&](?:password|sslpassword|passfile)=([^&#]*)/gi)].map((match) => match[1] ?? '');
  return [password, ...query].flatMap((part) => [part, decoded(part)]).filter((part) => part !== '');
}

/** A key that is base64 of a PEM: the PEM, whose lines the redactor takes one by one. */
function pemIn(value: string): string[] {
  const text = Buffer.from(value, 'base64').toString('latin1');
  return text.includes('-----BEGIN') ? [text] : [];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
