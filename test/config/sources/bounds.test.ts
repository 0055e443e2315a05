/** How much a config may hold, in any shape. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';
import { base64, messageOf, refusal } from './helpers.ts';

const MOST = 128 * 1024;
const NOTHING = { stdin: (async function* () {})(), env: {} };
const kubernetes = (data: Record<string, string>) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shared' }, data });

it('a value has at most 128 KiB, of bytes', async () => {
  const fits = await parseSource('x.env', `SERVER_DOMAIN=a.b\nADMIN_PASSWORD=${'x'.repeat(MOST)}`);
  expect(fits.entries[1]?.value).toHaveLength(MOST);
  const refused = 'the value of ADMIN_PASSWORD is larger than 128 KiB, the limit for a process environment';
  for (const value of ['x'.repeat(MOST + 1), 'ü'.repeat(MOST / 2 + 1)]) {
    expect(await refusal('x.env', `SERVER_DOMAIN=a.b\nADMIN_PASSWORD=${value}`)).toBe(`x.env: ${refused}`);
    expect(await refusal('x.json', JSON.stringify({ ADMIN_PASSWORD: value }))).toBe(`x.json: ${refused}`);
    expect(await refusal('x.yaml', `ADMIN_PASSWORD: "${value}"`)).toBe(`x.yaml: ${refused}`);
    expect(await refusal('x.json', kubernetes({ ADMIN_PASSWORD: base64(value) }))).toBe(`x.json: ${refused}`);
  }
});

it('what is no name of a variable is not repeated', async () => {
  const value = 'x'.repeat(MOST + 1);
  for (const name of ['hunter2 hunter2', 'h'.repeat(100), '::error::x']) {
    expect(await refusal('x.json', JSON.stringify({ SERVER_DOMAIN: 'a.b', [name]: value }))).toBe(
      'x.json: a value is larger than 128 KiB, the limit for a process environment',
    );
  }
  expect(await refusal('x.json', JSON.stringify({ SERVER_DOMAIN: 'a.b', ['k'.repeat(1025)]: '' }))).toBe(
    'x.json: a variable name is longer than 1024 bytes',
  );
});

it('all sources together have at most 20,000 variables', async () => {
  const variables = (count: number, name: string) =>
    `SERVER_DOMAIN=a.b\n${Array.from({ length: count - 1 }, (_, index) => `${name}${index}=x\n`).join('')}`;
  expect((await parseSource('x.env', variables(20_000, 'A'))).entries).toHaveLength(20_000);
  const message = (name: string) => `${name}: more than 20,000 variables, the maximum`;
  expect(await refusal('x.env', variables(20_001, 'A'))).toBe(message('x.env'));
  expect(await refusal('x.env', 'A=b\n'.repeat(200_000))).toBe(message('x.env'));
  const folder = await mkdtemp(join(tmpdir(), 'bounds-'));
  try {
    const [one, two] = [join(folder, 'one.env'), join(folder, 'two.env')];
    await Promise.all([writeFile(one, variables(12_000, 'A')), writeFile(two, variables(12_000, 'B'))]);
    expect(await readSources([one], NOTHING)).toHaveLength(1);
    expect(await messageOf(readSources([one, two], NOTHING))).toBe(message(two));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each([
  ['values', `[${'0,'.repeat(300_000)}0]`],
  ['values', `[${'{},'.repeat(300_000)}{}]`],
  ['values', '{"a":'.repeat(150_001)],
  ['values', '{} '.repeat(300_000)],
  ['documents', `{}${' 1'.repeat(300_000)}`],
])('JSON of more than 150,000 %s is refused before it is parsed', async (what, text) => {
  expect(await refusal('x.json', text)).toBe(`x.json: more than 150,000 JSON ${what}`);
});

it('what looks like JSON inside of a string is not counted', async () => {
  const text = JSON.stringify({ SERVER_DOMAIN: 'a.b', X: `${'[,{"\\'.repeat(20_000)}"` });
  const source = await parseSource('x.json', JSON.stringify(JSON.parse(text), null, 1).padEnd(300_000));
  expect(source.entries).toHaveLength(2);
});
