/** What a shell and psql make of the texts that fixes are. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { quoted } from '../../../src/outcome/fix.ts';
import { edit } from './config.ts';
import { readSql } from './psql.ts';
import { shellWord } from './shell-words.ts';

describe('a word', () => {
  test.each(['eu-west-1', "it's", 'a b;c', '$(id)', 'é”', 'a##b', '[fd00::7]:1984', '', '%s \\n'])(
    '%j is what a shell reads',
    (value) => {
      const word = quoted(value);
      expect(shellWord(word)).toBe(value);
      expect(execFileSync('/bin/sh', ['-c', `printf '%s' ${word}`], { encoding: 'utf8' })).toBe(value);
    },
  );

  test.each(['$HOME', '`id`', '$(id)', 'a b'])('%s is for a shell alone', (text) => {
    expect(() => shellWord(text)).toThrow('not a shell word');
  });
});

describe('psql', () => {
  test('ends a statement at a semicolon that is outside of quotes and comments', () => {
    const text = `-- as a superuser; now\nALTER ROLE "a;b" PASSWORD 'c;--d';\nDO $x$ BEGIN; END $x$; SELECT 1;\n-- restart`;
    expect(readSql(text)).toEqual([
      { kind: 'comment', text: 'as a superuser; now' },
      { kind: 'statement', text: `ALTER ROLE "a;b" PASSWORD 'c;--d'` },
      { kind: 'statement', text: 'DO $x$ BEGIN; END $x$' },
      { kind: 'statement', text: 'SELECT 1' },
      { kind: 'comment', text: 'restart' },
    ]);
  });

  test('waits for the end of a statement without one', () => {
    expect(() => readSql('SELECT 1')).toThrow('waits for the semicolon');
  });
});

test('a setting is edited where it stands', () => {
  const entry = { name: 'A', kind: 'known', value: '1', service: 'all', origin: 'x' } as const;
  const config = {
    variables: { A: '1' },
    environment: { B: '2' },
    sources: [{ entries: [entry], incomplete: false, process: false }],
  };
  expect(edit(config, 'B', '3')).toEqual({ ...config, environment: { B: '3' } });
  expect(edit(config, 'A', '3').sources?.[0]?.entries).toEqual([{ ...entry, value: '3' }]);
  expect(edit(config, 'C', '3').sources?.[0]?.entries).toEqual([
    entry,
    { ...entry, name: 'C', value: '3', origin: 'x' },
  ]);
});
