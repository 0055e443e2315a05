/** Looks up a key from outside input, without finding inherited properties such as `constructor`. */
export const lookup = <T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
