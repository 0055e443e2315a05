/** Quotes around many values are one finding, with the options that keep them. */
import { expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source, type Variables } from '../support/preflight.ts';

const quoted = (variables: Variables, quote = '"') =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value && `${quote}${value}${quote}`]));

const issues = async (variables: Variables, process = true) =>
  (await preflight([configuration, pairing], [source(variables, 'all', { process })])).findings.filter(
    ({ status }) => status === 'fail' || status === 'warn',
  );

test.each(['"', "'", '`'])('every value in %s', async (quote) => {
  const [issue, ...others] = await issues(quoted(ONPREM, quote));
  expect(others).toEqual([]);
  expect(issue).toMatchObject({
    rule: 'configuration/whitespace',
    title: expect.stringMatching(
      /^\d+ values are in quotes: docker run --env-file and kubectl --from-env-file keep them$/,
    ),
  });
  expect(issue?.evidence.variables).toEqual(expect.arrayContaining(['SERVER_DOMAIN', 'DATABASE_URL', 'ENVIRONMENT']));
});

test('in a file of another kind', async () => {
  expect(await issues(quoted(ONPREM), false)).toHaveLength(1);
});

test('a few values, and the others are checked as ever', async () => {
  const few = quoted({ SERVER_DOMAIN: 'spacelift.corp.io', DATABASE_URL: ONPREM.DATABASE_URL, LICENSE_TOKEN: 'a.b.c' });
  const found = await issues({ ...ONPREM, ...few, OBJECT_STORAGE_MINIO_USE_SSL: 'yes' });
  expect(found.map(({ rule, title }) => `${rule} ${title}`).toSorted()).toEqual([
    expect.stringMatching(/^configuration\/value OBJECT_STORAGE_MINIO_USE_SSL/),
    expect.stringMatching(/^configuration\/whitespace 3 values are in quotes/),
  ]);
});

test('one value alone is a slip', async () => {
  const found = await issues({ ...ONPREM, ...quoted({ SERVER_DOMAIN: 'spacelift.corp.io' }) });
  expect(found.map(({ title }) => title)).toEqual(['SERVER_DOMAIN contains quotes']);
});

test('quotes can be part of a password', async () => {
  expect(await issues({ ...ONPREM, ...quoted({ ADMIN_USERNAME: 'admin', ADMIN_PASSWORD: 'b' }) })).toEqual([]);
});

test('typographic quotes, which no program removes', async () => {
  const values = Object.entries(ONPREM).map(([name, value]) => [name, value && `“${value}”`]);
  const [issue, ...others] = await issues(Object.fromEntries(values), false);
  expect(others).toEqual([]);
  expect(issue).toMatchObject({
    title: expect.stringMatching(/^\d+ values are in quotes that no program removes$/),
    fix: 'replace the typographic quotes in test (all) by straight ones, or remove them',
  });
});

test('in the list of a Compose file, where they are part of the values', async () => {
  const environment = Object.entries(ONPREM).map(([name, value]) => `${name}="${value}"`);
  const text = JSON.stringify({ services: { server: { image: 'x', environment } } });
  const { findings } = await preflight([configuration], [await parseSource('x.yaml', text)]);
  expect(findings.filter(({ status }) => status === 'fail')).toMatchObject([
    {
      title: expect.stringMatching(/^\d+ values are in quotes$/),
      fix: 'remove the quotes around the values in x.yaml (service server); in a list of YAML, put them around the whole item: "NAME=value"',
    },
  ]);
});
