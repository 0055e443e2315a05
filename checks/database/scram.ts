/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) with the password exactly as given, because pgx prepares passwords differently from
 * the client `pg`.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ServerError } from './server-error.ts';

const derive = promisify(pbkdf2);

/** The limit of pgx since 5.10. */
const MOST_ITERATIONS = 10_000_000;
const KEY_BYTES = 32;

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const protocolError = (): ServerError => new ServerError({ kind: 'method', method: 'SASL' });

/** The attributes of a message: `r=…,s=…,i=…`. */
const attributesOf = (message: string): Map<string, string> =>
  new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));

export class ScramLogin {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS';
  /** The client's first message. */
  readonly first: string;
  readonly #binding: string;
  readonly #nonce = randomBytes(18).toString('base64');
  readonly #password: string;
  #signature: Buffer | undefined;

  /** @param certificateHash binds the login to the TLS connection (RFC 5929, `tls-server-end-point`) */
  constructor(password: string, certificateHash: Buffer | undefined) {
    this.#password = password;
    this.mechanism = certificateHash === undefined ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS';
    const header = certificateHash === undefined ? 'n,,' : 'p=tls-server-end-point,,';
    this.#binding = Buffer.concat([Buffer.from(header), certificateHash ?? Buffer.alloc(0)]).toString('base64');
    this.first = `${header}n=,r=${this.#nonce}`;
  }

  /** The client's last message. @throws ServerError of kind `method` */
  async last(serverFirst: string): Promise<string> {
    const server = attributesOf(serverFirst);
    const [nonce = '', salt = '', rounds = ''] = ['r', 's', 'i'].map((name) => server.get(name));
    const iterations = /^\d{1,9}$/.test(rounds) ? Number(rounds) : 0;
    const fresh = nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length;
    if (!fresh || salt === '' || iterations < 1 || iterations > MOST_ITERATIONS) throw protocolError();
    const salted = await derive(this.#password, Buffer.from(salt, 'base64'), iterations, KEY_BYTES, 'sha256');
    const bare = `c=${this.#binding},r=${nonce}`;
    const messages = `n=,r=${this.#nonce},${serverFirst},${bare}`;
    const clientKey = hmac(salted, 'Client Key');
    const proof = hmac(createHash('sha256').update(clientKey).digest(), messages).map(
      (byte, index) => byte ^ (clientKey[index] ?? 0),
    );
    this.#signature = hmac(hmac(salted, 'Server Key'), messages);
    return `${bare},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** Whether the server knows the password too. @throws ServerError of kind `method` */
  verify(serverLast: string): void {
    const signature = Buffer.from(attributesOf(serverLast).get('v') ?? '', 'base64');
    const expected = this.#signature;
    if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw protocolError();
  }
}
