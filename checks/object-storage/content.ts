/** What test objects contain, and the key of the one that may stay. */

export const PROBE_KEY = 'spacelift-preflight/probe';
export const CONTENT = Buffer.from(
  'Written by spacelift-preflight to try this bucket. Safe to keep, safe to delete.\n',
);
const PADDING = ' ';

/**
 * The content, padded to a size in bytes. A large upload should not replace the constant object, but may create it when a
 * concurrent run has just removed it: what other runs then read is still the content that they expect.
 */
export const paddedContent = (size: number): Buffer => Buffer.concat([CONTENT, Buffer.alloc(size, PADDING)], size);

/** Whether a body is what this tool writes, padded or not. */
export const isContent = (body: Buffer): boolean =>
  body.equals(CONTENT) || (body.indexOf(CONTENT) === 0 && body.toString('latin1', CONTENT.length).trim() === '');
