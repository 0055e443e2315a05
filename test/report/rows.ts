/** Reads a report back out of each format, with parsers that others wrote where there are any. */
import { XMLParser } from 'fast-xml-parser';
import { lexer, type Token, type Tokens } from 'marked';
import type { Status } from '../../src/outcome/status.ts';
import type { FormatName } from '../../src/report/format-names.ts';
import { readFrame } from '../../src/report/frame.ts';
import type { Report } from '../../src/report/report.ts';
import * as page from './page.ts';

export interface Row {
  readonly id: string;
  readonly status: Status;
  readonly title: string;
}

/** In the order of the format. */
export const ROWS: Readonly<Record<FormatName, (text: string) => Row[]>> = {
  json: (text) =>
    (JSON.parse(text) as Report).checks.flatMap(({ findings }) =>
      findings.map(({ id, status, title }) => ({ id, status, title })),
    ),
  pretty: prettyRows,
  junit: junitRows,
  markdown: markdownRows,
  github: githubRows,
  html: htmlRows,
  sarif: sarifRows,
  prometheus: prometheusRows,
  fixes: fixesRows,
  frame: (text) => {
    const read = readFrame(text);
    return 'lost' in read ? [] : ROWS.json(JSON.stringify(read.report));
  },
};

/** What a format leaves out of a report on purpose. */
const SHOWN: Partial<Record<FormatName, (row: Row) => readonly Row[]>> = {
  sarif: issues,
  fixes: issues,
  // Titles would be a new series each time that they change.
  prometheus: (row) => [{ ...row, title: '' }],
};

function issues(row: Row): readonly Row[] {
  return row.status === 'fail' || row.status === 'warn' ? [row] : [];
}

/** What a format has of these rows. */
export const shownIn = (format: FormatName, rows: readonly Row[]): readonly Row[] =>
  rows.flatMap(SHOWN[format] ?? ((row) => [row]));

const STATUSES: readonly Status[] = ['pass', 'warn', 'fail', 'skip'];
const BY_ICON: Readonly<Record<string, Status>> = { '✔': 'pass', '⚠': 'warn', '✖': 'fail', '-': 'skip' };

/** Of a verbose report that is wide enough. */
function prettyRows(text: string): Row[] {
  return [...text.matchAll(/^ {2}([✔⚠✖-]) (\S+) {3}(.*) {2}[\d.]+ m?s$/gmu)].map(
    ([, icon = '', id = '', title = '']) => ({
      id,
      status: BY_ICON[icon] ?? 'pass',
      title: title.replaceAll('#\\u{23}[', '##['),
    }),
  );
}

interface Case {
  readonly '@name': string;
  readonly failure?: { readonly '@message': string };
  readonly skipped?: { readonly '@message': string };
  readonly 'system-err'?: string;
  readonly 'system-out'?: string;
}

function junitRows(text: string): Row[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    htmlEntities: true,
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  const suites: { testcase?: Case[] }[] = parser.parse(text).testsuites.testsuite;
  return suites
    .flatMap(({ testcase = [] }) => testcase)
    .map((one) => {
      const id = one['@name'];
      if (one.failure !== undefined) return { id, status: 'fail', title: one.failure['@message'] };
      if (one.skipped !== undefined) return { id, status: 'skip', title: one.skipped['@message'] };
      const warning = one['system-err'];
      if (warning !== undefined) return { id, status: 'warn', title: firstLine(warning).replace(/^warning: /, '') };
      return { id, status: 'pass', title: firstLine(one['system-out'] ?? '') };
    });
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

function markdownRows(text: string): Row[] {
  const rows: Row[] = [];
  let folded: Status = 'pass';
  const tokens = lexer(text);
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'html') folded = /\d skipped/.test(token.raw) ? 'skip' : 'pass';
    if (token.type === 'table') {
      for (const [id, title] of (token as Tokens.Table).rows)
        rows.push({ id: textOf(id?.tokens), status: folded, title: textOf(title?.tokens.filter(beforeBreak)) });
    }
    if (token.type === 'heading' && token.depth > 2) {
      const [icon = '', id = ''] = textOf(token.tokens).split(' ');
      const next = tokens.slice(index + 1).find(({ type }) => type === 'paragraph');
      rows.push({ id, status: BY_ICON[icon] ?? 'pass', title: textOf([next ?? token]) });
    }
  }
  return rows;
}

/** Of a cell, what stands before the way out. */
const beforeBreak = (token: Token, index: number, all: readonly Token[]): boolean =>
  !all.slice(0, index + 1).some(({ raw }) => raw === '<br>') && token.raw !== '<br>';

/** What a reader sees. */
export function textOf(tokens: readonly Token[] = []): string {
  return tokens
    .map((token) => {
      if (token.type === 'html') return '';
      if ('tokens' in token && token.tokens !== undefined) return textOf(token.tokens);
      return 'text' in token ? token.text : '';
    })
    .join('');
}

const LEVELS: Readonly<Record<string, Status>> = { error: 'fail', warning: 'warn', notice: 'warn' };

/** By the rules of GitHub's runner (`ActionCommand.cs`). */
function githubRows(text: string): Row[] {
  const rows: Row[] = [];
  let group: Status | undefined;
  for (const line of text.split('\n')) {
    const [, command = '', properties = '', message = ''] = /^::(\w+)(?: (.*?))?::(.*)$/.exec(line) ?? [];
    const status = LEVELS[command];
    if (command === 'group') group = message.endsWith('skipped') ? 'skip' : 'pass';
    else if (command === 'endgroup') group = undefined;
    else if (status !== undefined) {
      const id = decoded(properties.replace(/^title=/, ''));
      if (id.startsWith('left behind: ')) continue;
      rows.push({ id, status, title: firstLine(decoded(message)).replaceAll('#\\u{23}[', '##[') });
    } else if (group !== undefined) {
      const [, id = '', title = ''] = /^(\S+): (.*)$/.exec(line) ?? [];
      rows.push({ id, status: group, title: title.replaceAll('#\\u{23}[', '##[') });
    }
  }
  return rows;
}

const decoded = (text: string): string =>
  text.replace(/%(0D|0A|3A|2C|25)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));

const SARIF_LEVELS: Readonly<Record<string, Status>> = { error: 'fail', warning: 'warn' };

interface SarifResult {
  readonly level: string;
  readonly message: { readonly text: string };
  readonly properties: { readonly id: string };
}

function sarifRows(text: string): Row[] {
  const results: SarifResult[] = JSON.parse(text).runs[0].results;
  return results.map(({ level, message, properties }) => ({
    id: properties.id,
    status: SARIF_LEVELS[level] ?? 'pass',
    title: firstLine(message.text).replaceAll('] (', ']('),
  }));
}

function prometheusRows(text: string): Row[] {
  const status = /^spacelift_preflight_finding_status\{service="[^"]*",id="((?:[^"\\]|\\.)*)",status="(\w+)"\} 1$/gm;
  return [...text.matchAll(status)].map(([, id = '', name]) => ({
    id,
    status: STATUSES.find((one) => one === name) ?? 'pass',
    title: '',
  }));
}

function fixesRows(text: string): Row[] {
  const section = /^# --- \d+ of \d+: (failed|warning): (\S+)\n# found: (.*)$/gm;
  return [...text.matchAll(section)].map(([, word, id = '', title = '']) => ({
    id,
    status: word === 'failed' ? 'fail' : 'warn',
    title: title.replaceAll('#\\u{23}[', '##['),
  }));
}

function htmlRows(text: string): Row[] {
  return page.withClass(page.elementsOf(text), 'row').map((row) => {
    const [id] = page.below(row).filter(({ tagName }) => tagName === 'code');
    const [title] = page.withClass(page.below(row), 'title');
    const status = Object.values(BY_ICON).find((name) => name === page.attribute(row, 'data-status'));
    return { id: page.textOf(id), status: status ?? 'pass', title: page.textOf(title) };
  });
}
