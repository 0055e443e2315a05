/** Translates the errors of the client `pg`. */
import { NetworkError, toNetworkError } from '../../src/net/network-error.ts';
import { type CatalogObject, mentions } from './catalog-objects.ts';
import { poolerError } from './pooler-errors.ts';
import { ServerError } from './server-error.ts';
import type { DatabaseUrl } from './url.ts';

/** Errors that only the message distinguishes: PostgreSQL's function is the same for all. */
const REASONS = {
  'no login': /is not permitted to log in$/,
  rejected: /^pg_hba\.conf rejects /,
  certificate: /certifi|zertifi/i,
};

const reasonIn = (text: string): string | undefined =>
  Object.entries(REASONS).find(([, pattern]) => pattern.test(text))?.[0];

/** SQLSTATEs of errors about a setting: unknown, a wrong value, not allowed, not now, a wrong name, wrong `options`. */
const ABOUT_SETTINGS = ['42704', '22023', '42501', '55P02', '42602', '42601', '08P01', '0A000'];

/** The settings in the startup message: the parameters, and those within `options` (`-c name=value`, `--name=value`). */
const namesIn = (settings: Readonly<Record<string, string>>): string[] => [
  ...Object.keys(settings),
  ...[...(settings.options ?? '').matchAll(/(?:^|\s)(?:-c\s*|--)([\w.-]+)\s*=/g)].map(([, name = '']) =>
    name.replaceAll('-', '_'),
  ),
];

/** The setting that an error is about; its message may be localized, but names the setting. */
function settingIn(code: string, text: string, settings: Readonly<Record<string, string>>): string | undefined {
  if (!ABOUT_SETTINGS.includes(code)) return undefined;
  const named = namesIn(settings).find((name) => mentions(text, name));
  return named ?? (code === '42601' && settings.options !== undefined ? 'options' : undefined);
}

interface Asked {
  /** In the startup message. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Used by the statement. */
  readonly objects?: readonly CatalogObject[];
  /** Whether the server has asked for authentication. */
  readonly asked?: boolean;
}

/** Translates an error from `pg` by its code; `undefined` for any other error. */
export function refusalOf(
  error: unknown,
  url: Pick<DatabaseUrl, 'user' | 'database'>,
  { settings = {}, objects = [], asked = true }: Asked = {},
): ServerError | NetworkError | undefined {
  if (error instanceof ServerError || error instanceof NetworkError) return error;
  const { code, routine, message } = error as { code?: unknown; routine?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    const raisedBy = typeof routine === 'string' ? /^\w{1,64}$/.exec(routine)?.[0] : undefined;
    const pooler = poolerError({ code, routine: raisedBy, text, asked }, url);
    if (pooler !== undefined) return new ServerError(pooler);
    return new ServerError({
      kind: 'sql',
      code,
      reason: reasonIn(text) ?? raisedBy,
      setting: settingIn(code, text, settings),
      object: objects.find(({ name }) => mentions(text, name)),
    });
  }
  if (text.startsWith('SASL')) return new ServerError({ kind: 'method', method: 'SASL' });
  // The error that `pg` throws when the connection closes unexpectedly.
  const isBare = Object.getPrototypeOf(error) === Error.prototype && code === undefined;
  return toNetworkError(error) ?? (isBare ? new NetworkError('closed') : undefined);
}
