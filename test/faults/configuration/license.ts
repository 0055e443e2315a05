/** License tokens. */
import type { Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import type { Fault } from '../fault.ts';

const TOKEN = ['license/token'];
const DAY_S = 86_400;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: object) => `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
/** Seconds since 1970, in so many days. */
const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * DAY_S;
const license = (claims: () => object) => config(() => ({ LICENSE_TOKEN: token(claims()) }));
const changed = (change: (token: string) => string) =>
  config(({ LICENSE_TOKEN = '' }): Variables => ({ LICENSE_TOKEN: change(LICENSE_TOKEN) }));

export const LICENSE: readonly Fault[] = [
  {
    name: 'an expired license',
    arrange: license(() => ({ exp: Date.UTC(2025, 0, 31) / 1000 })),
    fail: TOKEN,
    says: /^the license expired on 2025-01-31$/m,
  },
  {
    name: 'a license that expires soon',
    arrange: license(() => ({ exp: inDays(20) + 60 })),
    warn: TOKEN,
    says: /^the license expires in 20 days, on \d{4}-\d\d-\d\d$/m,
  },
  {
    name: 'a license that has not begun',
    arrange: license(() => ({ nbf: inDays(10), exp: inDays(400) })),
    fail: TOKEN,
    says: /^the license is not valid until \d{4}-\d\d-\d\d$/m,
  },
  {
    name: 'a license whose expiry is no date',
    arrange: license(() => ({ exp: '2030-01-01' })),
    fail: TOKEN,
    says: /^the expiry \(exp\) of the license token is not a valid date$/m,
  },
  {
    name: 'a license token that is cut off',
    arrange: changed((whole) => whole.slice(0, 40)),
    fail: TOKEN,
    says: /^LICENSE_TOKEN is not a JSON Web Token \(JWT\)\nIt has \d parts?; a token has three/,
  },
  {
    name: 'a license token encoded twice',
    arrange: changed((whole) => Buffer.from(whole).toString('base64')),
    fail: TOKEN,
    says: /^LICENSE_TOKEN is base64 of a token, not the token itself$/m,
  },
  {
    name: 'a license token with a line break in it',
    arrange: changed((whole) => `${whole.slice(0, 30)}\n${whole.slice(30)}`),
    fail: TOKEN,
    says: /^LICENSE_TOKEN contains whitespace$/m,
  },
  {
    name: 'a license token as a header has it',
    arrange: changed((whole) => `Bearer ${whole}`),
    fail: TOKEN,
    says: /^LICENSE_TOKEN starts with Bearer$/m,
  },
  { name: 'a license without expiry', arrange: license(() => ({ sub: 'corp' })) },
  { name: 'a license for another domain', arrange: license(() => ({ exp: inDays(400), domain: 'other.corp.io' })) },
];
