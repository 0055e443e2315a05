/** Keeps everything that the process contacts on this machine, whatever a config names. */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0\.0\.0\.0|::)$/;
const isHere = (host: unknown): boolean => host === undefined || LOOPBACK.test(String(host));

type Callback = (...args: unknown[]) => void;
type Any = Record<string, (...args: never[]) => unknown>;

/**
 * Until the returned function is called, other hosts refuse connections, other names do not exist, and datagrams to others
 * are lost.
 */
export function onlyLoopback(): () => void {
  const undo: (() => void)[] = [];
  const replace = (holder: object, name: string, by: (original: Callback) => unknown) => {
    const held = holder as Any;
    const original = held[name];
    held[name] = by(original as unknown as Callback) as never;
    undo.push(() => {
      held[name] = original as never;
      syncBuiltinESMExports();
    });
  };
  const unknown = (name: unknown) =>
    Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', hostname: name });

  replace(
    net.Socket.prototype,
    'connect',
    (original) =>
      function connect(this: net.Socket, ...args: unknown[]) {
        const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
        const options =
          typeof first === 'object' && first !== null ? (first as { host?: unknown; path?: unknown }) : undefined;
        const host = options === undefined ? (typeof second === 'string' ? second : undefined) : options.host;
        if (options?.path != null || isHere(host)) return original.apply(this, args);
        const code = net.isIP(String(host)) === 0 ? 'ENOTFOUND' : 'ECONNREFUSED';
        process.nextTick(() => this.destroy(Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' })));
        return this;
      },
  );
  replace(dns, 'lookup', (original) => (...args: unknown[]) => {
    const callback = args.at(-1) as Callback;
    if (isHere(args[0]) || net.isIP(String(args[0])) !== 0) original(...args);
    else process.nextTick(() => callback(unknown(args[0])));
  });
  replace(
    dns.promises,
    'lookup',
    (original) =>
      (...args: unknown[]) =>
        isHere(args[0]) || net.isIP(String(args[0])) !== 0 ? original(...args) : Promise.reject(unknown(args[0])),
  );
  replace(
    dgram.Socket.prototype,
    'send',
    (original) =>
      function send(this: dgram.Socket, ...args: unknown[]) {
        const host = args.find((arg, index) => index > 0 && typeof arg === 'string');
        if (isHere(host)) original.apply(this, args);
      },
  );
  syncBuiltinESMExports();
  return () => {
    for (const one of undo.reverse()) one();
  };
}
