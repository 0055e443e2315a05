/** The clients that fixes are pasted into: here those that `npm test` can have; true ones in `test/peers`. */
import type { PostgresServer } from '../../services/postgres.ts';
import type { Estate } from '../../support/estate.ts';
import { type Administrator, runStatements } from './administrator.ts';
import { readSql } from './psql.ts';
import { runShell } from './shell.ts';

/** Where SQL is pasted, and by whom. */
export interface SqlSession {
  readonly server: PostgresServer;
  readonly who: Administrator;
  /** `postgres` is taken as long as nobody can connect to it. */
  readonly database: string;
}

export interface Clients {
  /** @returns what the programs print. @throws Error of the shell or a program */
  readonly shell: (text: string, estate: Estate) => Promise<string>;
  /** @throws Error of the first statement that fails */
  readonly sql: (text: string, session: SqlSession) => Promise<void>;
}

export const STAND_INS: Clients = {
  shell: runShell,
  sql: (text, { server, who, database }) => {
    const statements = readSql(text).flatMap((part) => (part.kind === 'statement' ? [part.text] : []));
    return runStatements(server, who, database, statements);
  },
};
