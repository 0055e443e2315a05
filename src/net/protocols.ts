/** Recognizes protocols by the first bytes that a server sends: what listens on a wrong port. */

const BEGINNINGS = {
  HTTP: ['HTTP/', '<!DOCTYPE', '<!doctype', '<html', '<HTML'],
  SSH: ['SSH-'],
  TLS: ['\x15\x03'],
  'SMTP or FTP': ['220 ', '220-'],
  AMQP: ['AMQP'],
  Redis: ['-ERR', '-NOAUTH', '-DENIED', '-NOPERM', '-LOADING', '-MASTERDOWN', '-MISCONF'],
  memcached: ['ERROR\r\n'],
} as const satisfies Record<string, readonly string[]>;

export type Protocol = keyof typeof BEGINNINGS | 'MySQL' | 'PostgreSQL';

/** A packet of type 10 with the server's version (MySQL, "Protocol::HandshakeV10"). */
const MYSQL = /^.{4}\n\d+\.\d+/s;
/** All of the bytes that matter. */
const LONGEST = 64;

/** @param bytes the first ones of a response; only as many as needed are read */
export function protocolOf(bytes: Buffer): Protocol | 'unknown' | 'incomplete' {
  const text = bytes.toString('latin1', 0, LONGEST);
  if (MYSQL.test(text)) return 'MySQL';
  let incomplete = text === '';
  for (const [protocol, beginnings] of Object.entries(BEGINNINGS)) {
    for (const beginning of beginnings) {
      if (text.startsWith(beginning)) return protocol as Protocol;
      incomplete ||= beginning.startsWith(text);
    }
  }
  return incomplete ? 'incomplete' : 'unknown';
}

/** A message that makes a silent server speak, and how its response is read. */
export interface Question {
  readonly say: Buffer;
  read(bytes: Buffer): Protocol | 'unknown' | 'incomplete';
}

/** `SSLRequest` (PostgreSQL manual, 55.7): the response is one letter, or an error message. */
export const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** What servers answer that wait for the client, and do not understand what it said first. */
export const QUESTIONS: readonly Question[] = [
  // Redis reads it as its command GET without a key.
  { say: Buffer.from('GET / HTTP/1.0\r\n\r\n'), read: protocolOf },
  {
    say: SSL_REQUEST,
    read: (bytes) => (bytes.length === 1 && /[SN]/.test(bytes.toString('latin1')) ? 'PostgreSQL' : protocolOf(bytes)),
  },
];
