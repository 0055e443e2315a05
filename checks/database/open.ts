/** The sessions of a run: one per URL, opened on first use and closed when the run ends. */
import { isDeepStrictEqual } from 'node:util';
import type { ValueName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { CheckStopped, type Issue, type Outcome } from '../../src/outcome/outcome.ts';
import { openSession } from './connect.ts';
import { ConnectError } from './connect-error.ts';
import { environmentSettings, passwordInFile, serviceSettings, stopIfUnknown } from './driver-environment.ts';
import { type Driver, NEWER, OLDER } from './drivers.ts';
import { scramPassword } from './password.ts';
import { isServerError } from './server-error.ts';
import type { Session } from './session.ts';
import { type DatabaseUrl, parseDatabaseUrl, settingsIn } from './url.ts';
import { UrlError } from './url-error.ts';

type Refused = { readonly outcome: Exclude<Outcome, { status: 'pass' }> };

/** `warning`: another version of the driver doesn't get this session. */
type Works = { readonly session: Session; readonly warning?: Issue };

/** A session, or why there is none. */
export type Opened = Works | Refused;

export const openDatabase = oncePerRun((run) => open(run, 'DATABASE_URL'));
export const openReadOnly = oncePerRun((run) => open(run, 'DATABASE_READ_ONLY_URL'));

/** A URL as one version of the driver reads it, or why it does not accept it. */
type Reading = { readonly driver: Driver } & (
  | { readonly url: DatabaseUrl }
  | (Refused & { readonly fault?: UrlError })
);

/** As both versions of the driver would: one session if they read the URL alike, otherwise one each. */
async function open(run: Run, variable: ValueName): Promise<Opened> {
  const text = await notStopped(() => run.require(variable));
  if (typeof text !== 'string') return text;
  const older = await read(run, text, variable, OLDER);
  const newer = await read(run, text, variable, NEWER);
  if (isDeepStrictEqual(essentials(older), essentials(newer))) return openReading(run, newer, variable);
  const opened = { older: await openReading(run, older, variable), newer: await openReading(run, newer, variable) };
  return compare(run, text, variable, { older, newer }, opened);
}

async function notStopped<T>(ask: () => T | Promise<T>): Promise<T | Refused> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CheckStopped) return { outcome: error.outcome };
    throw error;
  }
}

async function read(run: Run, text: string, variable: ValueName, driver: Driver): Promise<Reading> {
  try {
    const environment = await environmentSettings(run, variable, driver);
    const service = await serviceSettings(run, variable, { ...environment, ...settingsIn(text, driver) });
    const url = parseDatabaseUrl(text, driver, { ...environment, ...service });
    return { driver, url: await withPassword(run, url, variable, driver) };
  } catch (error) {
    if (error instanceof CheckStopped) return { driver, outcome: error.outcome };
    if (!(error instanceof UrlError)) throw error;
    const { urlOutcome } = await import('./url-messages.ts');
    return { driver, outcome: urlOutcome(error, variable), fault: error };
  }
}

/** With the password from the password file, which is opened only for the caller's own URL. */
async function withPassword(run: Run, url: DatabaseUrl, variable: ValueName, driver: Driver): Promise<DatabaseUrl> {
  if (url.password !== undefined) return url;
  stopIfUnknown(run, variable);
  if (run.deployment.partyOf(variable) !== 'process') return url;
  const password = (await passwordInFile(url)) || undefined;
  if (password === undefined) return { ...url, passwordFile: undefined };
  run.deployment.conceal(password);
  return { ...url, password, scramPassword: scramPassword(password, driver) };
}

/** What matters of a reading; the name of the application in the server's views does not. */
function essentials(reading: Reading): unknown {
  if ('outcome' in reading) return reading.outcome;
  const { application_name: _, ...settings } = reading.url.settings;
  return { ...reading.url, settings };
}

async function openReading(run: Run, reading: Reading, variable: ValueName): Promise<Opened> {
  if ('outcome' in reading) return reading;
  const { url } = reading;
  try {
    return { session: await openAnother(run, url, variable) };
  } catch (error) {
    if (error instanceof CheckStopped) return { outcome: error.outcome };
    if (!(error instanceof ConnectError)) throw error;
    const { connectOutcome } = await import('./messages.ts');
    return { outcome: await connectOutcome(run, error, url, variable) };
  }
}

type Both<T> = { readonly older: T; readonly newer: T };

const UNKNOWN_VERSION =
  'Versions of Spacelift’s driver, pgx, read this URL differently, and the version in your Spacelift is not known here.';

async function compare(
  run: Run,
  text: string,
  variable: ValueName,
  { older, newer }: Both<Reading>,
  opened: Both<Opened>,
): Promise<Opened> {
  const { differenceOf, worksOnlyWith } = await import('./driver-differences.ts');
  const about = {
    text,
    variable,
    password: [older, newer].flatMap((reading) => ('url' in reading ? [reading.url.password] : []))[0],
  };
  const [first, second] = [opened.older, opened.newer];
  if ('outcome' in first && 'outcome' in second) {
    // What can't be tested here is no failure; a password that is not percent-encoded is the root of any other failure.
    const isUnescaped = 'outcome' in newer && newer.fault?.kind === 'unescaped';
    return isUnescaped || second.outcome.status === 'skip' ? second : first;
  }
  if ('outcome' in first) return partly(second as Works, first, worksOnlyWith(variable, newer.driver, older.driver));
  if ('outcome' in second) return partly(first, second, worksOnlyWith(variable, older.driver, newer.driver));
  if (isDeepStrictEqual(await resultOf(run, first), await resultOf(run, second))) return second;
  const says = [older, newer].map(({ driver }, index) => `${driver.name}: ${sessionText([first, second][index])}.`);
  const title = `the drivers ${older.driver.name} and ${newer.driver.name} connect differently with ${variable}`;
  return { ...second, warning: differenceOf(about, title, [UNKNOWN_VERSION, ...says].join(' ')) };

  function partly(works: Works, fails: Refused, title: string): Opened {
    const detail = `${UNKNOWN_VERSION} With the other version: ${fails.outcome.title}.`;
    return { ...works, warning: differenceOf(about, title, detail) };
  }
}

/** The settings that the client set, as the server understood them: it reads some values in several spellings. */
const SETTINGS = `SELECT name, setting FROM pg_settings WHERE source = 'client' AND name <> 'application_name' ORDER BY name`;

async function resultOf(run: Run, { session }: Works): Promise<unknown> {
  const { url, tls } = session;
  const { address, port } = session.endpoint;
  const settings = await session.query(run, SETTINGS).catch((error) => {
    if (isServerError(error)) return url.settings;
    throw error;
  });
  return { address, port, user: url.user, database: url.database, tls, settings };
}

const sessionText = (opened: Works | undefined): string => {
  if (opened === undefined) return '';
  const { endpoint, url, tls } = opened.session;
  return `role "${url.user}" in database "${url.database}" at ${endpoint.host}:${endpoint.port} ${tls === undefined ? 'without' : 'over'} TLS`;
};

/**
 * Opens an additional session, which is closed when the run ends at the latest.
 * @throws ConnectError, CheckStopped
 */
export async function openAnother(run: Run, url: DatabaseUrl, variable: ValueName): Promise<Session> {
  const session = await openSession(run, url, variable);
  session.variable = variable;
  run.onEnd(() => session.close());
  return session;
}
