/** Reads files: limited in size; text is UTF-8 only. */
import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import { InputError } from '../entry.ts';

const MIB = 1024 * 1024;
/** Far more than any config. */
export const LARGEST_MIB = 8;
/** In bytes. */
export const LARGEST = LARGEST_MIB * 1024 * 1024;
/** For plans and states of Terraform and lists of Kubernetes, of which most is left out before they are parsed. */
const LARGEST_REDUCED_MIB = 64;
/** In bytes: enough for most configs. */
const FIRST = 64 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'a directory, expected a file',
  ENAMETOOLONG: 'no such file: the name is too long',
  ELOOP: 'no such file: too many levels of symbolic links',
};

/** When reading must be finished. */
export interface Deadline {
  readonly timeoutMs: number;
  /** In `performance.now()` time. */
  readonly at: number;
}

export const deadlineIn = (timeoutMs: number): Deadline => ({ timeoutMs, at: performance.now() + timeoutMs });

/** The maximum delay of a timer. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * Streams the file, so that pipes and devices are limited too. A pipe without a writer is awaited without a thread, because
 * a thread would keep the process alive after the deadline.
 */
export function bytesOf(path: string): AsyncIterable<Uint8Array> & { readonly size?: number } {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stat = fstatSync(fd);
  if (stat.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  return Object.assign(createReadStream(path, { fd, highWaterMark: MIB }), { size: stat.size });
}

/**
 * @param file its name in messages
 * @throws InputError
 */
export async function readBytes(
  file: string,
  chunks: () => AsyncIterable<Uint8Array>,
  { timeoutMs, at }: Deadline = deadlineIn(FOR_EVER_MS),
): Promise<Buffer<ArrayBuffer>> {
  let store = new ArrayBuffer(FIRST);
  let size = 0;
  let most = LARGEST_MIB;
  let timer: NodeJS.Timeout | undefined;
  let source: AsyncIterable<Uint8Array> & { readonly size?: number; destroy?: () => void };
  const late = new Promise<never>((_, reject) => {
    const over = () => reject(new InputError(`${file}: not fully read within ${timeoutMs / 1000} s (--timeout)`));
    timer = setTimeout(over, Math.min(FOR_EVER_MS, Math.max(0, at - performance.now())));
  });
  try {
    source = chunks();
    // A large file is read into one buffer, because a buffer that grows is copied.
    const expected = Math.min(source.size ?? 0, LARGEST_REDUCED_MIB * MIB);
    if (expected > FIRST) store = new ArrayBuffer(expected);
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await Promise.race([iterator.next(), late]);
        if (done === true) return Buffer.from(store, 0, size);
        const from = size;
        size += value.byteLength;
        if (
          size > most * MIB &&
          most === LARGEST_MIB &&
          canBeReduced(from === 0 ? value : new Uint8Array(store, 0, from))
        )
          most = LARGEST_REDUCED_MIB;
        if (size > most * MIB) throw tooLarge(file, most);
        // The old buffer does not stay in memory.
        if (size > store.byteLength) store = store.transfer(Math.max(size, Math.min(2 * store.byteLength, most * MIB)));
        new Uint8Array(store).set(value, from);
      }
    } finally {
      // Not awaited: a source that does not respond does not end either.
      Promise.resolve(iterator.return?.()).catch(() => {});
      source.destroy?.();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    const several = code === 'ENOENT' && file.includes(',') ? '; repeat -f for each file' : '';
    throw new InputError(`${file}: ${REASONS[code ?? ''] ?? `can't be read${code ? ` (${code})` : ''}`}${several}`);
  } finally {
    clearTimeout(timer);
    late.catch(() => {});
  }
}

const startOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 1024)).toString();

/** Whether a file begins like a JSON object. */
export const isJsonObject = (bytes: Uint8Array): boolean => /^\ufeff?\s*\{/.test(startOf(bytes));
/** Whether a file begins like Kubernetes objects in YAML, as kubectl prints them. */
export const isKubernetesYaml = (bytes: Uint8Array): boolean =>
  /^(?:---\s+)?(?:apiVersion|kind|items):/.test(startOf(bytes));

const canBeReduced = (bytes: Uint8Array): boolean => isJsonObject(bytes) || isKubernetesYaml(bytes);

export const tooLarge = (file: string, mib = LARGEST_MIB): InputError =>
  new InputError(
    `${file}: larger than ${mib} MiB, the maximum${mib === LARGEST_MIB ? '' : `; if it is a plan, leave out what is not needed: tofu show -json plan.out | jq -c 'del(.prior_state, .planned_values.root_module)' | spacelift-preflight -f -`}`,
  );

/**
 * The text; the bytes are freed, because the text is as large.
 * @throws InputError
 */
export function decode(file: string, bytes: Buffer<ArrayBuffer>): string {
  try {
    return decoded(file, bytes);
  } finally {
    // Small ones can be in a buffer with others.
    if (bytes.length * 2 > bytes.buffer.byteLength && bytes.length > 65_536) bytes.buffer.transfer(0);
  }
}

function decoded(file: string, bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') throw new InputError(`${file}: UTF-16 text, expected UTF-8`);
  if (/^\w+=[^\0]*\0\w+=/.test(startOf(bytes)))
    throw new InputError(
      `${file}: variables with NUL bytes between them, as in /proc/PID/environ; pass lines: tr '\\0' '\\n' < FILE | spacelift-preflight -f -`,
    );
  if (bytes.includes(0)) throw new InputError(`${file}: a binary file, expected text`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${file}: not UTF-8 text`);
  }
}

/** The output of a run in a file. Redirections in PowerShell write UTF-16. A log can contain bytes of anything else. */
export function decodeOutput(bytes: Buffer): string {
  const isWide = bytes.subarray(0, 2).toString('hex') === 'fffe';
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes);
}
