/** What one file refers to, and another one has. */
import { describe, expect, it } from 'vitest';
import { completed } from '../../../src/config/sources/completed.ts';
import { parseSource } from '../../../src/config/sources/index.ts';

/** Whether the first of some files is incomplete beside the others, and the references that it does not resolve. */
async function read(...files: readonly (readonly [string, string])[]) {
  const sources = await Promise.all(files.map(([name, text]) => parseSource(name, text)));
  const [first] = completed(sources);
  return { incomplete: first?.incomplete, unresolved: first?.unresolved?.map(({ name }) => name) };
}

const COMPLETE = { incomplete: false, unresolved: undefined };
const OPEN = { incomplete: true, unresolved: undefined };
const domain = { SERVER_DOMAIN: 'a.b' };
const deployment = (...envFrom: readonly object[]) => ({
  kind: 'Deployment',
  metadata: { name: 'spacelift-server' },
  spec: {
    template: {
      spec: { containers: [{ name: 'server', env: [{ name: 'SERVER_DOMAIN', value: 'a.b' }], envFrom }] },
    },
  },
});
const workload = (...more: readonly object[]): readonly [string, string] => [
  'deployment.json',
  [deployment({ secretRef: { name: 'db' } }, { configMapRef: { name: 'config' } }), ...more]
    .map((object) => JSON.stringify(object))
    .join('\n'),
];
const object = (kind: string, name: string): readonly [string, string] => [
  `${kind}-${name}.json`,
  JSON.stringify({ kind, metadata: { name }, [kind === 'Secret' ? 'stringData' : 'data']: domain }),
];

describe('a workload whose objects are in other files', () => {
  it('is complete with all of them', async () => {
    expect(await read(workload(), object('Secret', 'db'), object('ConfigMap', 'config'))).toEqual(COMPLETE);
  });

  it.each([
    ['one', [object('ConfigMap', 'config')]],
    ['one of another kind', [object('ConfigMap', 'config'), object('ConfigMap', 'db')]],
    ['env files', [['db', 'SERVER_DOMAIN=a.b'] as const, ['config', 'SERVER_DOMAIN=a.b'] as const]],
  ])('is not with %s', async (_, others) => {
    expect(await read(workload(), ...others)).toEqual(OPEN);
  });

  it('is complete with the Secret of an ExternalSecret that is beside it', async () => {
    const external = { kind: 'ExternalSecret', metadata: { name: 'db' }, spec: { dataFrom: [{}] } };
    const config = object('ConfigMap', 'config');
    expect(await read(workload(external), object('Secret', 'db'), config)).toEqual(COMPLETE);
    expect(await read(workload(external), config)).toEqual(OPEN);
  });

  it('does not mean an object of the same name and another kind', async () => {
    const config = { kind: 'ConfigMap', metadata: { name: 'db' }, data: domain };
    expect(await read(workload(config), object('ConfigMap', 'config'))).toEqual({
      incomplete: true,
      unresolved: ['db'],
    });
    expect(await read(workload(config), object('ConfigMap', 'config'), object('Secret', 'db'))).toEqual(COMPLETE);
  });
});

describe.each<[string, readonly [string, string]]>([
  [
    'a Compose file',
    [
      'x.yaml',
      `services: {server: {image: x, environment: {SERVER_DOMAIN: a.b}, env_file: [{path: conf/a.env}, ./b.env]}}`,
    ],
  ],
  [
    'a task definition',
    [
      'x.json',
      JSON.stringify({
        containerDefinitions: ['a.env', 'b.env'].map((name, at) => ({
          name: ['server', 'drain'][at],
          environment: [{ name: 'SERVER_DOMAIN', value: 'a.b' }],
          environmentFiles: [{ type: 's3', value: `arn:aws:s3:::bucket/spacelift/${name}` }],
        })),
      }),
    ],
  ],
  [
    'a unit',
    [
      'x.service',
      '[Service]\nEnvironment=SERVER_DOMAIN=a.b\nEnvironmentFile=/etc/a.env\nEnvironmentFile=-/etc/b.env\n',
    ],
  ],
])('%s', (_, first) => {
  const [a, b] = [['dir/a.env', 'SERVER_DOMAIN=a.b'] as const, ['b.env', 'SERVER_DOMAIN=a.b'] as const];

  it('is complete with the env files that it names', async () => {
    expect(await read(first, a, b)).toEqual(COMPLETE);
  });

  it('is not with one of them, or with others', async () => {
    expect(await read(first, b)).toEqual(OPEN);
    expect(await read(first, a, ['c.env', 'SERVER_DOMAIN=a.b'])).toEqual(OPEN);
  });
});
