/** No config of up to 8 MiB takes more than 200 MB, in the program as it is shipped, with a heap that is limited. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXECUTABLE, moduleOf } from '../cli/spawned.ts';

const MOST_MB = 200;
const HEAP_MB = 96;
const LARGEST = 8 * 1024 * 1024;
/** At its end the process says the most that it had in memory, in KiB; what `getrusage` says begins with its parent's. */
const SAYS_PEAK = moduleOf(`import { readFileSync } from 'node:fs';
process.on('exit', () => {
  const peak = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  process.stderr.write('\\npeak ' + peak + '\\n');
});`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-memory-'));
});
afterAll(() => rm(folder, { recursive: true }));

const random = (length: number): string => randomBytes(length).toString('base64').slice(0, length);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** As many of these as fit, after what a config has. */
function filled(beginning: string, most: number, piece: (index: number) => string, end = ''): string {
  const pieces = [beginning];
  let room = LARGEST - beginning.length - end.length;
  for (let index = 0; index < most; index++) {
    const next = piece(index);
    room -= next.length;
    if (room < 0) break;
    pieces.push(next);
  }
  return pieces.join('') + end;
}

const ALL = Number.POSITIVE_INFINITY;
const DOTENV = 'SERVER_DOMAIN=a.b\nDATABASE_URL=postgres://u:correct-horse@127.0.0.1:1/d\n';
const YAML = 'SERVER_DOMAIN: a.b\n';
const JSON_MAP = '{"SERVER_DOMAIN":"a.b"';
const MOST_VALUE = 128 * 1024 - 40;
const lines = (length: number) => filled('', Math.floor(length / 17), () => `${random(16)}\n`);

const indented = (lines: number) => ` ${'a'.repeat(40)}\n`.repeat(lines);

/** What is read, and what is refused; each is made when its turn comes. */
const CONFIGS: Readonly<Record<string, readonly [read: boolean, make: () => string]>> = {
  'an ordinary one': [true, () => DOTENV],
  'one huge value': [false, () => `${DOTENV}ADMIN_PASSWORD=${random(LARGEST - 200)}`],
  '20,000 values': [true, () => filled(DOTENV, 19_998, (index) => `UNKNOWN_${index}=${random(395)}\n`)],
  '20,000 values that begin alike': [
    true,
    () => filled(DOTENV, 19_998, (index) => `UNKNOWN_${index}=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa${random(350)}\n`),
  ],
  '14,000 values in YAML': [true, () => filled(YAML, 13_999, (index) => `UNKNOWN_${index}: ${random(570)}\n`)],
  '20,000 values in YAML': [false, () => filled(YAML, 19_999, (index) => `UNKNOWN_${index}: ${random(390)}\n`)],
  '20,000 values in JSON': [
    true,
    () => filled(JSON_MAP, 19_999, (index) => `,"UNKNOWN_${index}":"${random(395)}"`, '}'),
  ],
  '64 values of 128 KiB': [true, () => filled(DOTENV, 63, (index) => `UNKNOWN_${index}=${random(MOST_VALUE)}\n`)],
  '64 values of many lines': [true, () => filled(DOTENV, 63, (index) => `UNKNOWN_${index}="${lines(MOST_VALUE)}"\n`)],
  '64 keys of many lines in base64': [
    true,
    () => filled(DOTENV, 63, (index) => `UNKNOWN_${index}=${base64(`-----BEGIN X\n${lines(98_000)}`)}\n`),
  ],
  'values that every form makes longer': [
    true,
    () => filled(DOTENV, 19_998, (index) => `UNKNOWN_${index}=${index}${'<&😀'.repeat(50)}\n`),
  ],
  'deep JSON': [false, () => `${JSON_MAP},"a":${'['.repeat(LARGEST - 100)}`],
  'deep JSON that is just read': [false, () => `${JSON_MAP},"a":${'['.repeat(140_000)}${']'.repeat(140_000)}}`],
  'deep YAML': [false, () => `${YAML}a: ${'['.repeat(LARGEST - 100)}`],
  aliases: [false, () => filled(`${YAML}a: &a x\n`, ALL, (index) => `k${index}: *a\n`)],
  'many YAML documents': [false, () => '---\n{}\n'.repeat(LARGEST / 8)],
  'many YAML keys': [false, () => filled(YAML, ALL, (index) => `k${index}:\n`)],
  'as many YAML keys as are parsed': [false, () => filled(YAML, 24_500, (index) => `k${index}:\n`)],
  'as many YAML items as are parsed': [false, () => `${YAML}a: [${'a,'.repeat(33_000)}]`],
  'one YAML value between quotes': [false, () => `${YAML}x: "${'a'.repeat(LARGEST - 100)}"`],
  'one YAML value whose quote is not closed': [false, () => `${YAML}x: "${'a'.repeat(LARGEST - 100)}`],
  'one YAML key': [false, () => `${YAML}? "${'a'.repeat(LARGEST - 100)}"\n: b`],
  'one YAML value of line breaks': [false, () => `${YAML}x: "${'\n'.repeat(LARGEST - 100)}"`],
  'one YAML block': [false, () => filled(`${YAML}x: |\n`, ALL, () => ' a\n')],
  'one folded YAML block': [false, () => filled(`${YAML}x: >\n`, ALL, () => ' a\n')],
  'one YAML block of as many lines as are read': [false, () => filled(`${YAML}x: |\n`, 170_000, () => ' a\n')],
  'YAML blocks of short lines': [false, () => filled(YAML, 63, (index) => `k${index}: >\n${' a\n'.repeat(43_000)}`)],
  'YAML blocks of 128 KiB': [true, () => filled(YAML, 63, (index) => `k${index}: |\n${indented(3_100)}`)],
  'folded YAML blocks of 128 KiB': [true, () => filled(YAML, 63, (index) => `k${index}: >\n${indented(3_100)}`)],
  'YAML values of 128 KiB between quotes': [
    true,
    () => filled(YAML, 63, (index) => `k${index}: "${'a'.repeat(MOST_VALUE)}"\n`),
  ],
  'YAML values of escapes': [true, () => filled(YAML, 63, (index) => `k${index}: "${'\\x41'.repeat(32_000)}"\n`)],
  'the longest YAML tokens': [false, () => filled(YAML, 15, (index) => `k${index}: "${'a'.repeat(524_280)}"\n`)],
  'YAML keys to merge, tagged': [false, () => filled(`${YAML}x:\n`, 15, () => `- !!merge "${'a'.repeat(524_280)}"\n`)],
  'unknown YAML escapes': [false, () => filled(YAML, 15, (index) => `k${index}: "${'\\q'.repeat(262_000)}"\n`)],
  'closing brackets in YAML': [false, () => `${YAML}${'}'.repeat(99_000)}`],
  'many JSON documents': [false, () => '{} '.repeat(LARGEST / 3)],
  'an array of {}': [false, () => `[${'{},'.repeat(LARGEST / 3 - 2)}{}]`],
  'an array of zeros': [false, () => `[${'0,'.repeat(LARGEST / 2 - 2)}0]`],
  'as many JSON keys as are parsed': [
    false,
    () => filled(JSON_MAP, 145_000, (index) => `,"kkkkkkkkkkkkkkkkkk${index}":"aaaaaaaaaa"`, '}'),
  ],
  'many lines': [false, () => filled(DOTENV, ALL, (index) => `a${index}=\n`)],
  'the same line again and again': [false, () => filled(DOTENV, ALL, () => 'A=b\n')],
  'long names': [false, () => filled(DOTENV, ALL, (index) => `K${index}${'k'.repeat(130_000)}=x\n`)],
  'a List of thousands of Secrets': [
    true,
    () =>
      JSON.stringify({
        kind: 'List',
        items: Array.from({ length: 19_000 }, (_, index) => ({
          kind: 'Secret',
          metadata: { name: `s${index}` },
          data: { [index === 0 ? 'SERVER_DOMAIN' : `K${index}`]: base64(random(200)) },
        })),
      }),
  ],
};

describe.each(Object.entries(CONFIGS))('%s', (name, [isRead, make]) => {
  // What is refused is refused by the reader, which both commands share.
  it.each(isRead ? [['plan'], ['--only', 'configuration/*']] : [['plan']])('with %s %s', async (...args) => {
    const path = join(folder, 'config');
    const text = make();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LARGEST);
    await writeFile(path, text);
    const { code, stderr } = await ran([...args, '-f', path]);
    const [, said = '', peak = ''] = /^([\s\S]*)\npeak (\d+)\n$/.exec(stderr) ?? [];
    if (isRead) expect({ said, code: code === 2 }, name).toEqual({ said: '', code: false });
    else expect({ said, code }).toEqual({ said: expect.stringMatching(/^spacelift-preflight: [^\n]+\n$/), code: 2 });
    expect(Number(peak) / 1024).toBeLessThan(MOST_MB);
    expect(Number(peak)).toBeGreaterThan(0);
  });
});

function ran(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const all = ['--import', SAYS_PEAK, `--max-old-space-size=${HEAP_MB}`, EXECUTABLE, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env: {}, maxBuffer: 64 * 1024 * 1024 }, (error, _, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stderr }),
    );
  });
}
