/** Newlines at the end of many values are one finding, with the command that added them. */
import { expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight } from '../support/preflight.ts';
import { base64 } from './sources/helpers.ts';

type Write = (value: string) => string;
const EVERY = Object.keys(ONPREM);

/** The failures about a Secret with the variables of a healthy deployment. */
async function failures(field: 'data' | 'stringData', write: Write, names: readonly string[], rest: Write) {
  const values = Object.entries(ONPREM).map(([name, value = '']) => [
    name,
    names.includes(name) ? write(value) : rest(value),
  ]);
  const secret = { kind: 'Secret', metadata: { name: 's' }, [field]: Object.fromEntries(values) };
  const { findings } = await preflight([configuration, pairing], [await parseSource('x', JSON.stringify(secret))]);
  return findings.filter(({ status }) => status === 'fail');
}

test('of every value that echo wrote', async () => {
  const [issue, ...others] = await failures('data', (value) => base64(`${value}\n`), EVERY, base64);
  expect(others).toEqual([]);
  expect(issue).toMatchObject({
    rule: 'configuration/whitespace',
    title: expect.stringMatching(/^\d\d values end with a newline, in x \(Secret s\)$/),
    fix: expect.stringMatching(/^encode each value without it: printf %s "\$VALUE" \| base64; or /),
  });
  expect(issue?.evidence.variables).toEqual(expect.arrayContaining(['SERVER_DOMAIN', 'DATABASE_URL']));
});

test('of every value in a block of YAML', async () => {
  const found = await failures('stringData', (value) => `${value}\n`, EVERY, String);
  expect(found.map(({ fix }) => fix)).toEqual([
    'remove it from each value in x (Secret s); a block in YAML ends without one after |- instead of |',
  ]);
});

test('of one value is a slip', async () => {
  const found = await failures('data', (value) => base64(`${value}\n`), ['SERVER_DOMAIN'], base64);
  expect(found.map(({ title }) => title)).toEqual(['SERVER_DOMAIN ends with a newline']);
});

test('of values that were encoded twice is told by that', async () => {
  const found = await failures('data', (value) => base64(`${base64(`${value}\n`)}\n`), EVERY, base64);
  expect(found.map(({ title }) => title)).toEqual([expect.stringContaining('encoded with base64 twice')]);
});

test('can be part of a text', async () => {
  expect(await failures('data', (value) => base64(`${value}\n`), ['ADMIN_USERNAME', 'ADMIN_PASSWORD'], base64)).toEqual(
    [],
  );
});
