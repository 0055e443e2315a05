/** The first exchange of MQTT, byte by byte, since the server may not be a broker at all. */

/** Protocol levels: 4 is MQTT 3.1.1, 5 is MQTT 5. */
export type Level = 4 | 5;

/**
 * A CONNECT with a clean session and without credentials or a will (MQTT 3.1.1 and 5, section 3.1).
 * @param clientId at most 100 ASCII characters
 */
export function connectPacket(clientId: string, level: Level): Buffer {
  const cleanSession = 0x02;
  // 10 s is also a line feed, which makes a server that reads lines, such as Go's HTTP server, respond immediately.
  const keepAlive = [0x00, 0x0a];
  const properties = level === 5 ? [0] : [];
  const body = [...withLength('MQTT'), level, cleanSession, ...keepAlive, ...properties, ...withLength(clientId)];
  return Buffer.from([0x10, body.length, ...body]);
}

/** A DISCONNECT: the broker need not report a client that vanished (section 3.14; in MQTT 5 the reason may be omitted). */
export const DISCONNECT = Buffer.from([0xe0, 0x00]);

const withLength = (text: string): number[] => [text.length >> 8, text.length & 0xff, ...Buffer.from(text, 'ascii')];

/** The meaning of the first bytes of a response: a CONNACK with its code, something else, or too few bytes to tell. */
export type Answer = { readonly code: number; readonly version: '3.1.1' | '5' } | 'other' | 'incomplete';

/** Reads a CONNACK (section 3.2): fixed header, remaining length, flags, code. */
export function readConnack(bytes: Buffer): Answer {
  const [type, length] = bytes;
  // Two in MQTT 3.1.1; at least three in MQTT 5, which adds properties.
  if ((type !== undefined && type !== 0x20) || (length !== undefined && length < 2)) return 'other';
  let at = 1;
  while (at < 4 && ((bytes[at] ?? 0) & 0x80) !== 0) at++;
  const [flags, code] = [bytes[at + 1], bytes[at + 2]];
  if (flags !== undefined && flags > 1) return 'other';
  if (code === undefined) return 'incomplete';
  return { code, version: bytes[1] === 2 ? '3.1.1' : '5' };
}
