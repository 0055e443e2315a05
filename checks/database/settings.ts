/** The settings of a session that are not compatible with Spacelift. */
import { identifier, type Sql, sql } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { plural } from '../../src/util/format.ts';
import type { Override, Path, Role, Server, SettingName, Settings, Tables } from './facts.ts';
import { isStored, RECONNECT, removal } from './setting-sources.ts';
import { fixOf, type Step } from './steps.ts';
import type { DatabaseUrl } from './url.ts';

const STATEMENT_TIMEOUT_MS = 120_000;
const PASSWORD_DAYS = 30;

export interface SettingFacts {
  readonly settings: Settings;
  /** `undefined` if the role is not allowed to read them. */
  readonly overrides: readonly Override[] | undefined;
  readonly path: Path;
  readonly role: Role;
  readonly server: Server;
  readonly tables: Pick<Tables, 'schema'>;
  /** Whether Spacelift's tables belong to a role that this one is not allowed to act as, which `ownership` reports. */
  readonly ownedByOthers: boolean;
  readonly url: Pick<DatabaseUrl, 'settings'>;
  /** Whether a pooler is in front of the server. */
  readonly isPooled: boolean;
}

interface Unsuited {
  readonly title: string;
  readonly expected: string;
  readonly steps: readonly Step[];
  /** Whether the steps take effect when a session starts. */
  readonly atLogin?: boolean;
}

/** @param acting how the role in the URL becomes the role that acts, if it is another */
export function judgeSettings(facts: SettingFacts, acting: string | undefined): Outcome {
  const found = [timeout(facts), path(facts), password(facts)].filter((one) => one !== undefined);
  if (found.length === 0) return pass('timeouts, search_path and password expiry are compatible with Spacelift');
  return warn(found.map(({ title }) => title).join('; '), {
    ...(acting !== undefined && { detail: acting }),
    expected: found.map(({ expected }) => expected).join('\n'),
    fix: fixOf([...found.flatMap(({ steps }) => steps), ...reconnect(found, facts)]),
    evidence: { settings: found.length },
  });
}

/** Privileges and passwords take effect at once. */
const reconnect = (found: readonly Unsuited[], { isPooled }: SettingFacts): string[] =>
  isPooled && found.some(({ atLogin }) => atLogin) ? [RECONNECT] : [];

/** The most specific place for a setting outranks all others but those of the session itself. */
const forLogin = ({ login, database }: Server) =>
  sql`ALTER ROLE ${identifier(login)} IN DATABASE ${identifier(database)} SET`;

function timeout({ settings, overrides = [], server, url }: SettingFacts): Unsuited | undefined {
  const { setting, source } = settings.named.statement_timeout;
  const ms = Number(setting);
  if (ms === 0 || ms >= STATEMENT_TIMEOUT_MS) return undefined;
  const statement = sql`${forLogin(server)} statement_timeout = '120s';`;
  // Without the session's own, the stored one takes effect.
  const isBeneath = overrides.some(({ name }) => name === 'statement_timeout');
  return {
    atLogin: true,
    title: `statement_timeout is ${ms / 1000} s`,
    expected: 'no statement_timeout, or at least 120 s: migrations can be slow',
    steps: isStored(source) ? [statement] : [removal('statement_timeout', { url }), ...(isBeneath ? [statement] : [])],
  };
}

/** If CREATE on schema public is missing, that is the cause, and `privileges` reports it. */
function path(facts: SettingFacts): Unsuited | undefined {
  const { path, role, server, tables } = facts;
  if (path.createInSchema || !role.createInPublic) return undefined;
  const home = closedHome(facts);
  if (home !== undefined && facts.ownedByOthers) return undefined;
  // "$user" would lead to a schema in which the role can't create tables either, or away from Spacelift's tables.
  const target =
    tables.schema !== null && tables.schema !== 'public'
      ? sql`${identifier(tables.schema)}`
      : path.userSchemaIsClosed
        ? sql`public`
        : sql`"$user", public`;
  const change = sql`${forLogin(server)} search_path = ${target};`;
  const steps = pathSteps(facts, change, home);
  return {
    atLogin: steps.includes(change),
    title:
      path.schema === null
        ? home === undefined
          ? 'search_path contains no existing schema'
          : `role "${role.name}" lacks USAGE on schema "${home}", which contains Spacelift’s tables`
        : `role "${role.name}" lacks CREATE on schema "${path.schema}", the first existing schema in search_path`,
    expected: 'a search_path whose first existing schema is one on which the role has CREATE, such as "$user", public',
    steps,
  };
}

/** The schema of Spacelift's tables, if search_path leads to it, and the role can't create tables in it. */
function closedHome({ settings, path, role, tables }: SettingFacts): string | undefined {
  const { schema } = tables;
  if (schema === null) return undefined;
  if (path.schema !== null) return path.schema === schema ? schema : undefined;
  const names = settings.named.search_path.setting.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  return names.some((name) => (name === '$user' ? role.name : name) === schema) ? schema : undefined;
}

/** @param home as `closedHome` returns it */
function pathSteps(facts: SettingFacts, change: Sql, home: string | undefined): Step[] {
  const { path, role } = facts;
  // A schema named like the role has another fix beside it.
  if (home === undefined || (home === role.name && path.schema !== null)) return changeSteps(facts, change);
  const lacking = path.schema === null ? sql`USAGE, CREATE` : sql`CREATE`;
  return [
    sql`GRANT ${lacking} ON SCHEMA ${identifier(home)} TO ${identifier(role.name)};`,
    'run it as the owner of the schema, or as a superuser',
  ];
}

function changeSteps({ settings, overrides = [], path, role, server, tables, url }: SettingFacts, change: Sql): Step[] {
  const name: SettingName = 'search_path';
  if (!isStored(settings.named.search_path.source)) {
    const isBeneath = path.userSchemaIsClosed || overrides.some((override) => override.name === name);
    // The statement is for what takes effect once the session's own is gone.
    return [removal(name, { url }), ...(isBeneath ? [change] : [])];
  }
  // A schema named like the role is meant for it, unless Spacelift's tables are elsewhere.
  const isItsOwn = path.schema === role.name && (tables.schema ?? path.schema) === path.schema;
  if (!isItsOwn || path.schema === null) return [change];
  return [
    sql`GRANT CREATE ON SCHEMA ${identifier(path.schema)} TO ${identifier(role.name)};`,
    `run it as role ${path.owner}, which owns the schema, or as a superuser, or use schema public instead: ALTER ROLE ${server.login} IN DATABASE ${server.database} SET search_path = public`,
  ];
}

function password({ role, server }: SettingFacts): Unsuited | undefined {
  const { validDays } = role;
  if (validDays === null || validDays >= PASSWORD_DAYS) return undefined;
  return {
    title: `the password of role "${server.login}" expires in ${validDays < 1 ? 'less than a day' : plural(Math.floor(validDays), 'day')}`,
    expected: 'a password that does not expire',
    steps: [sql`ALTER ROLE ${identifier(server.login)} VALID UNTIL 'infinity';`],
  };
}
