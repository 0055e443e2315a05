/** What this tool says of an env file, against the programs that read it in the end. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastOf } from '../../src/config/env-file/assignment.ts';
import { readEnvFile, withEncodedLogin } from '../../src/config/env-file/compare.ts';
import type { Difference, Spelling } from '../../src/config/env-file/difference.ts';
import { READER_NAMES, READERS, type ReaderName } from '../../src/config/env-file/readers.ts';
import { isPlaceholder } from '../../src/config/placeholders.ts';
import { storeBehind } from '../../src/config/references.ts';
import { type Answer, type Programs, startPrograms } from './env-file-programs.ts';
import { text } from './env-file-texts.ts';
import { generated } from './generated.ts';

const LINES = 1000;

let programs: Programs;
beforeAll(async () => {
  programs = await startPrograms();
});
afterAll(() => programs.stop());

/** Where the program rejects a file and carries on, the tool only says that it is not read as a whole. */
const CARRIES_ON: readonly ReaderName[] = ['bash', 'systemd'];

function expectSame(reader: ReaderName, held: string, answer: Answer): void {
  const read = READERS[reader].read(held);
  if (read === undefined) {
    if (!CARRIES_ON.includes(reader)) expect(answer, `${reader} rejects it`).toBeNull();
    return;
  }
  // A variable of the shell's own.
  const entries = [...lastOf(read).values()].filter(({ name }) => name !== '_');
  const unknown = new Set(entries.filter(({ expands }) => expands).map(({ name }) => name));
  const known = Object.entries(answer ?? {}).filter(([name]) => !unknown.has(name) && name !== '_');
  expect({ reader, rejects: answer === null, ...Object.fromEntries(known) }).toEqual({
    reader,
    rejects: false,
    ...Object.fromEntries(entries.filter(({ expands }) => !expands).map(({ name, value }) => [name, value])),
  });
}

test('each reader reads a file as the tool knows', async () => {
  const modeled = new Map<ReaderName, number>(READER_NAMES.map((name) => [name, 0]));
  let files = 0;
  await fc.assert(
    fc.asyncProperty(text, async (held) => {
      const answers = await programs.ask(held);
      files++;
      for (const reader of READER_NAMES) {
        expectSame(reader, held, answers[reader]);
        if (READERS[reader].read(held)) modeled.set(reader, (modeled.get(reader) ?? 0) + 1);
      }
    }),
    generated(LINES),
  );
  // A reader that is always said to reject the file would never be wrong.
  for (const [reader, count] of modeled) expect(count, `${reader}, of ${files} files`).toBeGreaterThan(files / 5);
});

const VARIABLES = ['SERVER_DOMAIN', 'ADMIN_PASSWORD', 'DATABASE_URL'];

test('what all programs read alike is read alike by the tool, and the rest is a warning', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (held) => {
      const answers = await programs.ask(held);
      const { used, envFile } = readEnvFile(held, 'x');
      const values = lastOf(used);
      const warned = envFile.differences.map(({ name }) => name);
      for (const name of VARIABLES) {
        const own = values.get(name)?.value;
        const reads = READER_NAMES.map((reader) => answers[reader]?.[name]);
        if (dependsOnEnvironment(held, name)) continue;
        if (new Set(reads).size === 1 && READER_NAMES.every((reader) => answers[reader] !== null)) {
          const expected = { name, own: reads[0], warned: false };
          expect({ name, own, warned: warned.includes(name) }).toEqual(expected);
        } else if (!warned.includes(name) && !isTold(name, own)) {
          for (const reader of envFile.readers) {
            if (reader !== 'systemd')
              expect({ name, reader, read: answers[reader]?.[name] }).toEqual({ name, reader, read: own });
          }
        }
      }
    }),
    generated(LINES),
  );
});

/** What the programs read here is not what they read elsewhere. */
const dependsOnEnvironment = (held: string, name: string): boolean =>
  Object.values(READERS).some(({ read }) => lastOf(read(held) ?? []).get(name)?.expands === true);

/** In a finding of its own. */
const isTold = (name: string, value = ''): boolean => isPlaceholder(name, value) || storeBehind(value) !== undefined;

/** Who reads the spelling that a finding asks for as the value. */
const SPELLED: Readonly<Record<Spelling, readonly ReaderName[]>> = {
  plain: READER_NAMES,
  encoded: READER_NAMES,
  'single-quoted': ['compose', 'bash', 'systemd'],
  none: [],
};

const spelled = ({ spelling }: Difference, value: string): string =>
  spelling === 'single-quoted' ? `'${value}'` : spelling === 'encoded' ? withEncodedLogin(value) : value;

test('a line that is written as a finding asks for is read alike by the programs that it names', async () => {
  const fixed = new Map<Spelling, number>();
  await fc.assert(
    fc.asyncProperty(text, async (held) => {
      const { used, envFile } = readEnvFile(held, 'x');
      for (const difference of envFile.differences) {
        const { name, spelling } = difference;
        const value = lastOf(used).get(name)?.value;
        if (value === undefined || spelling === 'none') continue;
        fixed.set(spelling, (fixed.get(spelling) ?? 0) + 1);
        const line = `${name}=${spelled(difference, value)}\n`;
        const answers = await programs.ask(line);
        const expected = spelling === 'encoded' ? withEncodedLogin(value) : value;
        for (const reader of SPELLED[spelling]) {
          expect({ reader, line, read: answers[reader] }).toEqual({ reader, line, read: { [name]: expected } });
        }
        expect(readEnvFile(line, 'x').envFile.differences, line).toEqual([]);
      }
    }),
    generated(LINES),
  );
  expect([...fixed.keys()]).toEqual(expect.arrayContaining(['plain', 'single-quoted']));
});
