/** What each program reads from an env file, as its own parser answered (`npm run test:oracles` asks it again). */
import { describe, expect, test } from 'vitest';
import { lastOf } from '../../../src/config/env-file/assignment.ts';
import { readEnvFile } from '../../../src/config/env-file/compare.ts';
import { READER_NAMES, READERS, type ReaderName } from '../../../src/config/env-file/readers.ts';
import { expectLinear } from '../../support/growth.ts';

/** Values by name; `$` behind a name: it depends on the environment; `undefined`: rejected. */
function read(reader: ReaderName, text: string): Record<string, string> | undefined {
  const found = READERS[reader].read(text);
  if (found === undefined) return undefined;
  return Object.fromEntries(
    [...lastOf(found).values()].map(({ name, value, expands }) => [name + (expands ? '$' : ''), value]),
  );
}

type Row = Partial<Record<ReaderName, Record<string, string> | undefined>>;
const all = (value: string): Row => Object.fromEntries(READER_NAMES.map((reader) => [reader, { A: value }]));
const literal = (value: string): Row => ({ docker: { A: value }, kubectl: { A: value } });
const shells = (value: string): Row => ({ compose: { A: value }, bash: { A: value }, systemd: { A: value } });

const TABLE: readonly (readonly [string, Row])[] = [
  ['A=abc', all('abc')],
  ['A=', all('')],
  ['A=abc#def123', all('abc#def123')],
  ['A=#b', all('#b')],
  ['A=a=b==', all('a=b==')],
  ['A=b\n\n# c\n  A=d\n', { ...all('d'), kubectl: undefined }],
  ['A=b c', { ...all('b c'), bash: undefined }],
  ['A=b B=c', { compose: { A: 'b B=c' }, bash: { A: 'b', B: 'c' }, ...literal('b B=c') }],
  ['A=b # c', { compose: { A: 'b' }, bash: { A: 'b' }, systemd: { A: 'b # c' }, ...literal('b # c') }],
  ['A= # c', { compose: { A: '# c' }, bash: { A: '' }, systemd: { A: '# c' }, ...literal(' # c') }],
  ['A=b\t#c', { compose: { A: 'b\t#c' }, bash: { A: 'b' }, systemd: { A: 'b\t#c' } }],
  ['A=b  ', { ...shells('b'), ...literal('b  ') }],
  ['A=b\r\n', { ...all('b'), bash: { A: 'b\r' } }],
  ['\ufeffA=b', { ...all('b'), bash: undefined, systemd: undefined }],
  ['export A=b', { compose: { A: 'b' }, bash: { A: 'b' }, docker: undefined, kubectl: undefined, systemd: undefined }],
  ['A = b', { compose: { A: 'b' }, systemd: { A: 'b' }, bash: undefined, docker: undefined, kubectl: undefined }],
  ['A: b\n', { compose: { A: 'b' }, bash: undefined, docker: undefined, kubectl: undefined, systemd: undefined }],
  ['A="b c"', { ...shells('b c'), ...literal('"b c"') }],
  ["A='b # $c'", { ...shells('b # $c'), ...literal("'b # $c'") }],
  ['A="b" # c', { compose: { A: 'b' }, bash: { A: 'b' }, systemd: { A: 'b# c' } }],
  ['A="b\nc"\n', { ...shells('b\nc') }],
  ['A="b\\nc"', { compose: { A: 'b\nc' }, bash: { A: 'b\\nc' }, systemd: { A: 'b\\nc' } }],
  ['A="b\\0123"', { compose: { A: 'bS' } }],
  ['A="b\\"c"', shells('b"c')],
  ['A="b\\$c"', { compose: { A: 'b$c' }, bash: { A: 'b$c' }, systemd: { A: 'b$c' } }],
  ["A='it'\\''s'", { compose: undefined, bash: { A: "it's" }, systemd: { A: "it''s'" } }],
  ["A='it\\'s'", { compose: { A: "it's" }, bash: undefined, systemd: { A: "it\\s'" } }],
  ["A=it's", { compose: { A: "it's" }, bash: undefined, systemd: { A: "it's" }, ...literal("it's") }],
  ['A="b', { compose: undefined, bash: undefined, systemd: { A: 'b' }, ...literal('"b') }],
  ['A=a\\b', { compose: { A: 'a\\b' }, bash: { A: 'ab' }, systemd: { A: 'ab' }, ...literal('a\\b') }],
  ['A=a\\\nb=c\n', { bash: { A: 'ab=c' }, systemd: { A: 'ab=c' } }],
  ['A=p$w', { compose: { A$: 'p$w' }, bash: { A$: 'p$w' }, systemd: { A: 'p$w' }, ...literal('p$w') }],
  ['A=p$$w', { compose: { A: 'p$w' }, bash: { A$: 'p$$w' }, systemd: { A: 'p$$w' }, ...literal('p$$w') }],
  ['A=p${w.x}', { compose: undefined, bash: undefined, systemd: { A: 'p${w.x}' }, ...literal('p${w.x}') }],
  ['A=p${w:-x}', { compose: { A$: 'p${w:-x}' }, bash: undefined }],
  ['A=p${w:?x}', { compose: undefined, bash: undefined }],
  ['A=p$1', { compose: { A: 'p$1' }, bash: { A$: 'p$1' } }],
  ['A=p$', all('p$')],
  ['B=c\nA=b$B', { compose: { B: 'c', A: 'bc' }, bash: { B: 'c', A: 'bc' }, systemd: { B: 'c', A: 'b$B' } }],
  ['A=$(b)', { bash: undefined, compose: { A: '$(b)' }, systemd: { A: '$(b)' } }],
  ['A=`b`', { bash: undefined, compose: { A: '`b`' } }],
  ['A=b&c=d', { ...all('b&c=d'), bash: undefined }],
  ['A=b;', { ...all('b;'), bash: { A: 'b' } }],
  ['A=~/b', { ...all('~/b'), bash: { A$: '~/b' } }],
  ['A={a,b}', all('{a,b}')],
  ['export A={a,b}', { bash: undefined, compose: { A: '{a,b}' } }],
  ['A', { compose: { '': 'A' }, bash: undefined, docker: {}, kubectl: { A$: '' }, systemd: undefined }],
  ['1A=b', { compose: { '1A': 'b' }, bash: undefined, docker: { '1A': 'b' }, kubectl: undefined, systemd: undefined }],
];

describe.each(TABLE)('%j', (text, expected) => {
  test.each(Object.keys(expected) as ReaderName[])('%s', (reader) => {
    expect(read(reader, text)).toEqual(expected[reader]);
  });
});

test('a line longer than Go’s scanner accepts is rejected', () => {
  expect(READERS.docker.read(`A=${'b'.repeat(65_533)}`)).toHaveLength(1);
  expect(READERS.docker.read(`A=${'b'.repeat(65_534)}`)).toBeUndefined();
});

test('an assignment has the line in which it starts', () => {
  const text = '# a\nA="b\nc"\nB=c\n\n\nC=d\n';
  for (const reader of ['compose', 'bash', 'systemd'] as const) {
    expect(READERS[reader].read(text)?.map(({ name, line }) => `${name} ${line}`)).toEqual(['A 2', 'B 4', 'C 7']);
  }
});

test.each(['compose', 'bash'] as const)('%s does not exhaust the memory with references to references', (reader) => {
  const lines = Array.from({ length: 40 }, (_, at) => `A${at + 1}=${`$A${at}`.repeat(10)}`);
  expect(READERS[reader].read(`A0=0123456789\n${lines.slice(0, 3).join('\n')}`)?.at(-1)?.value).toHaveLength(10_000);
  expect(READERS[reader].read(`A0=0123456789\n${lines.join('\n')}`)).toBeUndefined();
  const long = `A0=${'x'.repeat(100_000)}\nA1=${'$A0'.repeat(100_000)}\n`;
  expect(READERS[reader].read(long)).toBeUndefined();
});

test.each<[string, string, string]>([
  ['defaults in defaults', '${a:-', '}'],
  ['defaults behind defaults', '${a:-b}', ''],
  ['references', '$a', ''],
  ['dollar signs', '$', ''],
  ['backslashes', '\\', ''],
  ['quotes', '"', ''],
  ['comments', ' #', ''],
  ['assignments', ' A=b', ''],
  ['lines', '\nA=b', ''],
  ['exports', '\nexport A', ''],
])('takes time that grows with the length alone: %s', async (_, start, end) => {
  await expectLinear((length) => readEnvFile(`A=${start.repeat(length)}${end.repeat(length)}`, 'x'), 20_000);
  await expectLinear((length) => readEnvFile(`A="${start.repeat(length)}${end.repeat(length)}"`, 'x'), 20_000);
});
