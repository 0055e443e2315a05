/** What a config repeats: references to other parts of it, of which each can stand for all of them. */
import { expect, it } from 'vitest';
import type { Entry } from '../../../src/config/entry.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { type Stored, StoredObjects } from '../../../src/config/sources/stored.ts';
import { refusal, valuesOf } from './helpers.ts';

const times = <Of>(count: number, make: (index: number) => Of): Of[] =>
  Array.from({ length: count }, (_, index) => make(index));
const DOMAIN = { name: 'SERVER_DOMAIN', value: 'spacelift.example.com' };
const pod = (...containers: readonly object[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'spacelift-server' },
  spec: { containers: containers.map((container) => ({ name: 'server', ...container })) },
});
const secret = (stringData: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  stringData,
});
const list = (...items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const ALL = { secretRef: { name: 's' } };

it('a Secret that many containers read is refused, not multiplied', async () => {
  const keys = Object.fromEntries(times(1000, (index) => [`V${index}`, 'v']));
  const many = 'x.json: more than 20,000 variables, the maximum';
  const read = times(1000, () => ({ envFrom: [ALL], env: [DOMAIN] }));
  expect(await refusal('x.json', list(secret(keys), pod(...read)))).toBe(many);
  // The copies override each other, or are no variables.
  expect(await refusal('x.json', list(secret(keys), pod({ envFrom: times(1000, () => ALL), env: [DOMAIN] })))).toBe(
    many,
  );
  const noNames = Object.fromEntries(times(1000, (index) => [`${index}`, 'v']));
  expect(await refusal('x.json', list(secret(noNames), pod({ envFrom: times(1000, () => ALL) })))).toBe(many);
});

it('a prefix is part of a name, which has at most 1,024 bytes', async () => {
  const container = { envFrom: [{ ...ALL, prefix: 'P'.repeat(1025) }], env: [DOMAIN] };
  expect(await refusal('x.json', list(secret({ A: 'v' }), pod(container)))).toBe(
    'x.json: a variable name is longer than 1024 bytes',
  );
});

it('references to variables with references are refused once they are too long', async () => {
  const doubled = times(40, (index) => ({ name: `A${index + 1}`, value: `$(A${index})$(A${index})` }));
  const env = [DOMAIN, { name: 'A0', value: 'x'.repeat(100) }, ...doubled];
  expect(await refusal('x.json', list(pod({ env })))).toBe(
    'x.json: the value of A11 is larger than 128 KiB, the limit for a process environment',
  );
});

it('the texts that references of a file stand for are limited together', async () => {
  const env = (count: number) => [
    DOMAIN,
    { name: 'A', value: 'x'.repeat(100_000) },
    ...times(count, (index) => ({ name: `B${index}`, value: '$(A)' })),
  ];
  expect((await parseSource('x.json', list(pod({ env: env(10) })))).entries).toHaveLength(12);
  expect(await refusal('x.json', list(pod({ env: env(50) })))).toBe(
    'x.json: its $(NAME) references stand for more than 4 MiB, the maximum',
  );
});

it('values that are read many times are limited together', async () => {
  const read = times(400, () => ({ envFrom: [ALL], env: [DOMAIN] }));
  expect(await refusal('x.json', list(secret({ A: 'x'.repeat(100_000) }), pod(...read)))).toBe(
    'x.json: its values are larger than 32 MiB together, the maximum',
  );
});

it('an object is read once for all references to its keys', () => {
  let reads = 0;
  const entries = times(
    1000,
    (index): Entry => ({
      ...{ name: `K${index}`, kind: 'known', value: `${index}`, service: 'all', origin: 'x.json' },
    }),
  );
  const object = (namespace?: string): Stored => ({
    ...{ kind: 'Secret', name: 's', namespace },
    get entries() {
      reads++;
      return entries;
    },
  });
  const [inA, forAny, inB] = [object('a'), object(), object('b')];
  const stored = new StoredObjects([inA, forAny, inB]);
  for (let index = 0; index < 1000; index++) expect(stored.entryIn(inA, `K${index}`)?.value).toBe(`${index}`);
  expect(reads).toBe(1);
  expect(stored.entryIn(inA, 'other')).toBeUndefined();
  // The first that a pod can read.
  expect(stored.find('Secret', 's', undefined)).toBe(inA);
  expect(stored.find('Secret', 's', 'a')).toBe(inA);
  expect(stored.find('Secret', 's', 'b')).toBe(forAny);
  expect(stored.find('Secret', 's', 'c')).toBe(forAny);
  expect(stored.find('ConfigMap', 's', 'a')).toBeUndefined();
  expect(new StoredObjects([inA]).find('Secret', 's', 'b')).toBeUndefined();
});

const UNIT = '[Service]\nExecStart=/usr/bin/spacelift backend server\nEnvironment=SERVER_DOMAIN=x.example.com';

it('a line of a unit continues over many, and there are at most 200,000', async () => {
  const unit = `${UNIT} \\\n# a comment\n${'  A=b \\\n'.repeat(150_000)}  C="d\\\n e"\nEnvironment=E=f \\`;
  expect(valuesOf(await parseSource('x.service', unit))).toEqual({
    SERVER_DOMAIN: 'x.example.com',
    A: 'b',
    C: 'd e',
    E: 'f',
  });
  expect(await refusal('x.service', `${UNIT} \\\n${'\\\n'.repeat(200_000)}`)).toBe(
    'x.service: more than 200,000 lines of a systemd unit',
  );
  expect(await refusal('x.service', `${UNIT} \\\n${`A=${'b'.repeat(1000)} \\\n`.repeat(1100)}`)).toBe(
    'x.service: a line of the unit is longer than 1 MiB, the maximum of systemd',
  );
});

it('a Compose file with many names that the shell sets is refused', async () => {
  const environment = ['SERVER_DOMAIN=x.example.com', ...times(140_000, (index) => `VARIABLE_${index}`)];
  expect(await refusal('x.json', JSON.stringify({ services: { server: { image: 'x', environment } } }))).toBe(
    'x.json: more than 20,000 variables, the maximum',
  );
});

it('a string with millions of escapes is read, whole or in one of several documents', async () => {
  const text = JSON.stringify({ SERVER_DOMAIN: 'a.b', A: '\n'.repeat(3_900_000) });
  const long = 'x.json: the value of A is larger than 128 KiB, the limit for a process environment';
  expect(await refusal('x.json', text)).toBe(long);
  expect(await refusal('x.json', `${text} {}`)).toBe(long);
  expect(await refusal('x.json', '{} "')).toBe('x.json: not valid JSON at line 1, column 4');
});

it('a key of Helm values says which service all variables below it are for', async () => {
  const below = Object.fromEntries(times(3, (index) => [`k${index}`, { env: { SERVER_DOMAIN: 'a.b' } }]));
  const { entries } = await parseSource('x.json', JSON.stringify({ spacelift: { vcs_Gateway: below, drain: below } }));
  expect(entries.map(({ service }) => service)).toEqual([...times(3, () => 'vcs-gateway'), ...times(3, () => 'drain')]);
});
