import { describe, expect, it } from 'vitest';
import { cut, wrap, wrapFix } from '../../src/report/layout.ts';

describe('wrap', () => {
  it('breaks between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('keeps lines that are there, and words that are too long', () => {
    expect(wrap('one\ntwo', 20)).toEqual(['one', 'two']);
    expect(wrap('see https://docs.example/a/very/long/path here', 10)).toEqual([
      'see',
      'https://docs.example/a/very/long/path',
      'here',
    ]);
  });

  it('never breaks a command in a sentence', () => {
    expect(wrap('start it, or correct the port; try: nc -vz db.internal 5432', 30)).toEqual([
      'start it, or correct the port;',
      'try: nc -vz db.internal 5432',
    ]);
    expect(wrap('compare the clocks with `date -u +%s` here', 20)).toEqual([
      'compare the clocks',
      'with `date -u +%s`',
      'here',
    ]);
  });

  it('counts columns, not characters', () => {
    expect(wrap('日本 日本', 5)).toEqual(['日本', '日本']);
  });
});

describe('wrapFix', () => {
  const pasted = (lines: readonly string[]) => lines.join('\n').replace(/ \\\n\s*/g, ' ');

  it('continues a shell command so that it can be pasted', () => {
    const command =
      'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled';
    const lines = wrapFix(command, 64);
    expect(lines).toEqual([
      'aws s3api put-bucket-versioning --bucket spacelift-states \\',
      '  --versioning-configuration Status=Enabled',
    ]);
    expect(pasted(lines)).toBe(command);
  });

  it('never breaks inside of quotes', () => {
    const command = `aws s3api put-bucket-cors --bucket uploads --cors-configuration '{"CORSRules": [{"AllowedMethods": ["PUT", "POST"]}]}' --region eu-west-1`;
    const lines = wrapFix(command, 40);
    expect(lines).toHaveLength(4);
    expect(lines[2]).toContain(`'{"CORSRules": [{"AllowedMethods": ["PUT", "POST"]}]}'`);
    expect(pasted(lines)).toBe(command);
  });

  it('keeps a command with unfinished quotes as it is', () => {
    const command = `kubectl patch secret spacelift-shared -p 'never closed and rather long`;
    expect(pasted(wrapFix(command, 40)).replace(/\s+/g, ' ')).toBe(command);
  });

  it('wraps SQL and prose without backslashes, line by line', () => {
    expect(wrapFix('GRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;', 30)).toEqual([
      'GRANT CREATE ON SCHEMA public',
      'TO spacelift;',
      'ALTER ROLE spacelift',
      'CREATEROLE;',
    ]);
  });
});

describe('cut', () => {
  it('says that something is missing', () => {
    expect(cut('spacelift', 9, '…')).toBe('spacelift');
    expect(cut('spacelift', 6, '…')).toBe('space…');
    expect(cut('spacelift', 6, '...')).toBe('spa...');
    expect(cut('日本日本', 5, '…')).toBe('日本…');
  });
});
