/** The versions of Spacelift's driver, pgx v5, that read database URLs differently. */
import { NEWER_PARAMETERS, OLDER_PARAMETERS, type Parameters } from './parameters.ts';
import { type Grammar, goGrammar, libpqGrammar } from './url-grammar.ts';

export interface Driver {
  /** "pgx 5.7" */
  readonly name: string;
  readonly grammar: Grammar;
  /** The parameters that it does not send to the server. */
  readonly parameters: Parameters;
  /** A port for each host, or one for all; older versions accept any number of ports. */
  readonly pairsPorts: boolean;
  /** Whether a password with characters that Unicode 3.2 does not have is used unchanged (since 5.12). */
  readonly keepsNewCharacters: boolean;
}

export const OLDER: Driver = {
  name: 'pgx 5.7',
  grammar: goGrammar,
  parameters: OLDER_PARAMETERS,
  pairsPorts: false,
  keepsNewCharacters: false,
};

export const NEWER: Driver = {
  name: 'pgx 5.13',
  grammar: libpqGrammar,
  parameters: NEWER_PARAMETERS,
  pairsPorts: true,
  keepsNewCharacters: true,
};
