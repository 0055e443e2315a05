/** The programs that ask the libraries: how each is built. */
import { goSources, type Way } from '../peers/ways.ts';

/** In the order in which they are built. */
export const ORACLES = {
  'aws-sdk': goSources(new URL('aws-sdk/', import.meta.url)),
} as const satisfies Record<string, Way>;

export type OracleName = keyof typeof ORACLES;
