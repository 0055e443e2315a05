/** One line of the log: safe to print, and bounded. */
import { maskTokens } from '../../config/logins.ts';
import type { Redact } from '../../config/redact.ts';
import { neutralize } from '../../report/neutralize.ts';
import { escapeControls } from '../../report/sanitize.ts';
import type { TraceEvent } from '../../util/trace.ts';

/** Never throws: a log must not end the run. */
export type Log = (event: TraceEvent) => void;

/** In characters. */
const LONGEST = 300;
/** Before redaction, in characters: no statement or URL of this tool is longer, and each one is searched for secrets. */
const MOST_TEXT = 16_384;

/** @param now since the start of the log, ms */
export function lineOf(redact: Redact, now: number, { kind, what, result, ms }: TraceEvent): string {
  const took = ms === undefined ? '' : ` in ${Math.round(ms)} ms`;
  const ended = result === undefined ? '' : `${result}${took}: `;
  const safe = escapeControls(maskTokens(redact(`${ended}${what}`.slice(0, MOST_TEXT)))).replace(/\s+/g, ' ');
  const line = `+${String(Math.round(now)).padStart(6)} ms  ${kind.padEnd(4)}  ${safe}`;
  const cut = line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1).toWellFormed()}…`;
  return `${neutralize(cut, 'text')}\n`;
}

/** A handler for a channel: an error in it would end the process. */
export const quietly =
  <T>(handle: (message: T) => void) =>
  (message: unknown): void => {
    try {
      handle(message as T);
    } catch {
      // A line is missing.
    }
  };

/** In ms. */
export const since = (began: number): number => performance.now() - began;

/** An error without its message, which can contain anything: its code, or its name. */
export function wordOf(error: unknown): string {
  const { code, kind, name } = (error ?? {}) as { code?: unknown; kind?: unknown; name?: unknown };
  const word = [code, kind, name].find((one) => typeof one === 'string' && /^[\w .-]{1,60}$/.test(one));
  return typeof word === 'string' ? word : 'error';
}
