/** Where a setting comes from, and how to change it there (PostgreSQL manual, 20.1 and the view `pg_settings`). */
import { advice, command, type Fix, type Identifier, identifier, type Sql, sql } from '../../src/outcome/fix.ts';
import { lookup } from '../../src/util/lookup.ts';
import { asMemberOf } from './administrator.ts';
import type { Override, Server, SettingName, Settings } from './facts.ts';
import type { DatabaseUrl } from './url.ts';

/** The facts about the sources of all settings; `undefined` if the role is not allowed to read them. */
export interface Sources {
  readonly settings: Settings | undefined;
  readonly overrides: readonly Override[] | undefined;
  readonly url: Pick<DatabaseUrl, 'settings'>;
  /** Whether a pooler is in front of the server. */
  readonly isPooled: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  'command line': 'the command line of the server',
  global: 'a setting for all roles',
  database: 'a database setting',
  user: 'a role setting',
  'database user': 'a role setting in this database',
  'environment variable': 'an environment variable of the server',
};

/** The source in words: "a role setting". */
export function sourceOf(name: SettingName, sources: Sources): string {
  const setting = sources.settings?.named[name];
  const source = setting?.source;
  if (source === undefined) return 'a source that the role is not allowed to read';
  if (source === 'configuration file') {
    return typeof setting?.file === 'string'
      ? `the server configuration in ${setting.file}`
      : 'the server configuration';
  }
  if (source === 'client' && isInUrl(name, sources.url)) return 'a parameter in DATABASE_URL';
  return lookup(NAMES, source) ?? 'a pooler, a proxy or a trigger, after the login';
}

/** Whether a session got the setting from the URL, by itself or in `options`. */
export const isInUrl = (name: SettingName, { settings }: Sources['url']): boolean =>
  Object.keys(settings).some((key) => key.toLowerCase() === name) ||
  (lookup(settings, 'options') ?? '').toLowerCase().replaceAll('-', '_').includes(name);

/** Whether a statement overrides what a session gets at its start, however it is stored. */
export const isStored = (source: string | undefined): boolean =>
  !['client', 'override', 'interactive', 'test', 'session'].includes(source ?? '');

/** How to remove a setting that was made for a session, in the URL or after the login. */
export const removal = (name: SettingName, { url }: Pick<Sources, 'url'>): string =>
  isInUrl(name, url)
    ? `remove ${name} from DATABASE_URL`
    : `remove ${name} from the pooler or proxy in front of the server (PgBouncer: connect_query), or from the server’s login triggers`;

/** What is stored for roles and databases takes effect when a session starts; a pooler keeps its own for long. */
export const RECONNECT = 'then make the pooler open new sessions with the server, in PgBouncer with RECONNECT';

/** The notes of a command. */
const afterward = (notes: readonly string[], { isPooled }: Pick<Sources, 'isPooled'>): { after?: string } => {
  const all = [...notes, ...(isPooled ? [RECONNECT] : [])];
  return all.length === 0 ? {} : { after: all.join(', ') };
};

/** What ALTER SYSTEM does elsewhere; without special characters, for comments. */
export const MANAGED = 'on a managed service: in its parameter group, database flags or server parameters';

/** `ALTER ROLE … IN DATABASE …`, `ALTER ROLE ALL` and so on, without the action. */
function target({ ofRole, ofDatabase }: Pick<Override, 'ofRole' | 'ofDatabase'>, { login, database }: Server): Sql {
  const [role, name] = [identifier(login), identifier(database)];
  if (ofRole) return ofDatabase ? sql`ALTER ROLE ${role} IN DATABASE ${name}` : sql`ALTER ROLE ${role}`;
  return ofDatabase ? sql`ALTER DATABASE ${name}` : sql`ALTER ROLE ALL`;
}

/** By PostgreSQL's name for a source. */
const LEVELS: Readonly<Record<string, Pick<Override, 'ofRole' | 'ofDatabase'>>> = {
  'database user': { ofRole: true, ofDatabase: true },
  user: { ofRole: true, ofDatabase: false },
  database: { ofRole: false, ofDatabase: true },
  global: { ofRole: false, ofDatabase: false },
};

/** PostgreSQL accepts unique prefixes of these words. */
const isOff = (value: string): boolean => /^(of|off|f\w*|n\w*|0)$/i.test(value.trim());

/** Turns a boolean setting off where it is on; of several places, each that would otherwise take effect next. */
export function turnOff(name: 'default_transaction_read_only', server: Server, sources: Sources): Fix {
  const setting = identifier(name);
  const source = sources.settings?.named[name].source;
  const levels = storedOn(name, source, sources);
  const others = (sources.overrides ?? []).filter((override) => override.name === name);
  const isWide = [...levels, ...others].some(({ ofRole }) => !ofRole);
  const isOfDatabase = levels.some(({ ofRole, ofDatabase }) => ofDatabase && !ofRole);
  const resets = [
    ...(isOfDatabase ? asOwner(server) : []),
    ...levels.map((level) => sql`${target(level, server)} RESET ${setting};`),
  ].map((statement) => (isWide ? evenReadOnly(statement) : statement));
  if (source !== undefined && !isStored(source)) {
    const first = removal(name, sources);
    return resets.length === 0 ? advice`${first}` : advice`${first}, and run: ${command(resets)}`;
  }
  if (resets.length > 0) return command(resets, afterward([], sources));
  if (source === 'configuration file') return turnOffInFile(setting, sources);
  if (source === 'command line' || source === 'environment variable') {
    const statements = [...asOwner(server), sql`ALTER DATABASE ${identifier(server.database)} SET ${setting} = off;`];
    return command(statements.map(evenReadOnly), {
      ...afterward(
        [
          `or for all databases: an administrator of the server removes ${name} from ${lookup(NAMES, source)} and restarts it`,
        ],
        sources,
      ),
    });
  }
  return advice`find its source as an administrator: ${sql`SELECT setting, source, sourcefile FROM pg_settings WHERE name = 'default_transaction_read_only';`}`;
}

/** Makes the administrator a member of the owner, unless that one is a superuser: then only superusers can alter it. */
const asOwner = ({ role, superuser }: Server): Sql[] => (superuser ? [] : [asMemberOf(role)]);

/** The sessions of administrators are read-only too, where a setting is not only for the role. */
const evenReadOnly = (statement: Sql): Sql => sql`BEGIN READ WRITE; ${statement} COMMIT;`;

/** The places in catalogs where it is on, up to the first where it is off: that one hides the rest. */
function storedOn(name: string, source: string | undefined, { overrides }: Sources): (typeof LEVELS)[string][] {
  const level = lookup(LEVELS, source);
  if (overrides === undefined) return level === undefined ? [] : [level];
  if (level === undefined && source !== undefined && isStored(source)) return [];
  const all = overrides.filter((override) => override.name === name);
  const end = all.findIndex(({ value }) => isOff(value));
  return end < 0 ? all : all.slice(0, end);
}

/** ALTER SYSTEM SET: its file is read last, so that it outranks `postgresql.conf` too, which RESET does not. */
function turnOffInFile(setting: Identifier, sources: Sources): Fix {
  const { settings } = sources;
  const file = settings?.named.default_transaction_read_only.file ?? 'postgresql.conf';
  const reload = sql`SELECT pg_reload_conf();`;
  if (settings?.alterSystem === false) {
    return advice`set ${setting.text ?? ''} = off in ${file}, as an administrator of the server’s files or its operator (allow_alter_system is off), and run: ${reload}`;
  }
  return command([sql`ALTER SYSTEM SET ${setting} = off;`, reload], afterward([MANAGED], sources));
}
