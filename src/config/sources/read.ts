/** Bytes to text: bounded, and nothing but UTF-8. */
import { createReadStream } from 'node:fs';
import { InputError } from '../entry.ts';

const MIB = 1024 * 1024;
const LARGEST_MIB = 8;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'a directory, expected a file',
  ENAMETOOLONG: 'no such file: the name is too long',
  ELOOP: 'no such file: a symbolic link leads back to itself',
};

/**
 * @param file its name in messages
 * @throws InputError
 */
export async function readText(file: string, chunks: () => AsyncIterable<Uint8Array>): Promise<string> {
  return decode(file, await readBytes(file, chunks));
}

/** A stream, so that a pipe or a device is bounded too. */
export const bytesOf = (path: string): AsyncIterable<Uint8Array> => createReadStream(path);

async function readBytes(file: string, chunks: () => AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks()) {
      size += chunk.byteLength;
      if (size > LARGEST_MIB * MIB)
        throw new InputError(`${file}: larger than ${LARGEST_MIB} MiB, the most that is read`);
      read.push(chunk);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    throw new InputError(`${file}: ${REASONS[code ?? ''] ?? `can't be read${code ? ` (${code})` : ''}`}`);
  }
  return Buffer.concat(read);
}

function decode(file: string, bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff') throw new InputError(`${file}: UTF-16 text, expected UTF-8`);
  if (bytes.includes(0)) throw new InputError(`${file}: a binary file, expected text`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${file}: not UTF-8 text`);
  }
}
