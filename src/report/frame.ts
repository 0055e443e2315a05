/**
 * A report for logs: compressed, in short numbered lines with checksums, which `readFrame` finds again among other lines,
 * behind the prefixes of a log driver, and cut where it splits long lines. Whatever is missing or damaged makes the report
 * lost, with the reason; it never yields another report.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { DATA, frameLine } from './frame/line.ts';
import type { Report } from './types.ts';

export { type FrameResult, readFrame, readFrames } from './frame/read.ts';

/** The report as frame lines; ends with a line break. */
export function frameOf(report: Report): string {
  const json = JSON.stringify(report);
  const id = createHash('sha256').update(json).digest('hex');
  const data = deflateRawSync(json, { level: 9 }).toString('base64url');
  const total = Math.ceil(data.length / DATA);
  const lines = Array.from({ length: total }, (_, index) =>
    frameLine({ id, number: index + 1, total, data: data.slice(index * DATA, (index + 1) * DATA) }),
  );
  return `${lines.join('\n')}\n`;
}
