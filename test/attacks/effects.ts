/** Records what a process does to the world: names looked up, connections, datagrams, programs, files read and written. Loaded first. */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import worker from 'node:worker_threads';

export interface Effect {
  readonly kind: 'lookup' | 'connect' | 'datagram' | 'program' | 'read' | 'write';
  /** A name, `host:port`, a program, a path. */
  readonly what: string;
}

type Called = (args: readonly unknown[]) => unknown;
/** Whatever has functions to be replaced. */
type Holder = Record<string, unknown>;

/** From here on; each effect is a line of JSON in the log, before it happens. */
export function record(log: string): void {
  const { writeSync } = fs;
  const file = fs.openSync(log, 'a');
  const note = (kind: Effect['kind'], whatOf: Called) => (args: readonly unknown[]) => {
    const what = whatOf(args);
    if (what !== undefined) writeSync(file, `${JSON.stringify({ kind, what: String(what) })}\n`);
  };

  for (const holder of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    watch(holder, /^(lookup|lookupService|resolve\w*|reverse)$/, note('lookup', first));
  }
  watch(net.Socket.prototype, /^connect$/, note('connect', targetOf));
  watch(dgram.Socket.prototype, /^connect$/, note('datagram', at(1, 0)));
  watch(dgram.Socket.prototype, /^send$/, note('datagram', addresseeOf));
  watch(childProcess, /^(execFile|spawn|exec)Sync$/, note('program', first));
  watch(
    childProcess.ChildProcess.prototype,
    /^spawn$/,
    note('program', ([options]) => (options as Holder).file),
  );
  watch(worker, /^Worker$/, note('program', first));
  watch(
    process,
    /^(dlopen|execve)$/,
    note('program', ([module, path]) => path ?? module),
  );
  for (const holder of [fs, fs.promises]) {
    watch(
      holder,
      /^open(Sync)?$/,
      note('write', ([path, flags]) => (forWriting(flags) ? path : undefined)),
    );
    watch(
      holder,
      /^open(Sync)?$/,
      note('read', ([path, flags]) => (forWriting(flags) ? undefined : pathOf(path))),
    );
    watch(
      holder,
      LOOKING,
      note('read', ([path]) => pathOf(path)),
    );
    watch(
      holder,
      CHANGING,
      note('write', ([path]) => (typeof path === 'number' ? undefined : path)),
    );
    watch(
      holder,
      /^(rename|link|symlink|copyFile|cp)(Sync)?$/,
      note('write', ([, path]) => path),
    );
  }
  syncBuiltinESMExports();
}

const CHANGING =
  /^(writeFile|appendFile|mkdir|mkdtemp|mkdtempDisposable|rename|rm|rmdir|unlink|truncate|chmod|lchmod|chown|lchown|utimes|lutimes|createWriteStream)(Sync)?$/;

/** Whatever tells something of a file, be it only that it is there. */
const LOOKING =
  /^(readFile|createReadStream|openAsBlob|stat|lstat|statfs|access|exists|readlink|realpath|readdir|opendir|watch|watchFile|copyFile|cp|link|glob)(Sync)?$/;

/** Of a file that is open already, nothing. */
function pathOf(path: unknown): string | undefined {
  if (typeof path === 'number') return undefined;
  return path instanceof URL ? fileURLToPath(path) : String(path);
}

/** Has a function called with the arguments of each of these, then the function itself. */
function watch(holder: object, names: RegExp, called: (args: readonly unknown[]) => void): void {
  const functions = holder as Holder;
  for (const name of Object.getOwnPropertyNames(holder).filter((one) => names.test(one))) {
    const original = functions[name];
    if (typeof original !== 'function') continue;
    functions[name] = new Proxy(original, {
      apply: (target, self, args) => {
        called(args);
        return Reflect.apply(target, self, args);
      },
      construct: (target, args, type) => {
        called(args);
        return Reflect.construct(target, args, type);
      },
    });
  }
}

const first: Called = ([one]) => one;
const at =
  (host: number, port: number): Called =>
  (args) =>
    `${args[host] ?? 'localhost'}:${args[port]}`;

/** Of `connect` in all its forms; Node's own calls have the arguments in a list. */
function targetOf(args: readonly unknown[]): unknown {
  const [head] = args;
  if (Array.isArray(head)) return targetOf(head);
  if (typeof head !== 'object' || head === null) return Number.isNaN(Number(head)) ? head : at(1, 0)(args);
  const { path, host, port } = head as Holder;
  return path ?? `${host ?? 'localhost'}:${port}`;
}

/** Of `send(message[, offset, length][, port][, address])`; without a port it goes where `connect` said. */
function addresseeOf([, ...rest]: readonly unknown[]): unknown {
  const numbers = rest.findIndex((one) => typeof one !== 'number');
  const port = [1, 3].includes(numbers) ? numbers - 1 : undefined;
  return port === undefined ? undefined : `${rest[port + 1]}:${rest[port]}`;
}

function forWriting(flags: unknown = 'r'): boolean {
  if (typeof flags === 'string') return /[wax+]/.test(flags);
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  return typeof flags === 'number' && (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)) !== 0;
}
