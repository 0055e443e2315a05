/** Finds the reports in a log. The log is not trusted: what is read of it is bounded, and verified. */
import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { plural } from '../../util/format.ts';
import { readReport } from '../read.ts';
import type { Report } from '../types.ts';
import { type FrameLine, joined, linesWithoutStart, NAME, piecesIn, wholeLines } from './line.ts';

/** The report, or why it could not be read, as a phrase. */
export type FrameResult = { readonly report: Report } | { readonly lost: string };

/** Bytes of a decompressed report. */
const LARGEST = 32 * 1024 * 1024;
/** Characters of a compressed one. */
const LONGEST = 8 * 1024 * 1024;
/** The number of different reports in one log. */
const MOST_FRAMES = 1_000;
/** How many lines later the rest of a split line can follow; those of other streams are in between. */
const REACH = 64;
/** The number of split lines that are put together. */
const MOST_PIECES = 200;

/** The report in a log that has exactly one; several ones are lost, because it is not known which counts. */
export function readFrame(log: string): FrameResult {
  const [first, ...others] = readFrames(log);
  if (first === undefined) return { lost: nothingIn(log) };
  if (others.length > 0) return { lost: `the log contains ${others.length + 1} different reports` };
  return first;
}

/** All different reports in a log, in the order in which they start; empty if it has none. */
export function readFrames(log: string): FrameResult[] {
  const frames = collected(wholeLines(log));
  const isComplete = frames.size > 0 && [...frames.values()].every(({ parts, total }) => parts.size === total);
  // Splits are rare, and looking for them is slower.
  const all = isComplete ? frames : collected([...wholeLines(log), ...splitLines(log)]);
  return [...all.values()].slice(0, MOST_FRAMES).map(resultOf);
}

/** Why a log without an intact line has no report. */
function nothingIn(log: string): string {
  const [, version] = new RegExp(`${NAME}(\\d{1,5}) `).exec(log) ?? [];
  if (version === '1') return 'every line of the report in the log is cut off or damaged';
  if (version !== undefined) return `the report in the log is in version ${version} of its format, not 1`;
  return log.trim() === '' ? 'the log is empty' : 'the log contains no report';
}

interface Frame {
  readonly id: string;
  readonly total: number;
  /** By line number; the first of several. */
  readonly parts: Map<number, string>;
}

/** Lines that disagree about their number belong to different frames. */
function collected(lines: readonly FrameLine[]): Map<string, Frame> {
  const frames = new Map<string, Frame>();
  for (const { id, number, total, data } of lines) {
    const key = `${id}/${total}`;
    const frame = frames.get(key) ?? { id, total, parts: new Map<number, string>() };
    frames.set(key, frame);
    if (!frame.parts.has(number)) frame.parts.set(number, data);
  }
  return frames;
}

/** The lines that a log driver split in two. */
function splitLines(log: string): FrameLine[] {
  const found = linesWithoutStart(log);
  const lines = log.split('\n');
  let pieces = 0;
  for (const [index, line] of lines.entries()) {
    if (!line.includes(NAME)) continue;
    for (const piece of piecesIn(line)) {
      if (++pieces > MOST_PIECES) return found;
      for (const later of lines.slice(index + 1, index + 1 + REACH)) {
        const whole = joined(piece, later);
        if (whole === undefined) continue;
        found.push(whole);
        break;
      }
    }
  }
  return found;
}

function resultOf({ id, total, parts }: Frame): FrameResult {
  if (parts.size < total) return { lost: missing(parts, total) };
  const data = Array.from({ length: total }, (_, index) => parts.get(index + 1) ?? '').join('');
  if (data.length > LONGEST) return { lost: TOO_LARGE };
  const json = inflated(data);
  if (typeof json !== 'string') return json;
  if (createHash('sha256').update(json).digest('hex') !== id) return { lost: DAMAGED };
  const read = readReport(json);
  return 'report' in read ? read : { lost: `the report in the log can't be used: ${read.problem}` };
}

const TOO_LARGE = 'the report in the log is too large';
const DAMAGED = 'the report in the log is damaged: its checksum does not match';

/** "lines 2 and 3 of 5 of the report are missing from the log" */
function missing(parts: ReadonlyMap<number, string>, total: number): string {
  const count = total - parts.size;
  if (count > 2) return `${count} of ${total} lines of the report are missing from the log or damaged`;
  const numbers: number[] = [];
  for (let number = 1; numbers.length < count; number++) if (!parts.has(number)) numbers.push(number);
  const which = `${plural(count, 'line').replace(/^\d+ /, '')} ${numbers.join(' and ')} of ${total}`;
  return `${which} of the report ${count === 1 ? 'is' : 'are'} missing from the log or damaged`;
}

function inflated(data: string): string | { readonly lost: string } {
  try {
    return inflateRawSync(Buffer.from(data, 'base64url'), { maxOutputLength: LARGEST }).toString('utf8');
  } catch (error) {
    return { lost: error instanceof RangeError ? TOO_LARGE : DAMAGED };
  }
}
