/** What this tool says of Secrets and ConfigMaps, against the types and decoders of the API server. */
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../../src/config/entry.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { generated } from './generated.ts';
import { type LineProgram, startLines } from './line-program.ts';

let server: LineProgram;
beforeAll(() => {
  server = startLines('kubernetes');
});
afterAll(() => server.stop());

/**
 * Scalars and more, as YAML; text in base64 among them. Left out: lists of numbers, which Go accepts as
 * bytes of a Secret, and tags such as `!Ref`, which the API server ignores, but nobody wants ignored.
 */
const VALUES = [
  ...[
    'abc',
    'a#b',
    'a #b',
    "'it''s'",
    '"a\\tb"',
    '"\\u00e9\\x41"',
    'a: b',
    '@a',
    '`a`',
    '%a',
    '"a',
    "'a",
    '&a b',
    '*a',
    'é',
    '- a',
    '? a',
  ],
  ...[
    '3',
    '-1',
    '+1',
    '012345678901',
    '08',
    '0777',
    '0o17',
    '0x1F',
    '0b11',
    '1_000',
    '1__0',
    '_1',
    '1e3',
    '1E+3',
    '1.5',
    '1.',
    '.5',
    '1.e3',
    '-0',
    '1e400',
    '-1_0e999',
  ],
  ...[
    '9223372036854775808',
    '.inf',
    '-.INF',
    '.nan',
    'NaN',
    '1:20',
    '190:20:30',
    '0.1.2',
    '1,5',
    '0x',
    '0x_1',
    '12e',
    '2024-01-01',
    '2024-01-01T00:00:00Z',
    '12:30:45',
  ],
  ...[
    'yes',
    'No',
    'on',
    'OFF',
    'y',
    'N',
    'true',
    'True',
    'TRUE',
    'tRue',
    'false',
    'null',
    'Null',
    'nULL',
    '~',
    '',
    '=',
    '<<',
  ],
  ...[
    '"3"',
    "'yes'",
    '"null"',
    '!!str 3',
    '!!str yes',
    '!!int "3"',
    '!!bool "yes"',
    '!!null ""',
    '!!float 3',
    '!!binary YWJj',
    '!!timestamp 2024-01-01',
    '!!set a',
    '!!int abc',
    '! 3',
  ],
  ...['[a, b]', '{a: b}', '{}', '|\n    text\n', '>-\n    a\n    b\n', '|-\n    YWJj\n', '"a\n    b"', '3\n    4'],
  ...[
    'YWJj',
    '"YWJj\\n"',
    '"YW\\nJj"',
    '"YW Jj"',
    'YWJ',
    'YWJj=',
    'YQ==',
    'YQ=',
    'YR==',
    '-_-_',
    '"/+/+"',
    'MTIz',
    '"\\tYQ=="',
    '"YQ==\\r\\n"',
    '1234',
    '0000',
  ],
];

const fields = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom('ENVIRONMENT', 'AWS_ACCOUNT_ID', 'ADMIN_PASSWORD', 'LAUNCHER_IMAGE'),
    fc.constantFrom(...VALUES),
  ),
  {
    minLength: 1,
    maxLength: 2,
    selector: ([name]) => name,
  },
);

interface Manifest {
  readonly kind: string;
  readonly data: readonly (readonly [string, string])[];
  readonly stringData: readonly (readonly [string, string])[];
}

const manifest: fc.Arbitrary<Manifest> = fc.oneof(
  fields.map((data) => ({ kind: 'ConfigMap', data, stringData: [] })),
  fields.map((stringData) => ({ kind: 'Secret', data: [], stringData })),
  fields.map((data) => ({ kind: 'Secret', data, stringData: [] })),
  fc.tuple(fields, fields).map(([data, stringData]) => ({ kind: 'Secret', data, stringData })),
);

function yaml({ kind, data, stringData }: Manifest): string {
  const lines = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => `  ${name}: ${value}\n`).join('');
  const domain: readonly [string, string] = [
    'SERVER_DOMAIN',
    kind === 'Secret' && stringData.length === 0 ? 'YS5i' : 'a.b',
  ];
  const [first, second] = stringData.length > 0 ? [data, [domain, ...stringData]] : [[domain, ...data], []];
  return [
    `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: x\n`,
    first.length > 0 ? `data:\n${lines(first)}` : '',
    second.length > 0 ? `stringData:\n${lines(second)}` : '',
  ].join('');
}

type Values = Readonly<Record<string, string>> | 'rejected';

async function toolReads(text: string): Promise<Values> {
  try {
    const { entries, rejected = [] } = await parseSource('x.yaml', text);
    if (rejected.length > 0 || entries.some(({ kind }) => kind !== 'known')) return 'rejected';
    return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
  } catch (error) {
    if (error instanceof InputError) return 'rejected';
    throw error;
  }
}

async function serverReads(text: string): Promise<Values> {
  const objects: (Record<string, string> | null)[] = JSON.parse(await server.ask(Buffer.from(text).toString('base64')));
  const [only] = objects;
  if (objects.length !== 1 || !only) return 'rejected';
  const values = Object.entries(only).map(([name, value]) => [name, Buffer.from(value ?? '', 'base64')] as const);
  // A Secret can contain any bytes, but a variable only text.
  if (!values.every(([, bytes]) => isUtf8(bytes))) return 'rejected';
  return Object.fromEntries(values.map(([name, bytes]) => [name, bytes.toString()]));
}

test('what the API server accepts is read alike, and what it rejects is rejected', async () => {
  const outcomes = { accepted: 0, rejected: 0 };
  await fc.assert(
    fc.asyncProperty(manifest, async (given) => {
      const text = yaml(given);
      const expected = await serverReads(text);
      outcomes[expected === 'rejected' ? 'rejected' : 'accepted']++;
      expect(await toolReads(text), text).toEqual(expected);
    }),
    generated(1000),
  );
  expect(Math.min(outcomes.accepted, outcomes.rejected)).toBeGreaterThan(20);
});
