/** What a hostile server does with a connection. Each dependency gets those in its own language, and those in none. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { errorMessage, int32, message } from '../services/postgres-wire.ts';
import { EVIL, EVIL_HEADER } from './words.ts';

/** What a behavior is spoken in. */
export type Language = 'HTTP' | 'PostgreSQL' | 'MQTT' | 'HTTP/2';

export interface Behavior {
  readonly name: string;
  /** Tried on who speaks it alone; on everybody unless told. */
  readonly of?: Language;
  /** Says no to one operation after another, each of which is then a failure of its own. */
  readonly denies?: true;
  /** `holds` never comes to an end by itself; `floods` sends as fast as it is read; `lies` answers at once. */
  readonly kind: 'holds' | 'floods' | 'lies';
  readonly answer: (socket: Socket) => void;
}

const MIB = 1024 * 1024;
/** Between the drops of a trickle, ms: no idle timeout ever fires. */
const DROP_MS = 15;

type Answer = Behavior['answer'];

/** Waits to be spoken to, as servers of most protocols do; answers every time when it is told. */
const whenSpokenTo =
  (say: (socket: Socket, heard: Buffer) => void, each = false): Answer =>
  (socket) => {
    socket[each ? 'on' : 'once']('data', (heard: Buffer) => say(socket, heard));
    socket.resume();
  };

const says = (...parts: (string | Uint8Array)[]): Answer =>
  whenSpokenTo((socket) => socket.write(Buffer.concat(parts.map((part) => Buffer.from(part)))));

/** Says its beginning, and then the same again for ever, as fast as it is read. */
const pours = (beginning: string | Uint8Array, again: string | Uint8Array): Answer =>
  whenSpokenTo((socket) => {
    const chunk = Buffer.concat(Array(Math.ceil((64 * 1024) / again.length)).fill(Buffer.from(again)));
    const more = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', more).write(beginning);
    more();
  });

const trickles = (beginning: string | Uint8Array, drop: string | Uint8Array): Answer =>
  whenSpokenTo((socket) => {
    socket.write(beginning);
    const timer = setInterval(() => socket.writable && socket.write(drop), DROP_MS);
    socket.on('close', () => clearInterval(timer));
  });

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const head = (length: number | 'chunked', { status = 200, type = 'text/plain', headers = {} }: Page = {}): string =>
  [
    `HTTP/1.1 ${status} Evil`,
    `content-type: ${type}`,
    length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');

/** A whole answer to every request. */
const answers = (body: string | Uint8Array, page: Page = {}): Answer =>
  whenSpokenTo((socket, heard) => {
    // What is left of a body that was announced is no request.
    if (!/^[A-Z]{3,8} \S+ HTTP\/1\.1\r\n/.test(heard.toString('latin1', 0, 65_536))) return;
    const bytes = Buffer.from(body);
    socket.write(Buffer.concat([Buffer.from(head(bytes.length, page)), bytes]));
  }, true);

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const XML = 'application/xml';
const JSON_TYPE = 'application/json';
const xmlError = (code: string, said: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${said}</Message><RequestId>${said}</RequestId><HostId>${said}</HostId></Error>`;
const jsonError = (code: string, said: string): string =>
  JSON.stringify({
    __type: code,
    code,
    message: said,
    Message: said,
    error: { code: 403, status: code, message: said },
  });

/** RFC 9113, section 4.1. */
const frame = (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer => {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
};
const SETTINGS = Buffer.concat([frame(4, 0, 0), frame(4, 1, 0)]);
/** `:status: 200`, from the static table of RFC 7541. */
const OK = frame(1, 4, 1, Buffer.from([0x88]));
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);

const notice = message('N', 'SNOTICE', 'C01000', `M${EVIL}`, Buffer.alloc(1));
const LOGGED_IN = message('R', int32(0));
const version = message('S', 'server_version', `16.4 ${EVIL}`);
const READY = Buffer.concat([LOGGED_IN, version, message('Z', Buffer.from('I'))]);
/** A message of 1 GiB begins. */
const rowOfAGigabyte = Buffer.concat([Buffer.from('D'), int32(1024 * MIB)]);

/** A ClientHello's answer begins, and does not go on. */
const HALF_HELLO = Buffer.from('160303007a0200007603', 'hex');
const TLS_ALERT = Buffer.from('15030300020228', 'hex');

const PAGE = `<html>${EVIL}</html>`;
const CLOSE = { connection: 'close' };
const BOMB = gzipSync(Buffer.alloc(200 * MIB), { level: 1 });
const LAUGHS = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "${'ha'.repeat(50)}">${'bcdefghi'
  .split('')
  .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghi'[index]};`.repeat(10)}">`)
  .join('')}]><ListBucketResult><Name>&i;</Name></ListBucketResult>`;
const DEEP = 200_000;

type More = Pick<Behavior, 'of' | 'denies'>;
const hold = (name: string, answer: Answer, more: More = {}): Behavior => ({ name, kind: 'holds', answer, ...more });
const flood = (name: string, answer: Answer, more: More = {}): Behavior => ({ name, kind: 'floods', answer, ...more });
const lie = (name: string, answer: Answer, more: More = {}): Behavior => ({ name, kind: 'lies', answer, ...more });
const HTTP = { of: 'HTTP' } as const;
const POSTGRES = { of: 'PostgreSQL' } as const;
const MQTT = { of: 'MQTT' } as const;
const HTTP2 = { of: 'HTTP/2' } as const;
const DENIAL = { ...HTTP, denies: true } as const;

export const BEHAVIORS: readonly Behavior[] = [
  hold('accepts and never answers', (socket) => socket.resume()),
  hold('half of an HTTP head', says('HTTP/1.1 200 OK\r\nContent-Le'), HTTP),
  hold('half of an HTTP body', says(head(1000, { type: XML }), '<?xml version="1.0"?><ListBucketRe'), HTTP),
  hold('a head that trickles', trickles('HTTP/1.1 200 OK\r\nx-slow: ', 'a'), HTTP),
  hold('a body that trickles', trickles(head('chunked', { type: JSON_TYPE }), chunk(' ')), HTTP),
  hold('early hints for ever', trickles('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), HTTP),
  hold('willing to speak TLS, and then silent', says('S'), POSTGRES),
  hold('half of a ServerHello', says(HALF_HELLO)),
  hold('half of a CONNACK', says(Buffer.from([0x20])), MQTT),
  hold('half of an error of PostgreSQL’s', says(errorMessage('28P01', 'auth_failed', EVIL).subarray(0, 20)), POSTGRES),
  hold('notices that trickle', trickles('', notice), POSTGRES),
  hold('HTTP/2 that never answers', says(SETTINGS), HTTP2),
  hold(
    'an HTTP/2 answer that trickles',
    trickles(Buffer.concat([SETTINGS, OK]), frame(0, 0, 1, Buffer.alloc(1))),
    HTTP2,
  ),
  hold('logs in, and never answers a statement', says(READY), POSTGRES),

  flood('zeros', pours('', Buffer.alloc(1024))),
  flood('a body of 200 MB', pours(head(200 * MIB, { type: JSON_TYPE }), ' '), HTTP),
  flood('an endless page', pours(head('chunked', { type: 'text/html' }), chunk('<script>'.repeat(128))), HTTP),
  flood('endless XML', pours(`${head('chunked', { type: XML })}${chunk('<a>')}`, chunk('<b>x</b>'.repeat(128))), HTTP),
  flood(
    'an endless error',
    pours(head('chunked', { status: 500, type: XML }), chunk(xmlError('InternalError', 'x'))),
    HTTP,
  ),
  flood('an endless head', pours('HTTP/1.1 200 OK\r\n', 'x-more: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'), HTTP),
  flood('early hints without end', pours('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), HTTP),
  flood('a row of a gigabyte', pours(Buffer.concat([READY, rowOfAGigabyte]), Buffer.alloc(1024)), POSTGRES),
  flood('notices without end', pours(LOGGED_IN, notice), POSTGRES),
  flood(
    'messages without end after a CONNACK',
    pours(Buffer.from([0x20, 2, 0, 0]), Buffer.from('3005000161626364', 'hex')),
    MQTT,
  ),
  flood('HTTP/2 pings', pours(SETTINGS, frame(6, 0, 0, Buffer.alloc(8))), HTTP2),
  flood('HTTP/2 data', pours(Buffer.concat([SETTINGS, OK]), frame(0, 0, 1, Buffer.alloc(16_384))), HTTP2),
  flood(
    'HTTP/2 headers without end',
    pours(
      Buffer.concat([SETTINGS, frame(1, 0, 1, Buffer.from([0x88]))]),
      frame(9, 0, 1, literal('x-more', 'a'.repeat(100))),
    ),
    HTTP2,
  ),
  flood(
    'a compressed body of 200 MB',
    answers(BOMB, { headers: { 'content-encoding': 'gzip' }, type: JSON_TYPE }),
    HTTP,
  ),

  lie('an XML error with control characters', answers(xmlError(EVIL, EVIL), { status: 403, type: XML }), DENIAL),
  lie(
    'a known XML error with control characters',
    answers(xmlError('AccessDenied', EVIL), { status: 403, type: XML }),
    DENIAL,
  ),
  lie(
    'a JSON error with control characters',
    answers(jsonError(EVIL, EVIL), { status: 400, type: JSON_TYPE, headers: { 'x-amzn-errortype': EVIL_HEADER } }),
    DENIAL,
  ),
  lie(
    'a known JSON error with control characters',
    answers(jsonError('AccessDeniedException', EVIL), { status: 403, type: JSON_TYPE }),
    DENIAL,
  ),
  lie(
    'hostile headers',
    answers('', {
      status: 403,
      headers: {
        server: EVIL_HEADER,
        'x-minio-error-code': EVIL_HEADER,
        'x-amz-bucket-region': EVIL_HEADER,
        'x-ms-error-code': EVIL_HEADER,
        'x-amz-version-id': EVIL_HEADER,
        'www-authenticate': EVIL_HEADER,
        date: EVIL_HEADER,
      },
    }),
    HTTP,
  ),
  lie(
    'a page, to whatever is said',
    whenSpokenTo((socket) =>
      socket.end(`${head(Buffer.byteLength(PAGE), { type: 'text/html', headers: CLOSE })}${PAGE}`),
    ),
  ),
  lie('a page as XML', answers(`<html>${EVIL}</html>`, { type: XML }), HTTP),
  lie('an error page', answers(`<html>${EVIL}</html>`, { status: 502, type: 'text/html' }), HTTP),
  lie('nothing at all', answers(''), HTTP),
  lie('JSON that ends too early', answers('{"a": [', { type: JSON_TYPE }), HTTP),
  lie('null', answers('null', { type: JSON_TYPE }), HTTP),
  lie('an array', answers('[[null, 1e999, {}], "x"]', { type: JSON_TYPE }), HTTP),
  lie(
    'JSON about prototypes',
    answers('{"__proto__": {"items": [1]}, "constructor": null, "items": "x"}', { type: JSON_TYPE }),
    HTTP,
  ),
  lie('deep JSON', answers(`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, { type: JSON_TYPE }), HTTP),
  lie('deep XML', answers(`<a>${'<b>'.repeat(20_000)}`, { type: XML }), HTTP),
  lie('a billion laughs', answers(LAUGHS, { type: XML }), HTTP),
  lie('a redirect to itself', answers('', { status: 307, headers: { location: '/again' } }), HTTP),
  lie(
    'a request for other credentials',
    answers('', { status: 407, headers: { 'proxy-authenticate': EVIL_HEADER } }),
    HTTP,
  ),
  lie('a status that there is not', answers('', { status: 999 }), HTTP),
  lie('an error of PostgreSQL’s', says(errorMessage('28P01', EVIL, EVIL))),
  lie('an error without a code', says(errorMessage(EVIL, EVIL, EVIL)), POSTGRES),
  lie('SSH', (socket) => socket.resume().write(`SSH-2.0-${EVIL}\r\n`)),
  lie('a TLS alert', says(TLS_ALERT)),
  lie('HTTP/2 that goes away', says(SETTINGS, frame(7, 0, 0, Buffer.concat([Buffer.alloc(8), Buffer.from(EVIL)])))),
  lie(
    'a gRPC error with control characters',
    says(
      SETTINGS,
      frame(
        1,
        5,
        1,
        Buffer.concat([Buffer.from([0x88]), literal('grpc-status', EVIL_HEADER), literal('grpc-message', EVIL_HEADER)]),
      ),
    ),
    HTTP2,
  ),
  lie('a CONNACK with a reason', says(Buffer.from([0x20, 2, 0, 0xfe])), MQTT),
  lie(
    'a reset',
    whenSpokenTo((socket) => (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy())),
  ),
  lie(
    'hanging up',
    whenSpokenTo((socket) => socket.end()),
  ),
];
