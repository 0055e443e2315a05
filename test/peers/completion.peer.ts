import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../../src/engine/check.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { type Folder, normal, startFolder, TYPED } from '../cli/completing.ts';
import type { Peer } from './catalog.ts';
import { program } from './install.ts';

let folder: Folder;
beforeAll(async () => {
  folder = await startFolder();
});
afterAll(() => folder?.remove());

/** What the shell prints. */
async function run(shell: Peer, args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const { command, env } = program(shell);
  const child = spawn(command, args, {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path, TERM: 'dumb', LANG: 'C.UTF-8', ...env, ...more },
  });
  child.stdin.end();
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(errors).toBe('');
  return printed;
}

/** Types into a zsh on a terminal of zsh's own. One that was only unpacked finds its parts below its own root. */
const DRIVER = `
parts='for folder in $ROOT/usr/lib/*/zsh/*(N/); do module_path=($folder $module_path); done
fpath=($ROOT/usr/share/zsh/functions/**/*(N/) $fpath)'
eval $parts
zmodload zsh/zpty
zpty session "$PROGRAM -f -i +Z"
await() { local shown= line; while [[ $shown != *$1* ]] && zpty -r session line; do shown+=$line; done; print -r -- $shown }
zpty -w session "$parts; setopt zle; unsetopt beep"
zpty -w session "$SETUP"
zpty -w session 'spacelift-preflight() { print -r -- "RA""N<\${(j:><:)@}>" }; PS1="$ "; print REA""DY'
await READY
while read -r line; do
  zpty -w session "spacelift-preflight \${(g::)line}"
  await 'RAN<'
done < $LINES_FILE
`;
const SETUPS = {
  sourced: 'autoload -Uz compinit; compinit -u -D; source $SCRIPT',
  'on the fpath': 'fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -D',
} as const;

describe('zsh', () => {
  test.each(Object.entries(SETUPS))('%s: completes what is typed', async (name, setup) => {
    const place = join(folder.path, '..', name.replaceAll(' ', '-'));
    await mkdir(place);
    await writeFile(join(place, '_spacelift-preflight'), await readFile(folder.scripts.zsh));
    await writeFile(join(place, 'lines'), `${TYPED.map(([keys]) => keys).join('\n')}\n`);
    const { command } = program('zsh');
    const shown = await run('zsh', ['-f', '-c', DRIVER], {
      PROGRAM: command,
      ROOT: join(dirname(command), '..'),
      SETUP: setup,
      SCRIPT: folder.scripts.zsh,
      FOLDER: place,
      LINES_FILE: join(place, 'lines'),
    });
    const ran = [...shown.matchAll(/RAN<(.*)>/g)].map(([, args = '']) => normal(args.split('><')));
    expect(ran).toEqual(TYPED.map(([, args]) => args));
  });
});

describe('fish', () => {
  /** What it offers after these words, with what it says of each. */
  async function offered(words: string): Promise<Map<string, string>> {
    const script =
      'set -p fish_function_path $ROOT/share/fish/functions; source $SCRIPT; complete --do-complete $WORDS';
    const more = {
      ROOT: join(dirname(program('fish').command), '..'),
      SCRIPT: folder.scripts.fish,
      WORDS: `spacelift-preflight ${words}`,
    };
    const lines = (await run('fish', ['--no-config', '-c', script], more)).split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']));
  }
  const names = async (words: string) => [...(await offered(words)).keys()];

  test.each([
    ['', ['check', 'cleanup', 'completion', 'diff', 'explain', 'help', 'merge', 'plan', 'run', 'schema', 'version']],
    ['help cl', ['cleanup']],
    ['--phase ', ['auto', 'post-install', 'pre-install']],
    ['--service=wo', ['--service=worker']],
    ['-f sh', ['shared conf.yaml']],
    ['--ca-file dep', ['deploy/']],
    ['--report html=prev', ['html=previous.html']],
    ['--report=junit=prev', ['--report=junit=previous.html']],
    ['--accept pairing', ['pairing/iotcore-needs-sqs']],
    ['--reason ', []],
    ['--only=pairing/', ['--only=pairing/*', '--only=pairing/iotcore-needs-sqs']],
    ['explain pair', ['pairing', 'pairing/iotcore-needs-sqs']],
    ['completion ', ['bash', 'fish', 'zsh']],
    ['schema ', ['comparison', 'decisions', 'matrix', 'report']],
    ['merge previous.html sh', ['shared conf.yaml']],
    ['plan --strict', []],
    ['plan -o ', ['json', 'pretty']],
    ['-f plan --str', ['--strict']],
    ['--strict pl', ['plan']],
    ['plan ex', []],
    ['--timeout ', []],
  ])('after %j: %j', async (words, expected) => {
    expect(await names(words)).toEqual(expected);
  });

  test('offers every format and rule, and says what each is', async () => {
    expect((await names('--report ')).sort()).toEqual(FORMAT_NAMES.map((name) => `${name}=`).sort());
    const rules = await offered('--only ');
    for (const id of CHECKS.flatMap(idsOf)) expect(rules.get(id), id).toMatch(/\w/);
    const title = CHECKS.find(({ id }) => id === 'object-storage')?.rules['<bucket>/versioning']?.title;
    expect(rules.get('object-storage/states/versioning')).toBe(title);
  });
});
