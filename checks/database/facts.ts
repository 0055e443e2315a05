/** Everything the rules ask a server, in one round trip. */
import type { Run } from '../../src/engine/check.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { isDenied } from './denied.ts';
import { openDatabase } from './open.ts';
import { DATABASES, LOAD, OVERRIDES, OWNERS, PATH, PRODUCT, ROLE, SERVER, SETTINGS, TABLES } from './queries.ts';
import type { Session } from './session.ts';

export interface Server {
  /** "16.4" */
  readonly version: string;
  /** 160004 */
  readonly number: number;
  readonly database: string;
  readonly encoding: string;
  /** Whether the server is a standby. */
  readonly recovery: boolean;
  readonly readOnly: boolean;
  /** The role that acts (`current_user`): `SET role` changes it. Privileges and ownership are this role's. */
  readonly role: string;
  /**
   * The role that is logged in (`session_user`): behind a pooler, not always the user in the URL. Settings, connection limits
   * and passwords are this role's.
   */
  readonly login: string;
  /** Whether the role that acts is a superuser. */
  readonly superuser: boolean;
  /** The PID of the server process that serves this session. */
  readonly process: number;
  /** The server's clock, ms since 1970. */
  readonly clock: number;
}

export interface Databases {
  readonly oid: string;
  /** A name that no database has. */
  readonly free: string;
  /** Whether the role that acts can create databases itself. */
  readonly mayCreate: boolean;
  /** Of `template0`. */
  readonly template: { readonly encoding: string; readonly locale: string };
}

/** The role that acts. */
export interface Role {
  readonly name: string;
  readonly superuser: boolean;
  readonly createRole: boolean;
  /** Whether it has the privileges of the roles that it is a member of, without SET ROLE. */
  readonly inherits: boolean;
  readonly createInDatabase: boolean;
  readonly publicExists: boolean;
  readonly createInPublic: boolean;
  /** Days until the password of the role that is logged in expires; `null` when it does not expire. */
  readonly validDays: number | null;
}

export interface Tables {
  /** Whether Spacelift's own tables exist: all that it is known by, in one schema. */
  readonly installed: boolean;
  /** That schema. */
  readonly schema: string | null;
  /** Number of tables that belong to other applications. */
  readonly others: number;
  /** Up to five schemas that contain them. */
  readonly schemas: readonly string[];
  /** Up to five tables with a name of Spacelift's, whoever owns them. */
  readonly alone: readonly string[];
}

/** A role that owns Spacelift's tables, and that the role that acts is not allowed to act as. */
export interface Owner {
  readonly name: string;
  readonly superuser: boolean;
  /** Whether the role is a member of it, but without its privileges. */
  readonly isMember: boolean;
  /** Whether it is a member of the role. */
  readonly hasMember: boolean;
  readonly createInDatabase: boolean;
  readonly createInPublic: boolean;
}

export interface Owners {
  /** The schema of Spacelift's tables; `null` before installation. */
  readonly schema: string | null;
  /** Whether the role can read and write the tables of all these owners. */
  readonly usable: boolean;
  readonly owners: readonly Owner[];
}

export interface Load {
  readonly maximum: number;
  /** Reserved for superusers and for `pg_use_reserved_connections`. */
  readonly reserved: number;
  /** Whether the role that is logged in is a superuser. */
  readonly superuser: boolean;
  /** -1: no limit. */
  readonly roleLimit: number;
  readonly databaseLimit: number;
  /** Sessions other than this one: all, by this role, in this database, by this role in this database. */
  readonly used: number;
  readonly usedByRole: number;
  readonly usedInDatabase: number;
  readonly usedByRoleInDatabase: number;
}

/** The settings whose source is read. */
export type SettingName = 'default_transaction_read_only' | 'max_connections' | 'search_path' | 'statement_timeout';

export interface Setting {
  readonly setting: string;
  /** By PostgreSQL's names: `default`, `configuration file`, `command line`, `global`, `database`, `user` … */
  readonly source: string;
  /** Only shown to superusers and members of `pg_read_all_settings`. */
  readonly file: string | null;
}

export interface Settings {
  /** Whether ALTER SYSTEM is allowed (`allow_alter_system`, since PostgreSQL 17). */
  readonly alterSystem: boolean;
  readonly named: Readonly<Record<SettingName, Setting>>;
}

/** A setting that is stored for a role or a database, or both; for neither: for all roles. The most specific first. */
export interface Override {
  readonly name: string;
  readonly value: string;
  readonly ofRole: boolean;
  readonly ofDatabase: boolean;
}

export interface Path {
  /** The schema in which an unqualified CREATE TABLE creates the table. */
  readonly schema: string | null;
  readonly createInSchema: boolean;
  readonly owner: string | null;
  /** Whether `"$user"` in a `search_path` leads to a schema in which the role can't create tables. */
  readonly userSchemaIsClosed: boolean;
}

export interface Facts {
  readonly session: Session;
  readonly product: Promise<string>;
  readonly server: Promise<Server>;
  readonly databases: Promise<Databases>;
  readonly role: Promise<Role>;
  readonly tables: Promise<Tables>;
  readonly owners: Promise<Owners>;
  readonly load: Promise<Load>;
  readonly settings: Promise<Settings>;
  readonly overrides: Promise<readonly Override[]>;
  readonly path: Promise<Path>;
  /** When the queries were sent and when the server's answer arrived, in ms since 1970 on this machine's clock. */
  readonly asked: Promise<{ readonly sent: number; readonly received: number }>;
  /** Resolves when all answers have arrived: a statement sent earlier could make them fail with it. Never rejects. */
  readonly answered: Promise<void>;
}

/**
 * The facts about `DATABASE_URL`, queried once per run. Each one can fail on its own, with a ServerError or a NetworkError.
 * @throws CheckStopped when there is no session
 */
export const factsOf = oncePerRun(askFacts);

async function askFacts(run: Run): Promise<Facts> {
  const opened = await openDatabase(run);
  if ('outcome' in opened) throw new CheckStopped(opened.outcome);
  const { session } = opened;
  const sent = Date.now();
  const [product, ...answers] = session.send<Record<string, unknown>>(run, [
    PRODUCT,
    SERVER,
    DATABASES,
    ROLE,
    OWNERS,
    TABLES,
    LOAD,
    SETTINGS,
    OVERRIDES,
    PATH,
  ]);
  const [server, databases, role, owners, tables, load, settings, overrides, path] = answers;
  const answered = Promise.allSettled(answers);
  return {
    session,
    product: read(product, (row) => String(row?.version ?? '')),
    server: read(server, (row) => row?.facts as Server),
    databases: read(databases, (row) => row?.facts as Databases),
    role: read(role, (row) => row?.facts as Role),
    tables: read(tables, (row) => row?.facts as Tables),
    owners: read(owners, (row) => row?.facts as Owners),
    load: read(load, (row) => row?.facts as Load),
    settings: read(settings, (row) => row?.facts as Settings),
    overrides: read(overrides, (row) => row?.facts as readonly Override[]),
    path: read(path, (row) => row?.facts as Path),
    asked: read(server, () => ({ sent, received: Date.now() })),
    answered: answered.then(() => {}),
  };
}

type Row = Record<string, unknown>;

function read<T>(rows: Promise<Row[]> | undefined, pick: (row: Row | undefined) => T): Promise<T> {
  const result = (rows ?? Promise.resolve<Row[]>([])).then(([row]) => pick(row));
  // A caller that awaits it sees the failure; when an earlier rule has failed, nobody awaits it.
  result.catch(() => {});
  return result;
}

/** The fact, or `undefined` if the role is not allowed to read it: for facts that only improve a fix. */
export async function ifReadable<T>(fact: Promise<T>): Promise<T | undefined> {
  try {
    return await fact;
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
