/** Every shape gives back what was put into it; whatever else a text holds, it is refused in one line, and soon. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { InputError, type Source } from '../../../src/config/entry.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { processSource } from '../../../src/config/sources/process.ts';
import { decode, readBytes } from '../../../src/config/sources/read.ts';
import { anyJson, anyText, ONE_LINE, RUNS } from '../../support/arbitrary.ts';
import { expectLinear } from '../../support/growth.ts';
import { base64 } from './helpers.ts';

type Variables = Record<string, string>;

/** A value as a file can hold it: no NUL, no half of a character, and no sign of encryption, which is refused before. */
const value = anyText().filter((text) => text.isWellFormed() && !/[\0\ufeff]|ENC\[/.test(text));
const name = fc.oneof(
  fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'DATABASE_URL', 'AWS_REGION'),
);
/** As JSON and YAML have it: every name is there once, and one is Spacelift's. */
const variables: fc.Arbitrary<Variables> = fc
  .uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key })
  .map((pairs) => Object.fromEntries([...pairs, ['SERVER_DOMAIN', 'a.b']]));

const nested = (depth: number) => Array.from({ length: depth }, (_, at) => `${' '.repeat(at)}a:`).join('\n');

const pairsOf = ({ entries }: Source) => entries.map(({ name: key, value: held }) => [key, held]).sort();
const encoded = (given: Variables) =>
  Object.fromEntries(Object.entries(given).map(([key, held]) => [key, base64(held)]));
const container = (given: Variables) => ({
  name: 'spacelift-server',
  image: 'x',
  environment: Object.entries(given).map(([key, held]) => ({ name: key, value: held })),
});
const configMap = (given: Variables) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: given });
const secret = (given: Variables) => ({ ...configMap(encoded(given)), kind: 'Secret' });
const strings = (given: Variables) => ({ kind: 'Secret', metadata: { name: 'x' }, stringData: given });
const halves = (given: Variables): [Variables, Variables] => {
  const pairs = Object.entries(given);
  return [Object.fromEntries(pairs.slice(0, 2)), Object.fromEntries(pairs.slice(2))];
};
const yaml = (document: unknown) => stringify(document, { version: '1.1', lineWidth: 0 });

const SHAPES: Readonly<Record<string, (given: Variables) => string>> = {
  'a flat map, JSON': (given) => JSON.stringify(given),
  'a flat map, YAML': (given) => `# a comment\n${yaml(given)}`,
  'a Secret, JSON': (given) => JSON.stringify(secret(given)),
  'a Secret, YAML': (given) => yaml(secret(given)),
  'a Secret of strings, YAML': (given) => yaml(strings(given)),
  'a ConfigMap with CRLF, JSON': (given) => JSON.stringify(configMap(given), null, 2).replaceAll('\n', '\r\n'),
  'two documents, YAML': (given) =>
    halves(given)
      .map((half) => yaml(configMap(half)))
      .join('---\n'),
  'a List, JSON': (given) => JSON.stringify({ kind: 'List', items: halves(given).map(secret) }),
  'a SecretList, YAML': (given) =>
    yaml({ kind: 'SecretList', items: [{ metadata: { name: 'x' }, stringData: given }] }),
  'a task definition': (given) => JSON.stringify({ taskDefinition: { containerDefinitions: [container(given)] } }),
  'container definitions': (given) => JSON.stringify([container(given)]),
};

describe('what is put into a shape comes out of it', () => {
  test.each(Object.entries(SHAPES))('%s', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(variables, async (given) => {
        expect(pairsOf(await parseSource('x', write(given)))).toEqual(Object.entries(given).sort());
      }),
      RUNS,
    );
    expect(Object.prototype).not.toHaveProperty('SERVER_DOMAIN');
  });

  test('a dotenv file, between single quotes', async () => {
    const plain = fc.stringMatching(/^[ -&(-Z^-~]{0,40}$/);
    const named = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(named, plain, { noNullPrototype: true }),
        fc.constantFrom('\n', '\r\n'),
        async (given, end) => {
          const all = { ...given, SERVER_DOMAIN: 'a.b' };
          const text = Object.entries(all).map(([key, held]) => `${key}='${held}'${end}`);
          expect(pairsOf(await parseSource('x', text.join('')))).toEqual(Object.entries(all).sort());
        },
      ),
      RUNS,
    );
  });

  test('the process environment', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText(), fc.option(anyText(), { nil: undefined })), (given) => {
        const set = Object.entries(given).filter(([, held]) => held !== undefined);
        expect(pairsOf(processSource(given))).toEqual(set.sort());
      }),
      RUNS,
    );
  });
});

/** What comes of a text: nothing but a source, or one line. */
async function outcome(text: string): Promise<string | undefined> {
  try {
    await parseSource('x', text);
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^x: ./);
    expect(error.message).toMatch(ONE_LINE);
    expect(error.message.length).toBeLessThan(1000);
    return error.message;
  }
}

describe('whatever else a text holds', () => {
  test('any text is read or refused', () =>
    fc.assert(
      fc.asyncProperty(anyText(200), async (text) => void (await outcome(text))),
      { numRuns: 500 },
    ));

  test('any JSON is read or refused, where variables belong too', () =>
    fc.assert(
      fc.asyncProperty(
        anyJson(),
        fc.constantFrom(
          (inner: unknown) => inner,
          (inner: unknown) => ({ kind: 'Secret', metadata: inner, data: { SERVER_DOMAIN: '' } }),
          (inner: unknown) => ({ kind: 'Secret', data: inner, stringData: { SERVER_DOMAIN: 'a.b' } }),
          (inner: unknown) => ({ kind: 'ConfigMap', data: { SERVER_DOMAIN: 'a.b', X: inner } }),
          (inner: unknown) => ({ kind: 'List', items: inner }),
          (inner: unknown) => ({
            kind: 'List',
            items: [inner, { kind: 'Secret', stringData: { SERVER_DOMAIN: 'x' } }],
          }),
          (inner: unknown) => ({ containerDefinitions: [inner] }),
          (inner: unknown) => [{ name: 'server', image: 'x', environment: inner }],
          (inner: unknown) => [
            {
              name: 'server',
              image: 'x',
              environment: [inner],
              secrets: [{ name: 'SERVER_DOMAIN', valueFrom: inner }],
            },
          ],
          (inner: unknown) => ({ SERVER_DOMAIN: 'a.b', X: inner }),
        ),
        fc.constantFrom(JSON.stringify, yaml),
        async (inner, place, write) => void (await outcome(write(place(inner)))),
      ),
      { numRuns: 1000 },
    ));

  test('a value that slipped into another place is not in the refusal', () =>
    fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9+/]{20,40}=$/), fc.nat(200), async (held, at) => {
        const text = JSON.stringify(strings({ SERVER_DOMAIN: 'a.b', ADMIN_PASSWORD: held }), null, 1);
        for (const piece of ['{', '"', ':', ']', '\n- ', ' &a ', '\t']) {
          expect((await outcome(text.slice(0, at) + piece + text.slice(at))) ?? '').not.toContain(held.slice(0, 8));
        }
      }),
      { numRuns: 60 },
    ));

  test.each<[string, number, (length: number) => string]>([
    ['nested lists', 12_500, (length) => '['.repeat(length)],
    ['nested maps', 12_500, (length) => '{"a":'.repeat(length)],
    ['nested lists that end', 12_500, (length) => `${'['.repeat(length)}${']'.repeat(length)}`],
    // The text itself grows with the square of its depth.
    ['nested YAML', 4_000, (length) => nested(Math.sqrt(length))],
    ['nested YAML, as deep as it gets', 62_500, (length) => nested(2 * Math.sqrt(length))],
    ['nested flow YAML', 6_250, (length) => `a: ${'['.repeat(length)}`],
    ['many documents', 3_750, (length) => '---\n{}\n'.repeat(length)],
    ['many JSON documents', 25_000, (length) => '{} '.repeat(length)],
    ['one long line', 1_000_000, (length) => `SERVER_DOMAIN: ${'a'.repeat(length)}`],
    ['one long comment', 1_000_000, (length) => `#${'a'.repeat(length)}`],
    ['one long quoted value', 375_000, (length) => `A="${'\\"'.repeat(length)}`],
    ['line breaks alone', 1_000_000, (length) => '\n'.repeat(length)],
    ['spaces alone', 1_000_000, (length) => ' '.repeat(length)],
    ['dotenv without end', 250_000, (length) => 'A=b\n'.repeat(length)],
    ['many keys', 12_500, (length) => `{${Array.from({ length }, (_, index) => `"k${index}":""`).join()}}`],
  ])('a flood is read or refused in time that grows with its length: %s', async (_, length, make) => {
    await expectLinear((size) => outcome(make(size)), length);
  });

  test.each<[string, string]>([
    [
      'aliases of aliases',
      `a: &a [x]\n${[...'bcdefghijkl'].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghijkl'[at]}`)}]`).join('\n')}`,
    ],
    ['an alias of itself', 'a: &a [*a]'],
    ['a merge of itself', 'a: &a\n  <<: *a'],
  ])('what stands for more than there is room for is read or refused: %s', async (_, text) => {
    await outcome(text);
  });
});

describe('bytes', () => {
  test('any bytes are text, or refused', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 6 }), async (chunks) => {
        const bytes = Buffer.concat(chunks);
        const reading = readBytes('x', async function* () {
          yield* chunks;
        });
        const text = await reading
          .then((read) => decode('x', read))
          .catch((error: unknown) => {
            if (!(error instanceof InputError)) throw error;
            expect(error.message).toMatch(/^x: (a binary file|not UTF-8|UTF-16)/);
          });
        const mark = Buffer.from('\ufeff');
        if (text !== undefined)
          expect(Buffer.from(text)).toEqual(bytes.indexOf(mark) === 0 ? bytes.subarray(mark.length) : bytes);
      }),
      RUNS,
    ));
});
