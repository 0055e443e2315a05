/** Values that were encoded with base64 once too often. */
import { expect, it } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { VENDOR_CONFIGS } from '../support/vendor.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const { shared, server, drain } = VENDOR_CONFIGS.EKS;
const SECRETS = { shared, server, drain };
type Write = (name: string, value: string) => string;

/** The failures about a stream of the vendor's Secrets. */
async function failures(field: 'data' | 'stringData', write: Write, kind = 'Secret'): Promise<readonly string[]> {
  const objects = Object.entries(SECRETS).map(([name, variables]) => ({
    kind,
    metadata: { name: `spacelift-${name}` },
    [field]: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, write(key, value)])),
  }));
  const source = await parseSource('x', objects.map((object) => JSON.stringify(object)).join('\n'));
  const { configuration } = makeDeployment([source], { environment: {} });
  return configuration.filter(({ outcome }) => outcome.status === 'fail').map(({ outcome }) => outcome.title);
}

const TWICE =
  /^\d\d values were encoded with base64 twice, in x \(Secret spacelift-shared\), x \(Secret spacelift-server\), x \(Secret spacelift-drain\)$/;

it.each<[string, 'data' | 'stringData', Write]>([
  ['once', 'data', (_, value) => base64(value)],
  ['not at all', 'stringData', (_, value) => value],
])('%s is right', async (_, field, write) => {
  expect(await failures(field, write)).toEqual([]);
});

it.each<[string, Write]>([
  ['printf', (_, value) => base64(base64(value))],
  ['echo', (_, value) => base64(`${base64(`${value}\n`)}\n`)],
  ['base64 in lines of 76', (_, value) => base64(base64(value).replace(/(.{76})/g, '$1\n'))],
])('twice is one failure: %s', async (_, write) => {
  expect(await failures('data', write)).toEqual([expect.stringMatching(TWICE)]);
});

it('in stringData or a ConfigMap, once is too often', async () => {
  const write: Write = (_, value) => base64(value);
  expect(await failures('stringData', write)).toEqual([expect.stringMatching(/^\d\d values are still base64, in x /)]);
  expect(await failures('data', write, 'ConfigMap')).toEqual([
    expect.stringMatching(/^\d\d values are still base64, in x \(ConfigMap spacelift-shared\), /),
  ]);
});

it('one value of several', async () => {
  const write: Write = (name, value) => base64(name === 'SERVER_DOMAIN' ? base64(value) : value);
  expect(await failures('data', write)).toEqual([
    '1 value was encoded with base64 twice, in x (Secret spacelift-shared)',
  ]);
});
