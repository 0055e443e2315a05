/** The programs that ask the libraries: how each is built. */
import type { Way } from '../peers/ways.ts';

/** In the order in which they are built. */
export const ORACLES = {} as const satisfies Record<string, Way>;

export type OracleName = keyof typeof ORACLES;
