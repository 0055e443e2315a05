import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source } from '../support/preflight.ts';
import { base64 } from './sources/helpers.ts';

const yaml = (kind: string, body: string, name = 'spacelift-shared') =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\n${body}`;

/** The failures that a file adds to a healthy config. */
async function failures(text: string, name = 'a.yaml') {
  const { findings, deployment } = await preflight([configuration], [source(ONPREM), await parseSource(name, text)]);
  return { deployment, failed: findings.filter(({ status }) => status === 'fail') };
}

/** Each value, as YAML, and what the API server says of it in `stringData`. */
const VALUES: readonly (readonly [string, string | undefined])[] = [
  ['3', 'a number'],
  ['012345678901', 'a number'],
  ['1.20', 'a number'],
  ['0x1F', 'a number'],
  ['.5', 'a number'],
  ['true', 'a boolean'],
  ['off', 'a boolean'],
  ['[a]', 'an array'],
  ['{a: b}', 'an object'],
  ['!!int "3"', 'a number'],
  ['"3"', undefined],
  ["'true'", undefined],
  ['!!str 3', undefined],
  ['2024-01-01', undefined],
  ['12:30:45', undefined],
  ['~', undefined],
  ['""', undefined],
  ['text', undefined],
];

describe('a value in a Secret or ConfigMap', () => {
  test.each(VALUES)('%s, whatever reads it', async (value, type) => {
    for (const [kind, field] of [
      ['Secret', 'stringData'],
      ['ConfigMap', 'data'],
    ] as const) {
      const { failed } = await failures(yaml(kind, `${field}:\n  SERVER_DOMAIN: a.b\n  REPLICAS: ${value}\n`));
      expect(failed.map(({ rule, title }) => `${rule}: ${title}`)).toEqual(
        type === undefined
          ? []
          : [`configuration/type: REPLICAS is ${type}, not a string, in a.yaml (${kind} spacelift-shared)`],
      );
    }
  });

  test.each([
    ['3', 'a number, not a string'],
    ['true', 'a boolean, not a string'],
    ['plain text', 'not base64'],
    ['"{{ x | b64enc }}"', 'not base64'],
    ['YQ', 'not base64'],
    ['YQ==', undefined],
    ['~', undefined],
  ])('%s in the data of a Secret', async (value, type) => {
    const text = yaml('Secret', `data: {SERVER_DOMAIN: ${base64('a.b')}, REPLICAS: ${value}}\n`);
    const titles = (await failures(text)).failed.map(({ title }) => title);
    expect(titles).toEqual(type === undefined ? [] : [`REPLICAS is ${type}, in a.yaml (Secret spacelift-shared)`]);
  });

  test('that stringData overrides is rejected too', async () => {
    const { failed } = await failures(yaml('Secret', 'data: {SERVER_DOMAIN: 3}\nstringData: {SERVER_DOMAIN: a.b}\n'));
    expect(failed.map(({ title }) => title)).toEqual([
      'SERVER_DOMAIN is a number, not a string, in a.yaml (Secret spacelift-shared)',
    ]);
  });

  test('is one failure per object, which names all of them and how to fix them', async () => {
    const text = yaml('Secret', 'stringData: {AWS_ACCOUNT_ID: 012345678901, REPLICAS: 3, SERVER_DOMAIN: {a: b}}\n');
    const { failed, deployment } = await failures(text);
    expect(failed).toMatchObject([
      {
        title: '3 values are not strings, in a.yaml (Secret spacelift-shared)',
        detail:
          'AWS_ACCOUNT_ID is a number, not a string; REPLICAS is a number, not a string; SERVER_DOMAIN is an object, not a string.',
        fix: 'put the value of AWS_ACCOUNT_ID, REPLICAS in quotes; write SERVER_DOMAIN as one string',
      },
    ]);
    expect(deployment.lookup('SERVER_DOMAIN')).toMatchObject({ state: 'unusable' });
    expect(deployment.lookup('DATABASE_URL')).toMatchObject({ state: 'set' });
  });

  test('of a variable that no selected backend reads, in two objects', async () => {
    const body = 'stringData: {AWS_ACCOUNT_ID: 012345678901}\n';
    const { failed } = await failures(`${yaml('Secret', body)}---\n${yaml('Secret', body, 'spacelift-drain')}`);
    expect(failed.map(({ title }) => title)).toEqual([
      'AWS_ACCOUNT_ID is a number, not a string, in a.yaml (Secret spacelift-shared) and 1 other object',
    ]);
    expect(failed[0]?.detail).toBe('In a.yaml (Secret spacelift-shared), a.yaml (Secret spacelift-drain).');
  });

  test('under a name that could be a secret is reported without the name', async () => {
    const { failed } = await failures(yaml('Secret', 'stringData: {SERVER_DOMAIN: a.b, "p@ss w0rd": 3}\n'));
    expect(JSON.stringify(failed)).not.toContain('p@ss');
    expect(failed).toHaveLength(1);
  });
});

test('objects in the file that contain no variables for Spacelift are rejected for the same reason', async () => {
  const workload = (kind: string, spec: string) =>
    `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: w}\nspec: ${spec}\n`;
  const pod =
    '{initContainers: [{name: i, env: [{name: A, value: true}]}], containers: [{name: c, env: [{name: B, value: 3}, {name: C, value: "3"}, {name: D}]}]}';
  const text = [
    yaml('Secret', 'stringData: {SERVER_DOMAIN: a.b}\n'),
    workload('Deployment', `{replicas: 3, template: {spec: ${pod}}}`),
    workload(
      'CronJob',
      '{jobTemplate: {spec: {template: {spec: {containers: [{name: c, env: [{name: E, value: 1.5}]}]}}}}}',
    ),
    workload('Pod', '{containers: [{name: c, env: [{name: F, value: [a]}]}]}'),
    `---\n${yaml('Secret', 'type: kubernetes.io/tls\ndata: {tls.crt: not base64, tls.key: YQ==}\n', 'tls')}`,
  ].join('');
  const { failed } = await failures(text);
  expect(failed.map(({ title }) => title)).toEqual([
    'A is a boolean, not a string, in a.yaml (Deployment w, container i)',
    'B is a number, not a string, in a.yaml (Deployment w, container c)',
    'E is a number, not a string, in a.yaml (CronJob w, container c)',
    'F is an array, not a string, in a.yaml (Pod w, container c)',
    'tls.crt is not base64, in a.yaml (Secret tls)',
  ]);
});

test('every container of a task definition', async () => {
  const containerDefinitions = [
    {
      name: 'server',
      image: 'x',
      environment: [
        { name: 'SERVER_DOMAIN', value: 'a.b' },
        { name: 'REPLICAS', value: 3 },
      ],
    },
    { name: 'datadog', image: 'x', environment: [{ name: 'DD_APM_ENABLED', value: true }], secrets: [{ name: 'K' }] },
  ];
  const { failed } = await failures(JSON.stringify({ containerDefinitions }), 'task.json');
  expect(failed.map(({ title }) => title)).toEqual([
    'REPLICAS is a number, not a string, in task.json (container server)',
    'DD_APM_ENABLED is a boolean, not a string, in task.json (container datadog)',
  ]);
});

test('a flat map may contain numbers', async () => {
  expect((await failures('SERVER_DOMAIN: a.b\nREPLICAS: 3\n', 'map.yaml')).failed).toEqual([]);
});
