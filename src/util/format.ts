/** Formats amounts and times for people. */

/** Milliseconds as a rounded duration without a sign: "2 h", "16 min", "30 s". */
export function span(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** "1 message", "2 messages". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first of some texts, with an ellipsis in place of the rest. */
export const firstOf = (texts: readonly string[], most: number, separator = ', '): string =>
  texts.slice(0, most).join(separator) + (texts.length > most ? `${separator}…` : '');

/** Whether a text is a time that exists, as `toISOString` writes it. */
export function isTimestamp(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** "2026-01-31", in UTC. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

/** "20260131T235959Z", in UTC: the basic format of ISO 8601 in signatures of AWS and Google. */
export const basicTime = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '');
