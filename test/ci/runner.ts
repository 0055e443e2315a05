/** As much of GitHub's runner and of GitLab's as it takes to run the steps: expressions, outputs, conditions, shells. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { COMPILED, EXECUTABLE } from '../cli/spawned.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export const readYaml = async (path: string): Promise<unknown> => parse(await readFile(join(ROOT, path), 'utf8'));

export interface Ended {
  readonly code: number;
  readonly log: string;
}

export interface Installed {
  readonly folder: string;
  readonly args: readonly string[];
}

export interface Runner {
  readonly workspace: string;
  /** What `npm` was asked to install, in the order of the calls. */
  installed(): Promise<readonly Installed[]>;
  /** Runs a script in the workspace; a fake `npm` on its path installs what runs the sources. */
  shell(command: readonly string[], script: string, env: Readonly<Record<string, string>>): Promise<Ended>;
  /** Runs all steps, of a checkout of the action that was built or was not. */
  action(inputs: Readonly<Record<string, string>>, options?: ActionOptions): Promise<ActionEnded>;
  stop(): Promise<void>;
}

export interface ActionOptions {
  readonly built?: boolean;
  /** Whether its package is under its name on the registry. */
  readonly published?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The version that `node` claims to be. */
  readonly node?: string;
  /** Folders with programs that come before those of the runner. */
  readonly programs?: string;
}

export interface ActionEnded extends Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Actions of others that would have run. */
  readonly used: readonly string[];
  /** Where the action was checked out to. */
  readonly checkout: string;
}

export async function startRunner(): Promise<Runner> {
  const root = await mkdtemp(join(tmpdir(), 'preflight-ci-'));
  const [workspace, bin, temporary] = ['workspace', 'bin', 'temporary files'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([workspace, bin, temporary].map((path) => mkdir(path)));
  const asked = join(root, 'asked');
  await writeFile(asked, '');
  await writeFile(join(bin, 'npm'), `#!${process.execPath}\n${fakeNpm(asked)}`);
  await chmod(join(bin, 'npm'), 0o755);
  await symlink(process.execPath, join(bin, 'node'));
  const path = `${bin}:/usr/bin:/bin`;

  const shell: Runner['shell'] = (command, script, env) =>
    new Promise((resolve) => {
      const [program = '', ...args] = command;
      const options = {
        cwd: workspace,
        env: { PATH: path, HOME: root, TMPDIR: temporary, NODE_COMPILE_CACHE: COMPILED, ...env },
      };
      execFile(program, [...args, script], options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, log: stdout + stderr });
      });
    });

  const action: Runner['action'] = async (
    inputs,
    { built = false, published = true, env = {}, node, programs } = {},
  ) => {
    const action = (await readYaml('action.yml')) as Action;
    const place = await mkdtemp(join(root, 'action-'));
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    await writeFile(join(place, 'package.json'), JSON.stringify({ ...manifest, private: !published }));
    await mkdir(join(place, 'build'));
    await writeFile(join(place, 'build', 'package.ts'), BUILD);
    if (built) {
      await mkdir(join(place, 'dist', 'bin'), { recursive: true });
      await writeFile(join(place, 'dist', 'bin', 'spacelift-preflight.js'), `import(${JSON.stringify(EXECUTABLE)});\n`);
    }
    if (node !== undefined) {
      const claim = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } });\n`;
      await writeFile(join(place, 'claim.cjs'), claim);
    }
    const outputs: Record<string, Record<string, string>> = {};
    const value = (expression: string): string => {
      const [kind = '', name = '', , output = ''] = expression.trim().split('.');
      return (kind === 'inputs' ? (inputs[name] ?? action.inputs[name]?.default) : outputs[name]?.[output]) ?? '';
    };
    const expand = (text: string) => text.replace(/\$\{\{(.*?)\}\}/g, (_, expression) => value(expression));
    const holds = (condition: string) => {
      const [, left = '', right] = /^(\S+) != '(.*)'$/.exec(condition) ?? [];
      return value(left) !== right;
    };
    const files = { summary: join(place, 'summary'), output: join(place, 'output') };
    await writeFile(files.summary, '');
    let ended: Ended = { code: 0, log: '' };
    const used: string[] = [];
    for (const step of action.runs.steps) {
      if (step.if !== undefined && !holds(step.if)) continue;
      if (step.uses !== undefined) used.push(step.uses);
      if (step.run === undefined) continue;
      await writeFile(files.output, '');
      const script = join(place, 'step.sh');
      await writeFile(script, step.run);
      const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, expand(text)]);
      ended = await shell(['bash', '--noprofile', '--norc', '-eo', 'pipefail'], script, {
        ...env,
        ...Object.fromEntries(own),
        ...(programs !== undefined && { PATH: `${programs}:${path}` }),
        ...(node !== undefined && { NODE_OPTIONS: `--require ${join(place, 'claim.cjs')}` }),
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: place,
        GITHUB_OUTPUT: files.output,
        GITHUB_STEP_SUMMARY: files.summary,
        RUNNER_TEMP: temporary,
      });
      const lines = (await readFile(files.output, 'utf8')).split('\n').filter((line) => line !== '');
      const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
      if (step.id !== undefined) outputs[step.id] = Object.fromEntries(pairs);
      if (ended.code !== 0) break;
    }
    const results = Object.entries(action.outputs).map(([name, { value: text }]) => [name, expand(text)]);
    return {
      ...ended,
      outputs: Object.fromEntries(results),
      summary: await readFile(files.summary, 'utf8'),
      used,
      checkout: place,
    };
  };

  return {
    workspace,
    installed: async () =>
      (await readFile(asked, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    shell,
    action,
    stop: () => rm(root, { recursive: true }),
  };
}

/** What builds a checkout: its program is the sources. */
const BUILD = `
import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('dist/bin', { recursive: true });
writeFileSync('dist/bin/spacelift-preflight.js', ${JSON.stringify(`import(${JSON.stringify(EXECUTABLE)});\n`)});
`;

/** Writes down where it was called and with what, and puts a package there that is the sources. */
const fakeNpm = (asked: string): string => `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync(${JSON.stringify(asked)}, JSON.stringify({ folder: process.cwd(), args: process.argv.slice(2) }) + '\\n');
mkdirSync('node_modules/spacelift-preflight/dist/bin', { recursive: true });
writeFileSync(
  'node_modules/spacelift-preflight/dist/bin/spacelift-preflight.js',
  ${JSON.stringify(`import(${JSON.stringify(EXECUTABLE)});`)},
);
`;
