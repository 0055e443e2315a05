/** Writes tar archives that are the same for the same content. */
import { posix } from 'node:path';

const BLOCK = 512;

/** A file with content, a symbolic link, or else a directory. */
export interface Entry {
  /** Relative to the root, without a `/` at its start or end. */
  readonly path: string;
  readonly content?: Buffer;
  readonly link?: string;
  /** Can be executed. */
  readonly executable?: boolean;
}

/**
 * Sorted, with the directories above each entry; everything belongs to root, is readable by all, and dates from 1970.
 * @throws if a path is too long
 */
export function tar(entries: readonly Entry[]): Buffer {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    for (let path = posix.dirname(entry.path); path !== '.'; path = posix.dirname(path)) all.set(path, { path });
  }
  for (const entry of entries) all.set(entry.path, entry);
  const sorted = [...all.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  return Buffer.concat([...sorted.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)]);
}

function blocksOf(entry: Entry): Buffer[] {
  const { content = Buffer.alloc(0) } = entry;
  return [headerOf(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))];
}

function headerOf({ path, content, link, executable }: Entry, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const directory = content === undefined && link === undefined;
  const text = (value: string, at: number, length: number) => {
    if (Buffer.byteLength(value) > length) throw new Error(`${value} is too long for a tar archive`);
    header.write(value, at);
  };
  const number = (value: number, at: number, length: number) =>
    text(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length);
  text(directory ? `${path}/` : path, 0, 100);
  number(link !== undefined ? 0o777 : directory || executable ? 0o755 : 0o644, 100, 8);
  for (const at of [108, 116]) number(0, at, 8);
  number(size, 124, 12);
  number(0, 136, 12);
  text(directory ? '5' : link !== undefined ? '2' : '0', 156, 1);
  text(link ?? '', 157, 100);
  text('ustar\x0000', 257, 8);
  for (const at of [329, 337]) number(0, at, 8);
  // The sum counts its own field as spaces.
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  text(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return header;
}
