/** Windows' executables (https://learn.microsoft.com/windows/win32/debug/pe-format). */

/** Where the offset of the header is. */
const HEADER = 0x3c;
/** Of the optional header, after the signature and the COFF header. */
const OPTIONAL = 24;
const PE32_PLUS = 0x20b;
/** The certificate table is the fifth of the data directories, each 8 bytes. */
const CERTIFICATES = 112 + 4 * 8;

/**
 * Without its signature, which would no longer be valid once the file is changed.
 * @throws if it is no 64-bit executable of Windows
 */
export function unsigned(file: Buffer): Buffer {
  const start = file.readUInt32LE(HEADER);
  const optional = start + OPTIONAL;
  if (file.toString('latin1', start, start + 4) !== 'PE\0\0' || file.readUInt16LE(optional) !== PE32_PLUS) {
    throw new Error('not a 64-bit executable of Windows');
  }
  const at = optional + CERTIFICATES;
  const offset = file.readUInt32LE(at);
  // The table is the end of the file, where it is not loaded.
  const rest = offset === 0 ? Buffer.from(file) : Buffer.from(file.subarray(0, offset));
  rest.fill(0, at, at + 8);
  return rest;
}
