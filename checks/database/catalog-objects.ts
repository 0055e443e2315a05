/** Catalogs, views and functions that a statement uses, and which of them an error is about. */
import { lookup } from '../../src/util/lookup.ts';

export interface CatalogObject {
  readonly name: string;
  readonly isFunction: boolean;
}

/** Functions that views call with the reader's own permission. */
const BENEATH: Readonly<Record<string, string>> = {
  pg_settings: 'pg_show_all_settings',
  pg_stat_activity: 'pg_stat_get_activity',
};

/** Only what the statement itself uses: whatever else a server names is not repeated. */
export function objectsIn(sql: string): CatalogObject[] {
  const functions = [...sql.matchAll(/\b([a-z_]+)\(/g)].map(([, name = '']) => name);
  const relations = [...sql.matchAll(/\bpg_[a-z_]+\b(?!\()/g)].map(([name]) => name);
  const beneath = relations.flatMap((name) => lookup(BENEATH, name) ?? []);
  return [
    ...relations.map((name) => ({ name, isFunction: false })),
    ...[...functions, ...beneath].map((name) => ({ name, isFunction: true })),
  ];
}

/** Whether a message contains a name as a word: names are the same in all of the server's languages. */
export const mentions = (text: string, name: string): boolean =>
  text
    .toLowerCase()
    .split(/[^\w.]+/)
    .includes(name.toLowerCase());
