/**
 * The form of a password that SCRAM uses. PostgreSQL, and psql, prepare it by SASLprep (RFC 4013), which replaces
 * compatibility characters (`²` by `2`); pgx by the profile OpaqueString of PRECIS (RFC 8265, 4.2), which keeps them.
 */
import type { Driver } from './drivers.ts';
import { hasUnassigned } from './unicode-3-2.ts';

/** Like pgx (`pgconn/auth_scram.go`). */
export function scramPassword(password: string, { keepsNewCharacters }: Pick<Driver, 'keepsNewCharacters'>): string {
  // Both profiles keep ASCII as it is.
  if (/^[ -~]+$/.test(password)) return password;
  if (keepsNewCharacters && hasUnassigned(password)) return password;
  return opaqueString(password) ?? password;
}

/** Whether PostgreSQL stores another password than pgx sends: the login then fails, though psql logs in. */
export const isChangedByServer = (password: string, sent: string): boolean => saslprep(password) !== sent;

/** RFC 8265, 4.2.2: spaces become U+0020, then NFC; `undefined` for a password with characters that are not allowed. */
function opaqueString(password: string): string | undefined {
  const prepared = password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  return prepared === '' || DISALLOWED.test(prepared) ? undefined : prepared;
}

/**
 * RFC 8264, 9: what FreeformClass does not allow: control, unassigned, private-use and ignorable characters, old Hangul
 * Jamo; and characters that are allowed in some contexts only, which are taken as not allowed.
 */
const DISALLOWED =
  /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\u00b7\u0375\u05f3\u05f4\u30fb\u0660-\u0669\u06f0-\u06f9]/u;

/** RFC 3454: B.1 is removed, C.1.2 becomes a space, then NFKC; without the prohibitions, as PostgreSQL keeps such passwords. */
function saslprep(password: string): string {
  return password
    .replace(/\u034f|\u200d|\p{Variation_Selector}|[\u00ad\u1806\u200b\u200c\u2060\ufeff]/gu, '')
    .replace(/\p{Zs}/gu, ' ')
    .normalize('NFKC');
}
