/** The commands in the documents exist, with their options and values: they can be copied. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { command } from '../cli/host.ts';
import { runArguments } from '../support/run-arguments.ts';
import { DOCUMENTS, read, tokensOf } from './markdown.ts';

/** What the parser answers by itself; alone, no argument at all. */
const PRINTING = /^(?:--help|-h|--version|-V|)$/;
/** Where a command starts: its name, or what stands for it in a workflow. */
const START = /^(?:\S*\/)?spacelift-preflight(?:\.js)?$|^\$PREFLIGHT$/;

/** The arguments of every call in a text. */
function callsIn(text: string): string[][] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => line.split(/\|\|?|&&|;|\s>|(?:^|\s)#\s|\$\(/))
    .flatMap((part) => {
      const words = [...part.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
      const at = words.findIndex((word) => START.test(word));
      // Not the name of a chart, a Job or a folder: those are arguments of other programs.
      const isCall = at === 0 || (at === 1 && words[0] === 'node');
      return isCall ? [words.slice(at + 1)] : [];
    });
}

/** The calls in the code of a document, with what is said around them left out. */
const callsOf = (path: string): string[][] => [
  ...tokensOf(read(path), 'code').flatMap(({ text, lang = '' }) =>
    /^(?:sh|yaml)?$/.test(lang) ? callsIn(text.replaceAll(/^\s*- (?:run: )?/gm, '')) : [],
  ),
  ...tokensOf(read(path), 'codespan').flatMap(({ text }) => callsIn(text)),
];

const cases = DOCUMENTS.flatMap((path) => callsOf(path).map((words) => ({ path, words, line: words.join(' ') })));

/** The options of each command, as its help lists them. */
const options = new Map<string, Set<string>>();
beforeAll(async () => {
  const helpOf = async (...args: string[]) => (await command([...args, '--help'])).stdout;
  const [, commands = ''] = /\nCommands:\n([\s\S]*?)\n\n/.exec(await helpOf()) ?? [];
  for (const [, name = ''] of commands.matchAll(/^ {2}(\w+)/gm)) {
    const listed = [...(await helpOf(name)).matchAll(/^ {2}(-\w)?(?:, )?(--[\w-]+)?/gm)];
    options.set(name, new Set(listed.flatMap(([, short = '', long = '']) => [short, long])));
  }
});

describe('the commands of the tool', () => {
  it.each(cases)('$path: $line', ({ words: [name = '', ...rest] }) => {
    const known = options.get(name);
    if (known === undefined) {
      if (!PRINTING.test(name)) expect(() => runArguments([name, ...rest])).not.toThrow();
      return;
    }
    const used = rest.filter((word) => /^-./.test(word)).map((word) => word.replace(/=.*/, ''));
    expect(used.filter((option) => !known.has(option))).toEqual([]);
  });

  it('are found', () => {
    expect(callsIn('x | spacelift-preflight -f - \\\n  -q # so\nspacelift-preflight plan -f a')).toEqual([
      ['-f', '-', '-q'],
      ['plan', '-f', 'a'],
    ]);
    expect(cases.filter(({ path }) => path === 'README.md').length).toBeGreaterThan(5);
  });
});

test('every npm script that a document names exists', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const named = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\bnpm run (?:-s )?([\w:]+)/g)].map(([, script = '']) => ({ path, script })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
});
