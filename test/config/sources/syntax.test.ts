import { describe, expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { expectLinear } from '../../support/growth.ts';
import { refusal, valuesOf } from './helpers.ts';

const SECRET = 'hunter2-hunter2';

describe('broken JSON', () => {
  it.each([
    ['{"A": hunter2-hunter2}', 1, 7],
    ['{"A": "hunter2-hunter2",}', 1, 25],
    ['{\n  "A": "hunter2-hunter2"\n  "B": 1\n}', 3, 3],
    ['{"A": "hunter2-hunter2\n"}', 1, 7],
    ['["hunter2-hunter2" "b"]', 1, 20],
    ['{"A" "hunter2-hunter2"}', 1, 6],
    ['{"A": "hunter2-hunter2"}]', 1, 25],
    ['{"A": 012}', 1, 8],
    ['[1,]', 1, 4],
    ["{'A': 'hunter2-hunter2'}", 1, 2],
    ['{"A": "hunter2-hunter2"} {"B": }', 1, 32],
  ])('%j is wrong at line %i, column %i', async (text, line, column) => {
    const message = await refusal('x.json', text);
    expect(message).toBe(`x.json: not valid JSON at line ${line}, column ${column}`);
    expect(message).not.toContain(SECRET);
  });

  it.each(['{"A": "b"', '[', '{"A":', '{"A": {"B": "c"},\n '])('%j ends too early', async (text) => {
    expect(await refusal('x.json', text)).toMatch(
      /^x\.json: not valid JSON at line \d, column \d+: unexpected end of input$/,
    );
  });

  it('is walked in one pass', async () => {
    const early = async (text: string) => expect(await refusal('x.json', text)).toContain('unexpected end of input');
    await expectLinear((length) => early(`{"A": "${'x'.repeat(length)}"`), 500_000);
    await expectLinear((length) => early('['.repeat(length)), 17_500);
    await expectLinear((length) => refusal('x.json', '{}'.repeat(length)), 17_500);
  });
});

describe('broken YAML', () => {
  it.each([
    [`A: "${SECRET}`, 1, 20, 'a quote, comma, colon or bracket is missing'],
    [`A: b\n\tB: ${SECRET}`, 2, 1, 'a tab is used for indentation'],
    [`A: b\nB: c: ${SECRET}`, 2, 4, 'wrong indentation, or an unquoted value with ": " in it'],
    [`A: @${SECRET}`, 1, 4, 'a value starts with a reserved character: quote it'],
    [`A: "\\q${SECRET}"`, 1, 5, 'an unknown escape between double quotes'],
    [`A: *${SECRET}`, 1, 4, 'an alias without an anchor'],
    [`A: &a [*a]`, 1, 8, 'an alias without an anchor'],
    [`? [${SECRET}]\n: b`, 1, 3, 'a key is not a string'],
    [`A: b\n<<: ${SECRET}`, 1, 1, '<< accepts only a map'],
  ])('%j is wrong at line %i, column %i', async (text, line, column, reason) => {
    const message = await refusal('x.yaml', text);
    expect(message).toBe(`x.yaml: not valid YAML at line ${line}, column ${column}: ${reason}`);
    expect(message).not.toContain(SECRET);
  });

  it('is wrong in any of the documents', async () => {
    expect(await refusal('x.yaml', 'SERVER_DOMAIN: a.b\n---\nA: "')).toContain('not valid YAML at line 3, column 5');
  });
});

describe('template expressions', () => {
  const HINT = 'it contains template expressions ({{ … }}): render it first';
  it.each([
    'kind: Secret\nstringData:\n  SERVER_DOMAIN: {{ .Values.domain }}\n',
    '{{- if .Values.enabled }}\nkind: Secret\n{{- end }}\n',
    'kind: Secret\n{{- range .Values.all }}\nA: b\n{{- end }}\n',
  ])('are named where they break the file: %j', async (text) => {
    expect(await refusal('secret.yaml', text)).toContain(HINT);
  });

  it('are a value like any other between quotes', async () => {
    const source = await parseSource('x.yaml', 'SERVER_DOMAIN: "{{ .Values.domain }}"');
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: '{{ .Values.domain }}' });
  });
});

describe('YAML aliases', () => {
  it('and merge keys work, own keys first and earlier merges next', async () => {
    const text = `
x-common: &common
  SERVER_DOMAIN: &domain common.internal
  ENVIRONMENT: common
  AWS_REGION: eu-west-1
x-more: &more {ENVIRONMENT: more, GCP_PROJECT: more}
---
apiVersion: v1
kind: ConfigMap
metadata: &meta {name: &name spacelift-server, labels: {app: *name}}
data: &data
  SERVER_DOMAIN: &domain a.b
  WEBHOOKS_ENDPOINT: *domain
  ENVIRONMENT: first
  ENVIRONMENT: last
---
kind: Secret
metadata: *meta2
stringData: {}
`;
    const [, configMap = ''] = text.split('---');
    const merging = `${configMap}---\nkind: Secret\nmetadata: {name: b}\nbase: &base {AWS_REGION: base, GCP_PROJECT: base}\nmore: &more {AWS_REGION: more, LAUNCHER_IMAGE: more}\nstringData:\n  GCP_PROJECT: own\n  <<: [*base, *more]\n`;
    expect(valuesOf(await parseSource('x.yaml', merging))).toEqual({
      SERVER_DOMAIN: 'a.b',
      WEBHOOKS_ENDPOINT: 'a.b',
      ENVIRONMENT: 'last',
      AWS_REGION: 'base',
      GCP_PROJECT: 'own',
      LAUNCHER_IMAGE: 'more',
    });
    expect(await refusal('x.yaml', text)).toContain('an alias without an anchor');
  });

  const laughs = (width: number, levels: number) =>
    ['a0: &a0 [lol, lol]']
      .concat(
        Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(width).fill(`*a${i}`).join(', ')}]`),
      )
      .join('\n');

  it.each<[string, number, (length: number) => string, string]>([
    ['many', 2_500, (length) => laughs(length, 9), 'x.yaml: more than 10,000 YAML aliases'],
    ['few', 8, (length) => laughs(9, length), 'x.yaml: its YAML aliases stand for more than 100,000 values'],
    [
      'few, and a megabyte of text',
      160,
      (length) => `${laughs(9, 30)}\n${`# ${'padding '.repeat(100)}\n`.repeat(length)}`,
      'x.yaml: its YAML aliases stand for more than 100,000 values',
    ],
  ])('that multiply are refused in time that grows with the text: %s', async (_, size, make, message) => {
    await expectLinear(async (length) => expect(await refusal('x.yaml', make(length))).toBe(message), size);
  });
});

it.each([
  ['brackets', `A: ${'['.repeat(500)}${']'.repeat(500)}`],
  ['dashes', `${'- '.repeat(40_000)}a`],
  ['question marks', `${'? '.repeat(40_000)}a`],
])('YAML nested too deeply is refused: %s', async (_, text) => {
  expect(await refusal('x.yaml', text)).toBe('x.yaml: nested more than 100 levels deep');
});

const KIB = 1024;
const TOO_LONG = 'x.yaml: a YAML token is longer than 512 KiB; expected values of at most 128 KiB';

it.each([
  ['brackets', `A: ${'['.repeat(8_000_000)}`, 'x.yaml: more than 100,000 YAML tokens'],
  ['a value', `A: "${'a'.repeat(512 * KIB)}"`, TOO_LONG],
  ['a value without an end', `A: "${'a'.repeat(512 * KIB)}`, TOO_LONG],
  ['a key', `? "${'a'.repeat(512 * KIB)}"\n: b`, TOO_LONG],
  ['a block', `A: |\n ${'a'.repeat(512 * KIB)}\n`, TOO_LONG],
  ['a comment', `A: b\n#${'a'.repeat(512 * KIB)}\n`, TOO_LONG],
  ['lines', `A: |\n${' a\n'.repeat(200_000)}`, 'x.yaml: more than 200,000 lines of YAML'],
  ['blank lines', `A: b\n${'\n'.repeat(200_000)}`, 'x.yaml: more than 200,000 lines of YAML'],
])('YAML that would fill the memory is refused: %s', async (_, text, message) => {
  expect(await refusal('x.yaml', text)).toBe(message);
});

it('YAML up to these bounds is read', async () => {
  const escaped = '\\x41'.repeat(128 * KIB - 2);
  const block = `|\n${' a\n'.repeat(60_000)}`;
  const text = `SERVER_DOMAIN: "${escaped}"\nB: ${block}C: ${block}D: ${block}${'\n'.repeat(19_996)}`;
  const lines = 'a\n'.repeat(60_000);
  const expected = { SERVER_DOMAIN: 'A'.repeat(128 * KIB - 2), B: lines, C: lines, D: lines };
  expect(valuesOf(await parseSource('x.yaml', text))).toEqual(expected);
  expect(await refusal('x.yaml', `${text}\n`)).toBe('x.yaml: more than 200,000 lines of YAML');
});

it('of many errors in YAML the first is said', async () => {
  const where = 'x.yaml: not valid YAML at line';
  expect(await refusal('x.yaml', `A: b\nB: "\\q\\q\\q"\nC: @\n`)).toBe(
    `${where} 2, column 5: an unknown escape between double quotes`,
  );
  expect(await refusal('x.yaml', 'A: b\n---\nA: b\n}}}\n---\nA: "\\q"')).toBe(`${where} 4, column 1`);
});

it.each(['', '  \n\t\n', '# only\n  # comments\n', '---\n', '---\n# nothing\n---\n...\n', 'null', '~'])(
  '%j is empty',
  async (text) => {
    expect(await refusal('x.yaml', text)).toBe(
      'x.yaml: empty; expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
    );
  },
);

it('an env file whose first line is that of YAML is told from YAML', async () => {
  const says = 'x.env: not valid YAML at line 2, column 1: wrong indentation, or a colon is missing';
  expect(await refusal('x.env', `SERVER_DOMAIN: a\nDATABASE_URL=${SECRET}\nexport ENVIRONMENT=b\n`)).toBe(
    `${says}; in an env file, the first line must be NAME=value, too`,
  );
  expect(await refusal('x.env', `SERVER_DOMAIN: a\nDATABASE_URL=${SECRET}\nA: b\nC: d\n`)).not.toContain('env file,');
});
