/** What this tool says of an env file, against the programs that read it in the end. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastOf } from '../../src/config/env-file/assignment.ts';
import { READER_NAMES, READERS, type ReaderName } from '../../src/config/env-file/readers.ts';
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
