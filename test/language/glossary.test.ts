/** Texts for people hold to the glossary of CONTRIBUTING.md. Findings are checked where they are produced: `expectPlain`. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { ROOT } from '../ci/runner.ts';
import { command } from '../cli/host.ts';
import { ANYWHERE, givenUpIn, withoutCode } from '../support/language.ts';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

describe('every rule', () => {
  const rules = CHECKS.flatMap((check) =>
    Object.entries(check.rules).map(([key, rule]) => ({ id: `${check.id}/${key}`, title: check.title, rule })),
  );
  it.each(rules)('$id', ({ title: heading, rule }) => {
    const { title, procedure, rationale, permission = '', fix, example } = rule;
    const texts = [heading, title, procedure, rationale, permission, fix, example.found, example.fix];
    expect(texts.flatMap((text) => givenUpIn(withoutCode(text)))).toEqual([]);
  });
});

describe('the command line', () => {
  const COMMANDS = ['plan', 'cleanup', 'explain', 'schema', 'completion'];
  it.each([
    ['--help'],
    ...COMMANDS.map((name) => [name, '--help']),
    ['explain'],
    ['explain', 'database'],
    ['explain', 'object-storage/states/versioning'],
    ['schema'],
    ['completion', 'bash'],
    ['completion', 'fish'],
    ['completion', 'zsh'],
  ])('%s %s %s', async (...args) => {
    const { code, stdout } = await command(args.filter((arg) => arg !== undefined));
    expect(code).toBe(0);
    expect(givenUpIn(stdout)).toEqual([]);
  });

  it.each([
    [['--foo']],
    [['-f']],
    [['-f', '/nowhere/at/all']],
    [['-f', '-', '-f', '-']],
    [['-o', 'xml']],
    [['-q', '-v']],
    [['--only', 'databse/*']],
    [['--accept', 'database/versoin', '--reason', 'known']],
    [['--accept', 'database/version']],
    [['--report', 'json=-']],
    [['--report', 'json=/nowhere/at/all']],
    [['--timeout', 'soon']],
    [['--concurrency', '0']],
    [['--ca-file', '/nowhere/at/all']],
    [['--allow-credentials-to', 'https://host']],
    [['--credentials-file', 'FOO=bar']],
    [['frobnicate']],
    [['FOO=bar']],
    [['-q', 'plan']],
    [['-f', 'x.yaml', 'plan']],
    [['cleanup', '--read-only']],
    [['explain', 'zzz']],
    [[]],
  ])('the error of %j', async (args) => {
    const { code, stderr } = await command(args);
    expect(code).toBe(2);
    expect(givenUpIn(stderr)).toEqual([]);
  });
});

describe('documents', () => {
  const documents = tracked.filter(
    (path) =>
      /^(README|SECURITY|CONTRIBUTING|CHANGELOG)\.md$/.test(path) ||
      /^docs\/.*\.md$/.test(path) ||
      /^(action\.yml|examples\/|\.github\/)/.test(path),
  );
  it.each(documents)('%s', async (path) => {
    const text = await read(path);
    expect(givenUpIn(withoutCode(path === 'CONTRIBUTING.md' ? withoutGlossary(text) : text))).toEqual([]);
  });
});

const withoutGlossary = (text: string): string => text.replace(/^\| say \|[\s\S]*?\n\n/m, '');

describe('string literals', () => {
  const sources = tracked.filter((path) => /^(src|checks|bin)\/.*\.ts$/.test(path));
  it.each(sources)('%s', async (path) => {
    expect(literalsIn(await read(path)).flatMap((text) => givenUpIn(text, ANYWHERE))).toEqual([]);
  });
});

/** The text of every string and template literal, except for types and the names of imported modules. */
function literalsIn(source: string): string[] {
  const texts: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value } = node as { type?: unknown; value?: unknown };
    if (type === 'TSLiteralType') return;
    if (type === 'Literal' && typeof value === 'string') texts.push(value);
    if (type === 'TemplateElement') texts.push((value as { cooked: string }).cooked);
    for (const [key, part] of Object.entries(node)) if (!(key === 'source' && IMPORTS.test(String(type)))) visit(part);
  };
  visit(parseAst(source, { lang: 'ts' }).body);
  return texts;
}

const IMPORTS = /^(Import|Export)/;

test('literals are found in code', () => {
  const source =
    "import x from 'begun'; const a: string = 'mend it', b = `the ${a} way out`; export const c = { 'is no variable': 1 };";
  const found = literalsIn(source);
  expect(found).toEqual(expect.arrayContaining(['mend it', 'the ', ' way out', 'is no variable']));
  expect(found).not.toContain('begun');
});

test('no file outside of the tests mentions the words that were given up first', async () => {
  const files = tracked.filter((path) => !/^test\/|^package-lock\.json$|^CONTRIBUTING\.md$/.test(path));
  const found = await Promise.all(
    files.map(async (path) => (/\b(mend|the way out|begun)\b/i.test(await read(path)) ? [path] : [])),
  );
  expect(found.flat()).toEqual([]);
});
