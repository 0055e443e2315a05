/** The messages in the page on troubleshooting are those that the command line prints. */
import { expect, it, test } from 'vitest';
import { command } from '../cli/host.ts';
import { read, tableBelow } from './markdown.ts';

const TABLE = 'The run does not start (exit code 2)';
const messages = tableBelow(read('docs/troubleshooting.md'), TABLE).map(
  ([cell = '']) => /`(.+)`/.exec(cell)?.[1] ?? cell,
);

const CONFIG = 'SERVER_DOMAIN=localhost\n';
/** How to get each message: arguments, and standard input. */
const CAUSES: Readonly<Record<string, readonly [args: readonly string[], stdin?: string]>> = {
  'the environment contains no Spacelift variable': [[]],
  'standard input: empty': [['-f', '-'], ''],
  'contains no Spacelift variable': [['-f', '-'], 'FOO=bar\n'],
  'a table of kubectl, which has no values': [['-f', '-'], 'NAME   TYPE     DATA   AGE\nx      Opaque   3      1d\n'],
  'not valid YAML at line …': [['-f', '-'], 'SERVER_DOMAIN: x\n  - y: [\n'],
  'matches no rule; did you mean …': [['-f', '-', '--only', 'databse/*'], CONFIG],
  'leaves nothing to check': [['-f', '-', '--skip', '*'], CONFIG],
  'cannot write …: its directory does not exist': [['-f', '-', '--report', 'json=/nowhere/report.json'], CONFIG],
};
/** Those that need another Node.js (`test/build/package.test.ts`), or a bug. */
const ELSEWHERE = ['requires Node.js 22.15 or later', 'unexpected error: …'];

it.each(Object.entries(CAUSES))('%s', async (message, [args, stdin = '']) => {
  const { code, stdout, stderr } = await command(args, { stdin });
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^spacelift-preflight: .*\n$/);
  for (const part of message.split('…')) expect(stderr).toContain(part);
});

test('are all in the table, with no other', () => {
  expect(messages.toSorted()).toEqual([...Object.keys(CAUSES), ...ELSEWHERE].toSorted());
});
