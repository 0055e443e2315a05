/** Values are found where the parser finds them, in any JSON; what is not JSON is an error, and nothing else. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonScan, ScanError, type Start } from '../../src/util/json-scan.ts';
import { RUNS } from '../support/arbitrary.ts';

const scanOf = (text: string) => new JsonScan(Buffer.from(text));

it('members and elements are those of the parser, with any whitespace', () =>
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, '\t'), (object, space) => {
      const text = JSON.stringify(object, null, space);
      const scan = scanOf(`\n${text} `);
      const members = [...scan.root()];
      expect(Object.fromEntries(members.map(([key, span]) => [key, scan.parse(span)]))).toEqual(JSON.parse(text));
      const list = scanOf(JSON.stringify({ list: Object.values(object) }, null, space));
      const found = [...list.elements(list.root().get('list'))].map(({ span }) => list.parse(span));
      expect(found).toEqual(JSON.parse(JSON.stringify(Object.values(object))));
    }),
    RUNS,
  ));

it('the first member of a key, and the objects that are wanted, are those of the parser', () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.dictionary(fc.constantFrom('type', 'other'), fc.jsonValue()), fc.jsonValue())),
      fc.constantFrom(0, '\t'),
      (list, space) => {
        const text = JSON.stringify({ list, inner: { list } }, null, space);
        const scan = scanOf(text);
        const root = scan.root();
        const isWanted = (start: Start) => scan.string(scan.member(start, 'type')) !== undefined;
        const wanted = list.filter(
          (one) => one !== null && typeof one === 'object' && 'type' in one && typeof one.type === 'string',
        );
        for (const span of [root.get('list'), scan.member(root.get('inner'), 'list')]) {
          const found = [...scan.objects(span, isWanted)].map((members) =>
            Object.fromEntries([...members].map(([key, value]) => [key, scan.parse(value)])),
          );
          expect(found).toEqual(JSON.parse(JSON.stringify(wanted)));
        }
      },
    ),
    RUNS,
  ));

it('any text is read or is an error', () =>
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ \n0e-atrue') }), (text) => {
      const scan = scanOf(`{${text}`);
      try {
        for (const span of scan.root().values()) for (const _ of scan.objects(span)) scan.string(span);
      } catch (error) {
        expect(error).toBeInstanceOf(ScanError);
      }
    }),
    RUNS,
  ));

it.each([
  '',
  '[]',
  '{',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,}',
  '{"a" 1}',
  '{} {}',
  '{"a":"\\',
  '{"a":[1,]}',
  `{"a":${'['.repeat(2000)}`,
])('is an error: %j', (text) => {
  const scan = scanOf(text);
  expect(() => [...scan.elements(scan.root().get('a'))]).toThrow(ScanError);
});

it('reads escaped keys, a byte order mark, and values of other types', () => {
  const scan = scanOf('\ufeff{"\\u0061\\"":1,"ü":[1,{"b":"c"},[2]]}');
  const root = scan.root();
  expect([...root.keys()]).toEqual(['a"', 'ü']);
  expect([...scan.objects(root.get('ü'))].map((members) => scan.string(members.get('b')))).toEqual(['c']);
  expect(scan.string(root.get('a"'))).toBeUndefined();
  expect(scan.members(root.get('ü')).size).toBe(0);
  expect(scan.members(undefined).size).toBe(0);
});
