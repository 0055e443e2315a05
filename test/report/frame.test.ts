/** What happens to lines in logs: a report comes out of them as it was, or not at all. */
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { DATA, frameLine } from '../../src/report/frame/line.ts';
import { frameOf, readFrame, readFrames } from '../../src/report/frame.ts';
import type { Report } from '../../src/report/report.ts';
import { anyText, RUNS } from '../support/arbitrary.ts';
import { hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

/** Where container runtimes split. */
const SPLIT = 16 * 1024;

let report: Report;
let lines: readonly string[];
beforeAll(async () => {
  const names = Array.from({ length: 200 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex'));
  const variables = names.map((name) => ({ name, service: 'all', origin: 'a', used: true }) as const);
  report = { ...(await hostileReport()), variables };
  lines = frameOf(report).trimEnd().split('\n');
});

/** Any JSON as a frame, whatever it is. */
function framed(json: string, data = deflateRawSync(json).toString('base64url')): string {
  const id = createHash('sha256').update(json).digest('hex');
  const total = Math.ceil(data.length / DATA);
  return Array.from({ length: total }, (_, index) =>
    frameLine({ id, number: index + 1, total, data: data.slice(index * DATA, (index + 1) * DATA) }),
  ).join('\n');
}

const lost = (log: string): string => {
  const read = readFrame(log);
  return 'lost' in read ? read.lost : 'not lost';
};

describe('a frame', () => {
  it('gives the report back', async () => {
    for (const one of [report, await sampleReport()]) expect(readFrame(frameOf(one))).toEqual({ report: one });
  });

  it('has short lines of one length, without characters that anything escapes', () => {
    expect(lines.length).toBeGreaterThan(2);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    for (const line of lines) {
      expect(line.length).toBeLessThan(SPLIT / 4);
      expect(line).toMatch(/^[\w. -]+$/);
    }
  });

  it('is much shorter than its report', () => {
    expect(frameOf(report).length).toBeLessThan(JSON.stringify(report).length / 2);
  });
});

const STAMP = '2026-11-30T14:09:54.123456789Z';

it.each<[string, (line: string) => string]>([
  ['CRI log files', (line) => `${STAMP} stdout F ${line}`],
  ['kubectl logs --timestamps', (line) => `${STAMP} ${line}`],
  ['kubectl logs --prefix', (line) => `[pod/spacelift-preflight-x/preflight] ${line}`],
  ['docker compose logs', (line) => `preflight-1  | ${line}`],
  ['syslog', (line) => `Nov 30 14:09:54 node-1 spacelift[123]: ${line}`],
  ['docker’s json-file', (line) => `${JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: STAMP })}`],
  ['ends of lines in Windows', (line) => `${line}\r`],
  ['colors', (line) => `\u001b[36m${line}\u001b[0m`],
])('%s do not hide a frame', (_, written) => {
  expect(readFrame(lines.map(written).join('\n'))).toEqual({ report });
});

/** A line that a runtime wrote in two parts. */
type Cut = (head: string, tail: string) => readonly string[];

const CUTS: readonly (readonly [string, Cut])[] = [
  ['containerd', (head, tail) => [`${STAMP} stdout P ${head}`, `${STAMP} stdout F ${tail}`]],
  [
    'containerd, with another stream between',
    (head, tail) => [`${STAMP} stdout P ${head}`, `${STAMP} stderr F warning: x`, `${STAMP} stdout F ${tail}`],
  ],
  [
    'docker',
    (head, tail) => [
      JSON.stringify({ log: head, stream: 'stdout' }),
      JSON.stringify({ log: `${tail}\n`, stream: 'stdout' }),
    ],
  ],
  ['anything', (head, tail) => [head, tail]],
  ['Windows', (head, tail) => [`${head}\r`, `${tail}\r`]],
  ['a program that writes in between', (head, tail) => [head, 'connected', 'https://example.org/00001-of-00002', tail]],
];

test.each(CUTS)('lines split by %s are put together, wherever the split is', (_, cut) => {
  const [first = '', ...others] = lines;
  const width = first.length;
  // Every place in what precedes the data, and in the checksum; some in between.
  const places = Array.from({ length: width - 1 }, (__, index) => index + 1).filter(
    (place) => place < 120 || place > width - 12 || place % 97 === 0,
  );
  for (const place of places) {
    const log = [...cut(first.slice(0, place), first.slice(place)), ...others].join('\n');
    const read = readFrame(log);
    expect('report' in read ? 'read' : `${place}: ${read.lost}`).toBe('read');
  }
});

test('a log that is split every 16 KB, behind other text without an end of line', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SPLIT }), (before) => {
      const text = `${'.'.repeat(before)}${lines.join('\n')}\n`;
      const parts = text.split('\n').flatMap((line) => line.match(/.{1,16384}/g) ?? []);
      expect(readFrame(parts.map((part) => `${STAMP} stdout F ${part}`).join('\n'))).toEqual({ report });
    }),
    RUNS,
  );
});

test('other lines, duplicates and another order change nothing', () => {
  const noise = fc.array(anyText(200), { maxLength: 10 });
  fc.assert(
    fc.property(
      noise,
      fc.shuffledSubarray([...lines, ...lines], { minLength: 2 * lines.length }),
      (other, shuffled) => {
        const log = shuffled.flatMap((line, index) => [line, other[index] ?? '']).join('\n');
        expect(readFrame(log)).toEqual({ report });
      },
    ),
    RUNS,
  );
});

describe('a report is lost, with the reason,', () => {
  it('if its log is empty, or has none', () => {
    expect(lost('')).toBe('the log is empty');
    expect(lost('exec format error\n')).toBe('the log contains no report');
  });

  it('if lines of it are missing', () => {
    expect(lines.length).toBeGreaterThan(3);
    const total = lines.length;
    expect(lost(lines.slice(1).join('\n'))).toBe(`line 1 of ${total} of the report is missing from the log or damaged`);
    expect(lost(lines.slice(0, -2).join('\n'))).toBe(
      `lines ${total - 1} and ${total} of ${total} of the report are missing from the log or damaged`,
    );
    expect(lost(lines.slice(0, 1).join('\n'))).toBe(
      `${total - 1} of ${total} lines of the report are missing from the log or damaged`,
    );
  });

  it('if all of it is cut off', () => {
    expect(lost(lines[0]?.slice(0, 500) ?? '')).toBe('every line of the report in the log is cut off or damaged');
  });

  it('if a later version wrote it', () => {
    expect(lost(lines.join('\n').replaceAll('frame-1 ', 'frame-2 '))).toBe(
      'the report in the log is in version 2 of its format, not 1',
    );
  });

  it('if there is more than one, which readFrames tells apart', async () => {
    const other = await sampleReport();
    const between = [...lines.slice(0, 2), ...frameOf(other).split('\n'), ...lines.slice(2)].join('\n');
    expect(lost(between)).toBe('the log contains 2 different reports');
    expect(readFrames(between)).toEqual([{ report }, { report: other }]);
    const cut = [...lines.slice(0, 2), frameOf(other)].join('\n');
    expect(lost(cut)).toBe('the log contains 2 different reports');
    expect(readFrames(cut)).toEqual([{ lost: expect.stringContaining('missing') }, { report: other }]);
  });

  it('if its lines fit together but are not what was written', () => {
    const data = deflateRawSync(JSON.stringify(report)).toString('base64url');
    expect(lost(framed('{}', data))).toBe('the report in the log is damaged: its checksum does not match');
    expect(lost(framed('{}', data.slice(0, 100)))).toBe(
      'the report in the log is damaged: its checksum does not match',
    );
  });

  it('if it would need more memory than any report', () => {
    const log = framed(' '.repeat(33 * 1024 * 1024));
    expect(log.length).toBeLessThan(100_000);
    expect(lost(log)).toBe('the report in the log is too large');
  });

  it.each([
    ['{}', 'it is not a report'],
    ['[]', 'it is not a report'],
    ['null', 'it is not a report'],
    ['{', 'it is not JSON'],
    ['{"kind":"plan","schemaVersion":1}', 'it is a plan'],
    ['{"schemaVersion":2}', 'its schemaVersion 2 is not 1'],
    ['{"schemaVersion":"x"}', 'its schemaVersion is not 1'],
    ['{"schemaVersion":1}', 'it is not a report: tool: it is missing'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'its values are nested too deeply'],
  ])('if it is %.40s', (json, why) => {
    expect(lost(framed(json))).toBe(`the report in the log can't be used: ${why}`);
  });
});

test('whatever happens to a log, the report is as it was or lost', () => {
  const log = lines.join('\n');
  const edit = fc.record({
    at: fc.nat({ max: log.length }),
    remove: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 5_000 })),
    insert: fc.oneof(fc.constantFrom('', '\n', '\r\n', `\n${STAMP} stdout F `), anyText(30)),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
      const changed = edits.reduce(
        (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
        log,
      );
      for (const result of readFrames(changed)) {
        if ('report' in result) expect(result.report).toEqual(report);
        else expect(result.lost).toMatch(/^\P{C}+$/u);
      }
      expect(lost(changed).length).toBeGreaterThan(0);
    }),
    { numRuns: 4 * RUNS.numRuns },
  );
});

test('any text is read as a log without an error', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyText(), fc.constantFrom(...lines)), { maxLength: 20 }), (parts) => {
      expect(readFrames(parts.join('')).length).toBeLessThanOrEqual(1);
    }),
    RUNS,
  );
});
