/** Does what the fixes of a report say, as they are printed. */
import type { Finding } from '../../../src/engine/finding.ts';
import type { FixKind, FixLanguage } from '../../../src/outcome/fix.ts';
import type { PostgresServer } from '../../services/postgres.ts';
import type { Estate } from '../../support/estate.ts';
import type { Administrator } from './administrator.ts';
import type { Clients } from './clients.ts';
import { type Config, edit, heldBy } from './config.ts';
import { readSql } from './psql.ts';
import { shellWord } from './shell-words.ts';
import { follow, type Session } from './steps.ts';

/** What there is to paste. */
export interface PrintedFix {
  readonly text: string;
  readonly kind: Exclude<FixKind, 'advice'>;
  readonly language: FixLanguage | undefined;
}

/** The broken installation, and who repairs it. */
export interface Scene {
  readonly config: Config;
  readonly estate: Estate;
  readonly database: PostgresServer;
  readonly who: Administrator;
  readonly clients: Clients;
}

/** The fixes that can be pasted, each once. */
export function pasteable(findings: readonly Finding[]): PrintedFix[] {
  const all = findings.flatMap(({ status, fix, fixKind, fixLanguage }): PrintedFix[] =>
    (status === 'fail' || status === 'warn') && fix !== undefined && fixKind !== undefined && fixKind !== 'advice'
      ? [{ text: fix, kind: fixKind, language: fixLanguage }]
      : [],
  );
  return [...new Map(all.map((fix) => [fix.text, fix])).values()];
}

/** The programs that the commands of a fix start, each alone and with its first argument: `aws`, `aws sso`. */
export const programsIn = ({ text, language }: PrintedFix): string[] =>
  language !== 'sh'
    ? []
    : text.split(/\n|\| |\$\(/).flatMap((part) => /^(?!#)([\w-]+)(?: [\w-]+)?/.exec(part)?.slice(0, 2) ?? []);

/** @returns the config afterward. @throws Error if the fix can't be executed */
export async function execute(fix: PrintedFix, scene: Scene): Promise<Config> {
  if (fix.kind === 'setting') return applySetting(fix.text, scene.config);
  if (fix.language === 'sql') return runSql(fix.text, scene);
  const output = await scene.clients.shell(fix.text, scene.estate);
  const comments = [...fix.text.matchAll(/^# (.*)$/gm)].map(([, comment = '']) => comment);
  return followAll(comments, { server: scene.database, created: undefined, output, config: scene.config });
}

function applySetting(text: string, config: Config): Config {
  const [, name = '', value = ''] = /^set ([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new Error(`not a setting: ${text}`);
  return edit(config, name, shellWord(value));
}

/** In the database that the config names; while there is none, where an administrator is otherwise. */
async function runSql(text: string, { config, database: server, who, clients }: Scene): Promise<Config> {
  const pasted = readSql(text);
  const statements = pasted.flatMap(({ kind, text: statement }) => (kind === 'statement' ? [statement] : []));
  const { pathname } = new URL(heldBy(config, 'DATABASE_URL') ?? '');
  await clients.sql(text, { server, who, database: decodeURIComponent(pathname.slice(1)) });
  const created = statements.flatMap((statement) => nameIn(statement) ?? []).at(-1);
  const comments = pasted.flatMap(({ kind, text: comment }) => (kind === 'comment' ? [comment] : []));
  return followAll(comments, { server, created, output: '', config });
}

async function followAll(comments: readonly string[], session: Session): Promise<Config> {
  let { config } = session;
  for (const comment of comments) config = await follow({ ...session, config }, comment);
  return config;
}

function nameIn(statement: string): string | undefined {
  const [, quoted, plain] = /^CREATE DATABASE (?:"((?:[^"]|"")+)"|(\w+))/i.exec(statement) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain;
}
