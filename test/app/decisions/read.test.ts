/** The decisions file: what it can say, and what is refused with its line. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { CHECKS } from '../../../checks/index.ts';
import { decisionsIn, readDecisions } from '../../../src/app/decisions/read.ts';
import { decisionsSchema, OPTION_NAMES } from '../../../src/app/decisions/schema.ts';
import { runOptions } from '../../../src/cli/options.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-decisions-'));
});
afterAll(() => rm(folder, { recursive: true }));

const OPTIONS = { profile: undefined, today: '2026-06-15', isNamed: false };
const read = (text: string, profile?: string) => decisionsIn(text, 'p.yaml', { ...OPTIONS, profile }).decisions;
const example = readFile(new URL('../../../examples/preflight.yaml', import.meta.url), 'utf8');
const schema = decisionsSchema(CHECKS);
const isValid = new Ajv2020({ formats: { date: /^\d{4}-\d\d-\d\d$/ } }).compile(schema as AnySchema);

describe('the example', () => {
  it('is valid for an editor, by the published schema', async () => {
    const file = new URL('../../../schemas/decisions.schema.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(schema);
    isValid(parse(await example));
    expect(isValid.errors ?? []).toEqual([]);
  });

  it('decides for all environments, and more for one', async () => {
    const all = read(await example);
    expect(all.accepted['encryption/rsa/size']).toMatchObject({ who: 'jane@example.com', where: 'p.yaml:5' });
    expect(all).toMatchObject({
      skipped: [{ id: 'license/*', where: 'p.yaml:9' }],
      required: ['database/*'],
      options: { strict: 'true', timeout: '90' },
    });
    expect(all.accepted).not.toHaveProperty('database/version');
    const production = read(await example, 'production');
    expect(Object.keys(production.accepted)).toEqual(['encryption/rsa/size', 'database/version']);
    expect(production).toMatchObject({ profile: 'production', options: { phase: 'post-install', strict: 'true' } });
    expect(read(await example, 'staging').options.strict).toBe('false');
    expect(() => read('', 'staging')).toThrow('p.yaml: no profile staging; it has none');
  });
});

const accepted = (until: string) => `accept: [{id: database/version, reason: x, until: ${until}}]`;

test('a decision ends after its last day', () => {
  for (const until of ['2026-06-15', '9999-12-31', '2028-02-29'])
    expect(read(accepted(until)).accepted['database/version']).not.toHaveProperty('isExpired');
  for (const until of ['2026-06-14', '0001-01-01'])
    expect(read(accepted(until)).accepted['database/version']).toMatchObject({ isExpired: true });
});

test.each([
  ['apiVersion: troubleshoot.sh/v1beta2\nkind: Preflight\n', 1, ' (apiVersion: troubleshoot.sh/v1beta2)'],
  ['# theirs\nkind: Preflight\napiVersion: "\\e[2J"\n---\nkind: Secret\n', 3, ''],
])('the file of another program is told from decisions: %j', (text, line, shown) => {
  expect(() => read(text)).toThrow(
    `p.yaml:${line}: a Kubernetes object of another program${shown}; expected decisions (accept, skip, require, options, profiles): use --no-config, or --config with another file`,
  );
});

test('a byte order mark, CRLF, comments and an empty file are no errors', async () => {
  const path = join(folder, 'bom.yaml');
  await writeFile(path, '\ufeff# x\r\naccept:\r\n  - id: database/version\r\n    reason: y\r\n');
  expect(readDecisions(path, OPTIONS).decisions.accepted['database/version']).toEqual({
    reason: 'y',
    where: `${path}:3`,
  });
  for (const text of ['', '# x', '{}', 'accept: []']) expect(read(text).accepted).toEqual({});
});

test('control characters do not reach a terminal', () => {
  const given = read('accept: [{id: "database/version", reason: "\\e[2Jx", who: "\\u202ey"}]');
  expect(given.accepted['database/version']).toMatchObject({ reason: '\\u{1b}[2Jx', who: '\\u{202e}y' });
});

test('a directive for another version of YAML changes no value', () => {
  for (const until of ['2026-06-14', '!!timestamp 2026-06-14'])
    expect(read(`%YAML 1.1\n---\n${accepted(until)}`).accepted['database/version']).toMatchObject({
      until: '2026-06-14',
      isExpired: true,
    });
  expect(() => read('%YAML 1.1\n---\noptions: {strict: yes}')).toThrow('p.yaml:3: strict: expected true or false');
});

/** A document that is refused, and why. */
const REFUSED: readonly (readonly [text: string, says: string])[] = [
  ['\nacept: []', 'p.yaml:2: unknown key acept; did you mean accept?'],
  ['__proto__: {}', 'p.yaml:1: unknown key __proto__; expected one of accept, skip, require, options, profiles'],
  ['constructor: {}', 'p.yaml:1: unknown key constructor'],
  ['"\\e[2J": 1', 'p.yaml:1: unknown key; expected'],
  ['<<: {accept: []}', 'p.yaml:1: unknown key; expected'],
  ['? [a]\n: 1', 'p.yaml:1: expected a key that is a text'],
  ['accept:\n  - id: database/version\n    reasn: x', 'p.yaml:3: unknown key reasn; did you mean reason?'],
  ['accept:\n  - id: database/version', 'p.yaml:2: reason is missing'],
  ['accept: [{id: database/version, reason: " "}]', 'p.yaml:1: reason: expected a text'],
  ['accept: [{id: database/version, reason: "\\u200b\\e"}]', 'p.yaml:1: reason: expected a text'],
  ['accept: [{id: database/version, reason: 1}]', 'p.yaml:1: reason: expected a text; quote'],
  [
    'accept:\n- {id: database/versoin, reason: x}',
    "p.yaml:2: database/versoin: no such rule; did you mean 'database/ver",
  ],
  ['accept:\n- {id: database/*, reason: x}', 'p.yaml:2: database/*: expected the ID of one rule, not a pattern'],
  [
    'accept:\n- {id: database/version, reason: x}\n- {id: database/version, reason: y}',
    'p.yaml:3: database/version is accepted twice',
  ],
  ['accept: []\naccept: []', 'p.yaml:2: the key accept is there twice'],
  ...['2026', '2026-02-30', '2026-13-01', '2026-12-31T00:00:00Z', 'soon', '""', '20261231', '[]'].map(
    (until) => [accepted(until), 'p.yaml:1: until: expected a date such as 2026-12-31'] as const,
  ),
  ['skip: [{id: x/y, reason: z}]', 'p.yaml:1: x/y matches no rule'],
  ['skip: ["license/*"]', 'p.yaml:1: expected a map'],
  ['require: [nothing/*]', 'p.yaml:1: '],
  ['require: license/*', 'p.yaml:1: require: expected a list'],
  ['options: {strict: yes}', 'p.yaml:1: strict: expected true or false'],
  ['options: {release: 4.3}', 'p.yaml:1: release: expected a text; quote'],
  ['options: {phase: later}', 'p.yaml:1: phase: expected one of auto, pre-install, post-install'],
  ['profiles: {"a b": {}}', 'p.yaml:1: expected a name'],
  ['profiles:\n  a:\n    accpt: []', 'p.yaml:3: unknown key accpt'],
  ['profiles: {a: {profiles: {}}}', 'p.yaml:1: unknown key profiles'],
  ['profiles:\n  a:\n    require: [nothing/*]', 'p.yaml:3: '],
  ['accept: &a []\nskip: *a', 'p.yaml:2: skip: expected no alias'],
  ['accept: !x []', 'p.yaml:1: accept: expected no tag'],
  ['accept: [{id: !x database/version, reason: x}]', 'p.yaml:1: '],
  ['{}\n---\n{}', 'p.yaml:2: expected one YAML document'],
  ['\n[[[', 'p.yaml:'],
  ['accept', 'p.yaml:1: expected a map'],
  ['['.repeat(60_000), 'p.yaml:1: not valid YAML'],
];

test.each([
  'SERVER_DOMAIN=a\nDATABASE_URL=b\n',
  'export SERVER_DOMAIN=a\nexport DATABASE_URL=b\n',
  '{\n  "SERVER_DOMAIN": "a",\n  "DATABASE_URL": "b"\n}\n',
  'SERVER_DOMAIN: a\nDATABASE_URL: "b\n',
  'apiVersion: v1\nkind: Secret\nstringData:\n  SERVER_DOMAIN: a\n  DATABASE_URL: b\n',
])('names the option for a config: %j', (text) => {
  expect(() => read(text)).toThrow(/; to check a config, use -f$/);
});

test.each(REFUSED)('refuses %j', (text, says) => {
  expect(() => read(text)).toThrow(says);
});

test('what the schema refuses is refused here too, and the other way around', () => {
  const byForm = REFUSED.filter(([, says]) => /unknown key \w|is missing|true or false|expected a list/.test(says));
  expect(byForm.length).toBeGreaterThan(6);
  for (const [text] of byForm) {
    const value = parse(text, { uniqueKeys: false });
    expect([text, isValid(value)]).toEqual([text, false]);
  }
});

test('only regular files of a sensible size are read', async () => {
  const path = (name: string) => join(folder, name);
  await symlink('/etc/passwd', path('link'));
  execFileSync('mkfifo', [path('fifo')]);
  await writeFile(path('large'), '#'.repeat(64 * 1024 + 1));
  await writeFile(path('wide'), Buffer.from('\ufeffaccept: []', 'utf16le'));
  const refused: readonly (readonly [string, string, boolean?])[] = [
    [path('link'), 'a symbolic link; expected a file, or name it with --config'],
    [path('link'), 'link:1: ', true],
    [path('fifo'), 'expected a regular file'],
    ['/dev/zero', 'expected a regular file', true],
    [folder, 'a directory, expected a file'],
    [path('large'), 'larger than 64 KiB, the maximum'],
    [path('wide'), 'UTF-16 text, expected UTF-8'],
    [path('nowhere'), 'no such file'],
  ];
  for (const [file, says, isNamed = false] of refused)
    expect(() => readDecisions(file, { ...OPTIONS, isNamed })).toThrow(says);
  // Nothing of a file that is no decisions file is quoted.
  expect(() => readDecisions(path('link'), { ...OPTIONS, isNamed: true })).not.toThrow(/root/);
});

test('no option of the file opens files, contacts others or sends credentials elsewhere', () => {
  const names = runOptions().flatMap(({ long }) => long?.slice(2) ?? []);
  expect(names).toEqual(expect.arrayContaining(OPTION_NAMES));
  const refused = names.filter((name) => !OPTION_NAMES.includes(name));
  for (const name of [
    ...['file', 'report', 'ca-file', 'credentials-file', 'allow-credentials-to', 'resolve-secrets', 'baseline'],
    ...['vcs', 'pull', 'debug', 'only', 'fail-on', 'config', 'quiet', 'format', 'no-variables'],
  ])
    expect(refused).toContain(name);
  for (const name of refused) expect(() => read(`options: {${name}: x}`)).toThrow(`p.yaml:1: unknown key ${name}; `);
});
