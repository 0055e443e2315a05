/** Fixes that several stores share. */
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { day } from '../../src/util/format.ts';
import type { Retention } from './store.ts';

export const RUN_LATER = advice`run again later`;

export const rename = (what: string, name: string): Fix =>
  advice`use a ${what} with a valid name instead of ${name}, and update its variable`;
export const lookUp = (code: string | undefined, where: string): Fix =>
  advice`look up ${code ?? 'the status'} in ${where}`;

/** Until when what is written now is retained; what was written before can be removed sooner. */
const retained = ({ periodMs }: Retention): string =>
  periodMs === undefined
    ? 'retained by the bucket’s policy'
    : `retained until ${day(new Date(Math.min(Date.now() + periodMs, MOST_MS)))} at the latest`;
/** The last day that has four digits. */
const MOST_MS = Date.UTC(9999, 11, 31);

/** A note for a command that removes what someone with a permission can remove earlier. */
export const earlier = (retention: Retention, permission: string): string =>
  `${retained(retention)}, in governance mode: removing it earlier needs ${permission}`;

/** For a command that removes; with a retention, nobody can run it successfully earlier. */
export const removal = (retention: Retention | undefined) => ({
  destructive: true,
  ...(retention !== undefined && { note: `${retained(retention)}, so nobody can remove it earlier` }),
});

/** @param correct sets the store's address to the one that the redirect names, if that is the store */
export const passOn = (correct: Fix): Fix =>
  advice`configure the proxy to pass requests on instead of redirecting them; or, if the redirect leads to the store itself, ${correct}`;
