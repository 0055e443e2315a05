/** Reads the claims of a license token (RFC 7519). Only Spacelift can verify its signature. */
import type { JWTPayload } from 'jose';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import type { Evidence } from '../../src/outcome/status.ts';
import { day, plural } from '../../src/util/format.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
/** Allowance for clock differences. */
const LEEWAY_MS = 60_000;

/** @param domain SERVER_DOMAIN, if known */
export function judgeToken(token: string, { domain, now }: { domain: string | undefined; now: Date }): Outcome {
  const claims = read(token);
  if (claims === undefined) return unreadable(token);
  const [expires, begins] = [dateOf(claims.exp), dateOf(claims.nbf)];
  if (expires === 'malformed' || begins === 'malformed') {
    return broken(
      `the ${expires === 'malformed' ? 'expiry (exp)' : 'start (nbf)'} of the license token is not a valid date`,
    );
  }
  const named = domainIn(claims);
  const evidence: Evidence = {
    ...(typeof claims.sub === 'string' && { subject: claims.sub }),
    ...(typeof claims.iss === 'string' && { issuer: claims.iss }),
    ...(expires !== undefined && { expires: expires.toISOString() }),
    ...(named !== undefined && { domain: named }),
  };
  if (expires !== undefined && expires.getTime() + LEEWAY_MS <= now.getTime()) {
    return fail(`the license expired on ${day(expires)}`, {
      expected: 'a license token that is valid today',
      fix: advice`ask Spacelift for a new license token, and set LICENSE_TOKEN to it`,
      evidence,
    });
  }
  if (begins !== undefined && begins.getTime() - LEEWAY_MS > now.getTime()) {
    return fail(`the license is not valid until ${day(begins)}`, {
      expected: 'a license token that is valid today',
      fix: advice`check this machine’s clock (date -u); if it is correct, ask Spacelift for a license that is already valid`,
      evidence: { ...evidence, begins: begins.toISOString() },
    });
  }
  const other = named !== undefined && domain !== undefined && named.toLowerCase() !== domain.toLowerCase();
  const detail = other ? { detail: `It is for ${named}, but SERVER_DOMAIN is ${domain}.` } : {};
  if (expires === undefined) return pass('a license token without expiry', { ...detail, evidence });
  const days = Math.floor((expires.getTime() - now.getTime()) / DAY_MS);
  if (days >= SOON_DAYS) return pass(`license valid until ${day(expires)}`, { ...detail, evidence });
  return warn(`the license expires ${days < 1 ? 'today' : `in ${plural(days, 'day')}`}, on ${day(expires)}`, {
    ...detail,
    expected: `a license that is valid for more than ${SOON_DAYS} days`,
    fix: advice`ask Spacelift for a new license token, and set LICENSE_TOKEN to it`,
    evidence,
  });
}

function read(token: string): JWTPayload | undefined {
  try {
    decodeProtectedHeader(token);
    return /\s/.test(token) ? undefined : decodeJwt(token);
  } catch {
    return undefined;
  }
}

/** Seconds since 1970 (RFC 7519, section 2, "NumericDate"). */
function dateOf(claim: unknown): Date | 'malformed' | undefined {
  if (claim === undefined) return undefined;
  const date = new Date(typeof claim === 'number' ? claim * 1000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? 'malformed' : date;
}

/** Spacelift documents no claim for the domain, so only a claim named like one is used. */
function domainIn(claims: JWTPayload): string | undefined {
  const named = Object.entries(claims).find(([name]) => /^(server[_-]?)?domain$/i.test(name))?.[1];
  return typeof named === 'string' && /^[\w.-]{1,253}$/.test(named) ? named : undefined;
}

/** Why a token is unreadable. No part of it is quoted. */
function unreadable(token: string): Issue {
  if (read(Buffer.from(token, 'base64').toString('utf8').trim()) !== undefined) {
    return broken('LICENSE_TOKEN is base64 of a token, not the token itself', {
      fix: advice`in a Kubernetes Secret, put the token itself under stringData, or encode it once under data`,
    });
  }
  const white = token.replace(/\s+/g, '');
  if (white !== token && read(white) !== undefined) {
    return broken('LICENSE_TOKEN contains whitespace', {
      fix: advice`put the token on one line, without whitespace`,
    });
  }
  if (/^Bearer\s/i.test(token)) {
    return broken('LICENSE_TOKEN starts with Bearer', { fix: advice`remove the word Bearer and keep only the token` });
  }
  const parts = token.split('.').length;
  const detail =
    parts === 3
      ? 'It has three parts, but they are not base64url-encoded JSON: the token is truncated or altered.'
      : `It has ${plural(parts, 'part')}; a token has three.`;
  return broken('LICENSE_TOKEN is not a JSON Web Token (JWT)', { detail });
}

const broken = (title: string, words: Pick<Issue, 'detail' | 'fix'> = {}): Issue =>
  fail(title, {
    expected: 'the license token as provided by Spacelift: three parts separated by dots',
    fix: advice`copy the complete token again, on one line`,
    ...words,
    evidence: { variable: 'LICENSE_TOKEN' },
  });
