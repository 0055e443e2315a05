import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { tableOf } from '../../src/cli/completion/table.ts';
import { cleanupOptions, mergeOptions, planOptions, runOptions } from '../../src/cli/options.ts';
import { idsOf } from '../../src/engine/check.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { type Folder, normal, startFolder, TYPED } from './completing.ts';
import { command } from './host.ts';

let folder: Folder;
beforeAll(async () => {
  folder = await startFolder();
});
afterAll(() => folder.remove());

const SETTINGS = [
  'show-all-if-ambiguous on',
  'page-completions off',
  'completion-query-items 0',
  'completion-display-width 0',
  'bell-style none',
  'enable-bracketed-paste off',
];

/** Types into an interactive bash; what it shows. */
async function type(lines: readonly string[], before = ':'): Promise<string> {
  const startup = [
    ...SETTINGS.map((setting) => `bind 'set ${setting}'`),
    before,
    'source "$SCRIPT"',
    "PS1='$ '",
    `spacelift-preflight() { printf 'RAN'; printf '<%s>' "$@"; printf '\\n'; }`,
  ];
  const file = join(folder.path, '..', `startup-${Math.random()}`);
  await writeFile(file, startup.join('\n'));
  const shell = spawn('bash', ['--noprofile', '--rcfile', file, '-i'], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path, TERM: 'dumb', SCRIPT: folder.scripts.bash },
  });
  shell.stdin.end(`${lines.map((line) => line.replaceAll('\\t', '\t')).join('\n')}\nexit\n`);
  const [shown, errors] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  expect(errors).not.toMatch(/syntax|command not found|bad sub|unbound/);
  return shown + errors;
}

const ran = (shown: string): string[] =>
  [...shown.matchAll(/^RAN<(.*)>$/gm)].map(([, args = '']) => normal(args.split('><')));

/** What is offered after these words. */
async function offered(words: string): Promise<string[]> {
  const lines = (await type([`spacelift-preflight ${words}\\t`])).split('\n');
  const from = lines.findIndex((line) => line.endsWith(`spacelift-preflight ${words}`));
  const to = lines.findIndex((line, index) => index > from && line.endsWith(`spacelift-preflight ${words}`));
  return to < 0 ? [] : lines.slice(from + 1, to).map((line) => line.trim());
}

describe('bash', () => {
  it.each([
    ['as it comes', ':'],
    // What bash 3.2 has not.
    ['without compopt', 'enable -n compopt'],
    ['where = ends no word', 'COMP_WORDBREAKS=${COMP_WORDBREAKS//=}'],
    ['with neither', 'enable -n compopt; COMP_WORDBREAKS=${COMP_WORDBREAKS//=}'],
  ])('%s: completes what is typed', async (_, before) => {
    const lines = TYPED.map(([keys]) => `spacelift-preflight ${keys}`);
    expect(ran(await type(lines, before))).toEqual(TYPED.map(([, args]) => args));
  });

  it('completes after a pipe, and within quotes', async () => {
    const lines = ['true | spacelift-preflight --stri\\t', `spacelift-preflight --only 'database/pri\\t`];
    expect(ran(await type(lines))).toEqual(['--strict', '--only database/privileges']);
  });

  it('offers every command, option, format and check', async () => {
    const commands = [
      'check',
      'cleanup',
      'completion',
      'diff',
      'explain',
      'help',
      'merge',
      'plan',
      'run',
      'schema',
      'version',
    ];
    expect(await offered('')).toEqual(commands);
    for (const name of ['', ...commands]) {
      const { stdout } = await command([name, '--help'].filter((word) => word !== ''));
      const flags = [...stdout.matchAll(/^ {2}(?:-\w, | {4})?(--[\w-]+)/gm)].map(([, flag = '']) => flag);
      expect(flags).toContain('--help');
      const words = name === '' ? '--' : `${name} --`;
      if (flags.length > 1) expect((await offered(words)).sort()).toEqual(flags.sort());
      else expect(ran(await type([`spacelift-preflight ${words}\\t`]))).toEqual([`${name} --help`]);
    }
    expect((await offered('-o ')).sort()).toEqual([...FORMAT_NAMES].sort());
    expect((await offered('--report ')).sort()).toEqual(FORMAT_NAMES.map((name) => `${name}=`).sort());
    expect((await offered('--only ')).sort()).toEqual(CHECKS.map(({ id }) => `${id}/`).sort());
  });

  it('knows every rule', async () => {
    const script = 'source "$1"; printf "%s\\n" "$_spacelift_preflight_ids"';
    const shell = spawn('bash', ['-c', script, 'bash', folder.scripts.bash]);
    expect((await text(shell.stdout)).trim().split('\n')).toEqual(CHECKS.flatMap(idsOf));
  });
});

describe('the tables', () => {
  it('say of every value what it is, but for numbers, reasons and profiles', () => {
    const free = [runOptions(), planOptions(), cleanupOptions(), mergeOptions()].flatMap((options) => {
      const program = new Command();
      for (const option of options) program.addOption(option);
      return tableOf(program).flags.filter(({ value }) => value?.kind === 'text');
    });
    expect([...new Set(free.map(({ long }) => long))].sort()).toEqual([
      '--concurrency',
      '--config-profile',
      '--reason',
      '--timeout',
    ]);
  });
});

it.each([
  [['completion'], "missing required argument 'shell'; see --help"],
  [['completion', 'tcsh'], "argument <shell> 'tcsh' is invalid: expected one of bash, zsh, fish"],
  [['--strict', 'completion', 'bash'], 'completion does not support --strict'],
])('%s is refused', async (args, message) => {
  const { code, stdout, stderr } = await command(args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `spacelift-preflight: ${message}\n` });
});
