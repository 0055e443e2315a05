import fc from 'fast-check';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it } from 'vitest';
import wrapAnsi from 'wrap-ansi';
import { cut, loadWidths, type PrintedFix, shellFix, widthOf, wrap, wrapFix } from '../../src/report/wrap.ts';

beforeAll(loadWidths);

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

  it('is what `wrap-ansi` and `string-width` do, in any language', () => {
    const character = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...'ab.#*0~¡ÿ®©–—‘’“”•…→✔✖') },
      { weight: 1, arbitrary: fc.constantFrom(...'\u00ad\u0301\u200b語한🎉') },
    );
    const word = fc.string({ unit: character, minLength: 1, maxLength: 9 });
    const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (words, width) => {
        expect(wrap(words, width).join('\n')).toBe(wrapAnsi(words, width));
        expect(widthOf(words)).toBe(stringWidth(words));
      }),
      { numRuns: 300 },
    );
  });

  it('counts columns, not characters', () => {
    expect(wrap('日本 日本', 5)).toEqual(['日本', '日本']);
  });
});

describe('wrapFix', () => {
  const pasted = (lines: readonly string[]) => lines.join('\n').replace(/ \\\n\s*/g, ' ');
  const inSql = (fix: string): PrintedFix => ({ fix, fixKind: 'command', fixLanguage: 'sql' });

  it('continues a shell command so that it can be pasted', () => {
    const command =
      'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled';
    const lines = wrapFix(shellFix(command), 64);
    expect(lines).toEqual([
      'aws s3api put-bucket-versioning --bucket spacelift-states \\',
      '  --versioning-configuration Status=Enabled',
    ]);
    expect(pasted(lines)).toBe(command);
  });

  it('never breaks inside of quotes', () => {
    const command = `aws s3api put-bucket-cors --bucket uploads --cors-configuration '{"CORSRules": [{"AllowedMethods": ["PUT", "POST"]}]}' --region eu-west-1`;
    const lines = wrapFix(shellFix(command), 40);
    expect(lines).toHaveLength(4);
    expect(lines[2]).toContain(`'{"CORSRules": [{"AllowedMethods": ["PUT", "POST"]}]}'`);
    expect(pasted(lines)).toBe(command);
  });

  it('never breaks inside of the output of another command, which has quotes of its own', () => {
    const inner = `"$(aws sqs get-queue-url --queue-name "$(printf 'it is \\')' "a b")" --query 'Queue Url')"`;
    const command = `aws sqs purge-queue --queue-url ${inner} --region eu-west-1`;
    const lines = wrapFix(shellFix(command), 20);
    expect(lines).toContain(`  --queue-url ${inner} \\`);
    expect(pasted(lines)).toBe(command);
  });

  it.each([
    `kubectl patch secret spacelift-shared -p 'never closed and rather long`,
    'kubectl get secret "$(kubectl get secrets -o name | head -n 1 rather long',
    'kubectl get secret `kubectl get secrets -o name` rather long',
    'kubectl get secret rather long, and cut off at a backslash \\',
  ])('keeps what it does not understand as it is: %s', (command) => {
    expect(wrapFix(shellFix(command), 40)).toEqual([command]);
  });

  it('never continues a comment', () => {
    const fix = '# all rules of the bucket are replaced by this one\nmc ilm import minio/uploads\n# then run it again';
    expect(wrapFix(shellFix(fix), 30)).toEqual([
      '# all rules of the bucket are',
      '# replaced by this one',
      'mc ilm import minio/uploads',
      '# then run it again',
    ]);
    const sql = '-- as a role that may grant it, not as the one of Spacelift\nGRANT pg_monitor TO x;';
    expect(wrapFix(inSql(sql), 30)).toEqual([
      '-- as a role that may grant',
      '-- it, not as the one of',
      '-- Spacelift',
      'GRANT pg_monitor TO x;',
    ]);
  });

  it('wraps SQL without backslashes, and not inside of quotes', () => {
    const grant = 'GRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;';
    expect(wrapFix(inSql(grant), 30)).toEqual([
      'GRANT CREATE ON SCHEMA public',
      'TO spacelift;',
      'ALTER ROLE spacelift',
      'CREATEROLE;',
    ]);
    expect(wrapFix(inSql(`ALTER ROLE "a ""b"" c" SET search_path TO 'it''s  here', public;`), 20)).toEqual([
      'ALTER ROLE',
      '"a ""b"" c" SET',
      'search_path TO',
      "'it''s  here',",
      'public;',
    ]);
  });

  it('wraps prose, also where it begins like a command, and leaves a setting whole', () => {
    expect(wrapFix({ fix: 'az login is needed by who runs it', fixKind: 'advice' }, 20)).toEqual([
      'az login is needed',
      'by who runs it',
    ]);
    expect(wrapFix({ fix: 'az login is needed by who runs it' }, 20)).toHaveLength(2);
    const setting = `set AZURE_CLIENT_ID='a b c d e f g'`;
    expect(wrapFix({ fix: setting, fixKind: 'setting' }, 20)).toEqual([setting]);
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
