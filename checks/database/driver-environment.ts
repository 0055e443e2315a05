/**
 * The settings that pgx reads beside the URL: `PG…` variables, a service file, a password file, and files in the home
 * directory (`pgconn/config.go`, `parseEnvSettings`, `defaultSettings`). Files are opened only for the caller's own URL.
 */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Skip, skip } from '../../src/outcome/outcome.ts';
import type { Driver } from './drivers.ts';
import { type DatabaseUrl, isSocket } from './url.ts';
import type { Settings } from './url-grammar.ts';

/** The parameters by their variable; a driver that does not know a parameter does not read its variable. */
const VARIABLES: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGPORT: 'port',
  PGDATABASE: 'database',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGPASSFILE: 'passfile',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGSSLMODE: 'sslmode',
  PGSSLKEY: 'sslkey',
  PGSSLCERT: 'sslcert',
  PGSSLSNI: 'sslsni',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLPASSWORD: 'sslpassword',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGSERVICE: 'service',
  PGSERVICEFILE: 'servicefile',
  PGSSLCERTMODE: 'sslcertmode',
  PGMINPROTOCOLVERSION: 'min_protocol_version',
  PGMAXPROTOCOLVERSION: 'max_protocol_version',
  PGCHANNELBINDING: 'channel_binding',
  PGREQUIREAUTH: 'require_auth',
};

const PASSWORD = 'PGPASSWORD';

/** Those that every version sends to the server. */
const SENT: Readonly<Record<string, string>> = {
  PGAPPNAME: 'application_name',
  PGTZ: 'timezone',
  PGOPTIONS: 'options',
};

/** A variable next to the URL: its value counts only if the party that supplied the URL supplied it, too. */
function beside({ deployment }: Run, variable: VariableName, name: string): string | undefined {
  const entry = deployment.entry(name);
  const isSame = deployment.partyOf(name) === deployment.partyOf(variable);
  return entry?.kind === 'known' && isSame ? entry.value || undefined : undefined;
}

/** Settings from the variables next to the URL, and the files in the home directory of the caller's own environment. */
export async function environmentSettings(run: Run, variable: VariableName, driver: Driver): Promise<Settings> {
  const found: Record<string, string> = await homeSettings(run, variable);
  for (const [name, parameter] of Object.entries({ ...VARIABLES, ...SENT })) {
    const value = beside(run, variable, name);
    if (value !== undefined && (name in SENT || Object.hasOwn(driver.parameters, parameter))) found[parameter] = value;
  }
  return found;
}

/**
 * For a URL without a password.
 * @throws CheckStopped with a skip if `PGPASSWORD` is set where this run can't read it (`valueFrom`, `secretKeyRef`)
 */
export function stopIfUnknown({ deployment }: Run, variable: VariableName): void {
  const entry = deployment.entry(PASSWORD);
  if (entry?.kind !== 'secret' || deployment.partyOf(PASSWORD) !== deployment.partyOf(variable)) return;
  throw new CheckStopped(
    skip(`${PASSWORD} is set, but its value is not known here`, {
      detail: `${variable} has no password, so Spacelift uses ${PASSWORD}, which is set in ${entry.origin}.`,
      fix: advice`pass its value in an additional -f file (for example, a dotenv file)`,
      evidence: { variable: PASSWORD, known: false },
      unknownVariable: PASSWORD,
    }),
  );
}

async function homeSettings(run: Run, variable: VariableName): Promise<Record<string, string>> {
  const home = run.deployment.partyOf(variable) === 'process' ? beside(run, variable, 'HOME') : undefined;
  if (home === undefined) return {};
  const [sslcert, sslkey, sslrootcert] = ['postgresql.crt', 'postgresql.key', 'root.crt'].map((name) =>
    join(home, '.postgresql', name),
  ) as [string, string, string];
  const [hasCertificate, hasKey, hasRoot] = await Promise.all([sslcert, sslkey, sslrootcert].map(exists));
  return {
    passfile: join(home, '.pgpass'),
    servicefile: join(home, '.pg_service.conf'),
    ...(hasCertificate && hasKey && { sslcert, sslkey }),
    ...(hasRoot && { sslrootcert }),
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * The settings of the service that a URL or `PGSERVICE` names, if it names one.
 * @throws CheckStopped with a skip for a file in Spacelift's container, with a failure for one that is not usable here
 */
export async function serviceSettings(run: Run, variable: VariableName, settings: Settings): Promise<Settings> {
  const { service, servicefile = '' } = settings;
  if (service === undefined) return {};
  if (run.deployment.partyOf(variable) !== 'process') throw new CheckStopped(serviceSkip(variable));
  const text = await readFile(servicefile, 'utf8').catch(() => undefined);
  const found = text === undefined ? undefined : serviceIn(text, service);
  if (found !== undefined) return found;
  throw new CheckStopped(
    fail(`the service that ${variable} uses is not in ${servicefile || 'a service file'}`, {
      expected: 'a section for the service in the service file',
      fix: advice`put the host, user and database into ${variable} itself, or correct service and PGSERVICEFILE`,
      evidence: { variable, parameter: 'service' },
    }),
  );
}

const serviceSkip = (variable: string): Skip =>
  skip(`${variable} uses a service file, which exists only in Spacelift’s container`, {
    fix: advice`put the host, user and database into ${variable} itself`,
    evidence: { variable, parameter: 'service' },
  });

/** An INI file: the settings in the last section of this name (`pgservicefile`). */
function serviceIn(text: string, service: string): Settings | undefined {
  let section: Record<string, string> | undefined;
  let found: Record<string, string> | undefined;
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^\[(.*)\]$/.exec(line) ?? [];
    const [, key, value = ''] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      section = {};
      if (name === service) found = section;
    } else if (key === undefined || section === undefined) return undefined;
    else section[key.trim() === 'dbname' ? 'database' : key.trim()] = value.trim();
  }
  return found;
}

/** The password in the caller's password file, by the first host (`pgpassfile`). */
export async function passwordInFile(url: DatabaseUrl): Promise<string | undefined> {
  const [first] = url.hosts;
  if (first === undefined || url.passwordFile === undefined) return undefined;
  const text = await readFile(url.passwordFile, 'utf8').catch(() => '');
  const wanted = [isSocket(first) ? 'localhost' : first.host, String(first.port), url.database, url.user];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line.startsWith('#')) continue;
    const fields = [...line.matchAll(/((?:\\[\\:]|[^:])*)(?::|$)/g)].map(([, field = '']) =>
      field.replace(/\\([\\:])/g, '$1'),
    );
    const [password] = fields.slice(4);
    // The last match of the pattern is empty, at the end of the line.
    if (fields.length !== (line.endsWith(':') ? 5 : 6) || password === undefined) continue;
    if (wanted.every((value, index) => fields[index] === '*' || fields[index] === value)) return password;
  }
  return undefined;
}
