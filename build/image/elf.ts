/** Reads and strips 64-bit little-endian ELF files: the executables and libraries of amd64 and arm64. */

const HEADER = { segments: 32, sections: 40, segmentCount: 56, sectionCount: 60, sectionNames: 62 } as const;
const SEGMENT = { size: 56, offset: 8, address: 16, length: 32 } as const;
const SECTION = { size: 64, flags: 8, offset: 24, length: 32 } as const;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
/** The section is part of the memory of the process. */
const SHF_ALLOC = 2;
const MACHINES: Readonly<Record<number, string>> = { 62: 'amd64', 183: 'arm64' };

export interface Elf {
  readonly architecture: string;
  /** The path of the program that loads it; a library has none. */
  readonly interpreter: string | undefined;
  /** The names of the libraries that it needs, such as `libc.so.6`. */
  readonly libraries: readonly string[];
}

/** @throws if it is not a 64-bit little-endian ELF file */
export function readElf(file: Buffer): Elf {
  check(file);
  const machine = file.readUInt16LE(18);
  const segments = segmentsOf(file);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries = dynamic === undefined ? [] : dynamicOf(file, dynamic);
  const strings = entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0;
  const table = segments.find(
    ({ type, address, length }) => type === PT_LOAD && strings >= address && strings < address + length,
  );
  const base = table === undefined ? 0 : table.offset + strings - table.address;
  return {
    architecture: MACHINES[machine] ?? `machine ${machine}`,
    interpreter: interpreter && text(file, interpreter.offset),
    libraries: entries.flatMap(([tag, value]) => (tag === DT_NEEDED ? [text(file, base + value)] : [])),
  };
}

/**
 * Without symbols and debugging information. Other tools (GNU `strip`) only know the machine's own architecture.
 * @throws if it is not a 64-bit little-endian ELF file
 */
export function strip(file: Buffer): Buffer {
  check(file);
  const start = Number(file.readBigUInt64LE(HEADER.sections));
  const count = file.readUInt16LE(HEADER.sectionCount);
  const section = (index: number): Buffer => file.subarray(start + index * SECTION.size).subarray(0, SECTION.size);
  const inMemory = (index: number) => (section(index).readBigUInt64LE(SECTION.flags) & BigInt(SHF_ALLOC)) !== 0n;
  const kept = Array.from({ length: count }, (_, index) => index).filter(inMemory).length + 1;
  // Sections refer to each other by number.
  if (!Array.from({ length: kept - 1 }, (_, index) => index + 1).every(inMemory)) {
    throw new Error('sections that are not loaded lie between those that are');
  }
  const end = Math.max(...segmentsOf(file).map(({ offset, length }) => offset + length));
  const names = Buffer.from(section(file.readUInt16LE(HEADER.sectionNames)));
  const at = Number(names.readBigUInt64LE(SECTION.offset));
  const strings = file.subarray(at, at + Number(names.readBigUInt64LE(SECTION.length)));
  names.writeBigUInt64LE(BigInt(end), SECTION.offset);
  const padding = Buffer.alloc(-(end + strings.length) & 7);
  const headers = file.subarray(start, start + kept * SECTION.size);
  const stripped = Buffer.concat([file.subarray(0, end), strings, padding, headers, names]);
  stripped.writeBigUInt64LE(BigInt(end + strings.length + padding.length), HEADER.sections);
  stripped.writeUInt16LE(kept + 1, HEADER.sectionCount);
  stripped.writeUInt16LE(kept, HEADER.sectionNames);
  return stripped;
}

function check(file: Buffer): void {
  const [bits, order] = [file[4], file[5]];
  if (file.subarray(0, 4).toString('latin1') !== '\x7fELF' || bits !== 2 || order !== 1) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly length: number;
}

function segmentsOf(file: Buffer): Segment[] {
  const start = Number(file.readBigUInt64LE(HEADER.segments));
  return Array.from({ length: file.readUInt16LE(HEADER.segmentCount) }, (_, index) => {
    const at = start + index * SEGMENT.size;
    const number = (field: number) => Number(file.readBigUInt64LE(at + field));
    return {
      type: file.readUInt32LE(at),
      offset: number(SEGMENT.offset),
      address: number(SEGMENT.address),
      length: number(SEGMENT.length),
    };
  });
}

const dynamicOf = (file: Buffer, { offset, length }: Segment): [tag: number, value: number][] =>
  Array.from({ length: Math.floor(length / 16) }, (_, index) => {
    const at = offset + index * 16;
    return [Number(file.readBigInt64LE(at)), Number(file.readBigUInt64LE(at + 8))];
  });

const text = (file: Buffer, at: number): string => file.toString('latin1', at, file.indexOf(0, at));
