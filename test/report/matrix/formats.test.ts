/** A matrix is the same in every format, and nothing in it is obeyed by who reads it. */
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { compare } from '../../../src/report/comparison/compare.ts';
import { MATRIX_FORMAT_NAMES } from '../../../src/report/format-names.ts';
import { MATRIX_FORMATS, renderMatrixAs } from '../../../src/report/matrix/index.ts';
import { makeMatrix } from '../../../src/report/matrix/merge.ts';
import type { Matrix } from '../../../src/report/matrix/types.ts';
import { PLAIN } from '../../../src/report/style.ts';
import { anyText } from '../../support/arbitrary.ts';
import { sarifRun } from '../../support/sarif.ts';
import { expectValidMatrix } from '../../support/valid.ts';
import { HOSTILE } from '../hostile.ts';
import * as page from '../page.ts';
import { asRun, reportOf, type Some, three } from './runs.ts';

const XSD = await readFile(new URL('../junit-10.xsd', import.meta.url), 'utf8');

const FAILED: Some = {
  id: 'database/privileges',
  status: 'fail',
  title: 'role "drain" lacks CREATEROLE',
  detail: 'Seen in pg_roles.',
  expected: 'a role with CREATEROLE',
  fix: 'ALTER ROLE drain CREATEROLE;',
  fixKind: 'command',
  fixLanguage: 'sql',
  docs: 'https://docs.spacelift.io/self-hosted',
};

const facts = (account: string) => ({ facts: [{ name: 'service account', value: account }] });

function sample(): Matrix {
  const passed: Some = { id: FAILED.id, status: 'pass', title: 'enough privileges' };
  const skipped: Some = { id: 'database/pooler', status: 'skip', title: 'not allowed to read it' };
  const leftovers = [{ what: 'an object in spacelift-states', command: 'mc rm minio/spacelift-states/x' }];
  return expectValidMatrix(
    makeMatrix([
      asRun(
        reportOf('server', [passed, { id: 'database/version', status: 'warn', title: 'PostgreSQL 19' }], { leftovers }),
        facts('sa-server'),
      ),
      asRun(reportOf('drain', [FAILED, skipped], { leftovers }), facts('sa-drain')),
      {
        service: 'scheduler',
        lost: { title: 'the image could not be pulled', detail: 'ImagePullBackOff', fix: 'pass --image-pull-secret' },
      },
    ]),
  );
}

it.each(MATRIX_FORMAT_NAMES)('%s has all of it', async (name) => {
  const render = await MATRIX_FORMATS[name].load();
  const text = (await render(sample(), { ...PLAIN, width: 1_000, verbosity: 'verbose' }))
    .replace(/<!-- -->|<wbr>|\\(?=[^u"])/g, '')
    .replace(/&quot;|\\"|&#34;/g, '"')
    .replaceAll('%2C', ',');
  const entries = sample().checks.flatMap(({ findings }) =>
    findings.flatMap((finding) => finding.entries.map((entry) => ({ ...entry, id: finding.id }))),
  );
  // Code scanning has no results that are fine.
  const shown = entries.filter(({ status }) => name !== 'sarif' || status === 'fail' || status === 'warn');
  expect(shown.length).toBeGreaterThan(1);
  for (const { id, title } of shown) {
    expect(text).toContain(id);
    expect(text).toContain(title);
  }
  // On a terminal, a command that shows the vendor's address.
  const docs = name === 'pretty' ? `spacelift-preflight explain ${FAILED.id}` : FAILED.docs;
  for (const said of [
    `${FAILED.title}; fails for the drain, passes for the server`,
    ...[FAILED.detail, FAILED.expected, FAILED.fix, docs],
    ...['sa-drain', 'sa-server', 'the image could not be pulled', 'ImagePullBackOff', 'pass --image-pull-secret'],
    'an object in spacelift-states (server, drain)',
  ])
    expect(text).toContain(name === 'json' && said?.startsWith('an object') ? 'an object in spacelift-states' : said);
});

it.each(MATRIX_FORMAT_NAMES)('%s says what changed since the baseline', async (name) => {
  const comparison = compare(makeMatrix([asRun(reportOf('server')), asRun(reportOf('drain'))]), sample());
  const text = await renderMatrixAs({ ...sample(), comparison }, name);
  const counts = name === 'json' ? /"new": ?3,/ : /2 new failures(?:,|%2C) 1 new warning/;
  expect(text).toMatch(counts);
  expect(await renderMatrixAs(sample(), name)).not.toMatch(counts);
});

it('html marks what is new, and says what its runs have in common, and what was being checked', async () => {
  const running: Some = { id: 'database/pooler', status: 'skip', title: 'interrupted', inProgress: true };
  const domain = 'spacelift.example.org';
  const matrix = makeMatrix([
    asRun(reportOf('server', [], { domain, from: 'inside' })),
    asRun(reportOf('drain', [FAILED, running], { domain, from: 'outside', interrupted: true })),
  ]);
  const before = makeMatrix([asRun(reportOf('server')), asRun(reportOf('drain'))]);
  const elements = page.elementsOf(await renderMatrixAs({ ...matrix, comparison: compare(before, matrix) }, 'html'));
  const marks = page.withClass(elements, 'step').map((step) => page.withClass(page.below(step), 'change'));
  expect(marks.map((all) => all.map(page.textOf))).toEqual([['new']]);
  const terms = elements.filter(({ tagName }) => tagName === 'dt').map(page.textOf);
  expect(terms).toEqual(expect.arrayContaining(['started', 'services', 'domain', 'phase']));
  expect(terms).not.toContain('from');
  const [first] = page.withClass(elements, 'lines').map((lines) => page.textOf(lines).replace(/\s+/g, ' '));
  expect(first).toContain('drain: database/pooler');
  const ids = elements.flatMap((element) => page.attribute(element, 'id') ?? []);
  const links = elements.flatMap((element) => page.attribute(element, 'href') ?? []);
  for (const link of links.filter((href) => href.startsWith('#'))) expect(ids).toContain(link.slice(1));
});

it('pretty is a grid with words, at 80 columns', async () => {
  const lines = (await renderMatrixAs(sample(), 'pretty')).split('\n');
  expect(lines.slice(0, 6)).toEqual([
    '                server    drain     scheduler',
    'run             ✔ done    ✔ done    ✖ lost',
    'configuration   ✔ pass    ✔ pass',
    'database        ⚠ warn    ✖ fail',
    'object-storage  ✔ pass    ✔ pass',
    'network         ✔ pass    ✔ pass',
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.at(-3)).toBe('✖ not ready: there is no result of the scheduler');
});

it('pretty is short with -q, and has every finding with -v', async () => {
  const render = await MATRIX_FORMATS.pretty.load();
  const quiet = await render(sample(), { ...PLAIN, verbosity: 'quiet' });
  expect(quiet).toMatch(/^database +⚠ warn +✖ fail$/m);
  expect(quiet).not.toMatch(/^configuration/m);
  expect(quiet.match(/^- .*$/gm)).toEqual(['- 1 skipped: not allowed to read it']);
  const healthy = await render(makeMatrix(three()), { ...PLAIN, verbosity: 'quiet' });
  expect(healthy.trimEnd().split('\n')).toEqual([expect.stringMatching(/^✔ ready: /)]);
  const verbose = await render(sample(), { ...PLAIN, verbosity: 'verbose' });
  expect(verbose).toContain('✔ configuration/required\n');
  expect(verbose).toContain('- database/pooler\n      not allowed to read it\n      services  drain\n');
});

it('pretty marks a pass that another service told', async () => {
  const skipped: Some = { id: 'object-storage/states/access', status: 'skip', title: 'x' };
  const text = await renderMatrixAs(makeMatrix(three({ drain: [skipped] })), 'pretty');
  expect(text).toContain('object-storage  ✔ pass    ✔ pass*   ✔ pass\n');
  expect(text).toContain('* skipped by the service itself');
});

it('many services are lines in pretty, and rows in Markdown and HTML', async () => {
  const many = Array.from({ length: 20 }, (_, index) =>
    asRun(reportOf('server', index === 3 ? [FAILED] : [], { host: `host-${index}` })),
  );
  const matrix = makeMatrix(many);
  expect(await renderMatrixAs(matrix, 'pretty')).toMatch(
    /^✔ server@host-0: no failures or warnings\n.*\n.*\n✖ server@host-3: database fail\n/,
  );
  expect(await renderMatrixAs(matrix, 'markdown')).toContain(
    '| server@<!-- -->host-3 | ✔ pass | ✖ fail | ✔ pass | ✔ pass |',
  );
  const elements = page.elementsOf(await renderMatrixAs(matrix, 'html'));
  expect(elements.filter(({ tagName }) => tagName === 'tr').length).toBe(21);
});

test('HTML has a grid with colors and words, and each link leads somewhere', async () => {
  const html = await renderMatrixAs(sample(), 'html');
  const elements = page.elementsOf(html);
  const cells = elements
    .filter(({ tagName }) => tagName === 'td')
    .map((cell) => [page.attribute(cell, 'class'), page.textOf(cell)]);
  expect(cells).toContainEqual(['fail', '✖ fail']);
  expect(cells).toContainEqual(['fail', '✖ lost']);
  expect(cells).toContainEqual(['pass', '✔ pass']);
  const ids = elements.flatMap((element) => page.attribute(element, 'id') ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  for (const element of elements) {
    const href = page.attribute(element, 'href');
    if (href?.startsWith('#')) expect(ids).toContain(href.slice(1));
  }
});

test.each(['markdown', 'html'] as const)('only web addresses are links in %s', async (format) => {
  const link = async (docs: string) => {
    const text = await renderMatrixAs(makeMatrix(three({ drain: [{ ...FAILED, docs }] })), format);
    return text.includes(format === 'html' ? `href="${docs}"` : `](<${docs}>)`);
  };
  expect(await link('https://docs.spacelift.io/self-hosted')).toBe(true);
  expect(await link('javascript:alert')).toBe(false);
});

const hostileRuns = (text: string, other: string) => {
  const found: Some[] = (['fail', 'warn', 'skip', 'pass'] as const).map((status, index) => ({
    ...{ id: ['database/connect', 'database/version', 'database/pooler', 'database/clock'][index] ?? '', status },
    ...{ title: text.replace(/\n/g, ' '), detail: `${other}\n${text}`, expected: other, fix: `${text}\n${other}` },
  }));
  const passes = found.map((finding) => ({ ...finding, status: 'pass' as const, title: other.replace(/\n/g, ' ') }));
  const leftovers = [{ what: text, command: other }];
  return makeMatrix([
    asRun(reportOf('server', found, { host: text, leftovers }), { facts: [{ name: text, value: other }] }),
    asRun(reportOf('server', passes, { host: other }), { facts: [{ name: text, value: text }] }),
    { service: 'drain', lost: { title: text, detail: other, fix: text } },
  ]);
};

const OWN = /^::(?:(?:error|warning|notice) title=[^:,\r\n]*::|group::\d+ (?:skipped|passed)$|endgroup::$)/;
/** As a report holds it: without control characters. */
const printable = anyText(80).map((text) => text.toWellFormed().replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, ''));
const HELD = HOSTILE.map((text) => text.toWellFormed().replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ''));
const hostile = fc.oneof(printable, fc.constantFrom(...HELD, '::error::x', '##vso[x]y', '```\n::x::'));

test.each(MATRIX_FORMAT_NAMES)('no line of %s is obeyed but its own', async (name) => {
  const render = await MATRIX_FORMATS[name].load();
  await fc.assert(
    fc.asyncProperty(hostile, hostile, fc.integer({ min: 40, max: 100 }), async (text, other, width) => {
      const output = await render(hostileRuns(text, other), { ...PLAIN, width });
      for (const line of output.split(/\r\n|[\r\n]/)) {
        expect(line).not.toMatch(/##(vso|teamcity)?\[/i);
        if (/^\s*::/.test(line) && !(name === 'github' && OWN.test(line))) expect(line).toBe('no command');
      }
      if (name !== 'html') return;
      const elements = page.elementsOf(output);
      expect(elements.filter(({ tagName }) => tagName === 'script').length).toBe(1);
      for (const { tagName, attrs } of elements) {
        expect(['img', 'iframe', 'object', 'embed', 'base', 'form', 'b1']).not.toContain(tagName);
        for (const { name: attribute, value } of attrs) {
          expect(attribute).not.toMatch(/^on|^src/);
          if (attribute === 'href') expect(value).toMatch(/^#/);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('SARIF is valid', async () => {
  const { results, tool } = sarifRun(await renderMatrixAs(sample(), 'sarif'));
  expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ['run', 'error'],
    ['database/privileges', 'error'],
    ['database/version', 'warning'],
  ]);
  expect(tool.driver.rules.map(({ id }) => id)).toEqual(['run', 'database/privileges', 'database/version']);
  for (const [index, text] of HELD.entries())
    sarifRun(await renderMatrixAs(hostileRuns(text, HELD[index + 1] ?? ''), 'sarif'));
});

test('a result in SARIF points to the config of each of its services, once', async () => {
  const failed = { ...FAILED, variable: 'DATABASE_URL' };
  const runIn = (service: 'server' | 'drain' | 'scheduler', file: string) => {
    const origin = { name: 'DATABASE_URL', service: 'all', origin: file, used: true } as const;
    return asRun(reportOf(service, [failed], { variables: [{ ...origin, location: { file, line: 4 } }] }));
  };
  const matrix = makeMatrix([runIn('server', 'a.env'), runIn('drain', 'b.env'), runIn('scheduler', 'a.env')]);
  const [result] = sarifRun(await renderMatrixAs(matrix, 'sarif')).results;
  expect(result?.locations?.map(({ physicalLocation }) => physicalLocation?.artifactLocation.uri)).toEqual([
    'a.env',
    'b.env',
  ]);
});

test('JUnit is XML', async () => {
  const texts = [sample(), ...HELD.map((text, index) => hostileRuns(text, HELD[index + 1] ?? ''))];
  const xml = await Promise.all(
    texts.map(async (matrix, index) => ({ fileName: `${index}.xml`, contents: await renderMatrixAs(matrix, 'junit') })),
  );
  expect((await validateXML({ xml, schema: XSD })).errors).toEqual([]);
});
