/**
 * The commands for Azure and Google Cloud, which no test server executes, as the parsers of their own clients read them:
 * every `az` and `gcloud` that a finding of the fault tables prints, in a fix or in prose.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quoted } from '../../src/outcome/fix.ts';
import { AZURE } from '../faults/azure.ts';
import { type Fault, tryFault } from '../faults/fault.ts';
import type { Clients } from '../faults/fixes/clients.ts';
import { GOOGLE } from '../faults/google.ts';
import { type Estate, startEstate } from '../support/estate.ts';
import { declared } from '../support/recorder.ts';
import { client } from './catalog.ts';

/** Nothing is executed here, but settings. */
const NOBODY: Clients = {
  shell: () => Promise.reject(new Error('not executed')),
  sql: () => Promise.reject(new Error('not executed')),
};

const home = mkdtempSync(join(tmpdir(), 'preflight-release-'));
let estate: Estate;
beforeAll(async () => {
  estate = await startEstate();
});
afterAll(async () => {
  await estate?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** The words after the program, each command once. */
async function commandsOf(program: string, faults: readonly Fault[]): Promise<string[][]> {
  const found = new Map<string, string[]>();
  for (const fault of faults) {
    const { result } = await tryFault(estate, fault, NOBODY);
    const fixes = result.run.checks.flatMap(({ findings }) => findings.flatMap(({ fix }) => fix ?? []));
    for (const [name, ...words] of fixes.flatMap(declared)) {
      if (name === program) found.set(JSON.stringify(words), words);
    }
  }
  return [...found.values()];
}

test('az: every command is one that its parser accepts', async () => {
  const commands = await commandsOf('az', AZURE);
  expect(commands.length).toBeGreaterThan(10);
  const { command, env } = client('az');
  const child = spawn(command, [fileURLToPath(new URL('az.py', import.meta.url))], {
    env: { PATH: process.env.PATH, HOME: home, AZURE_CONFIG_DIR: home, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(commands.map((words) => `${JSON.stringify(words)}\n`).join(''));
  const answers = (await text(child.stdout)).trim().split('\n');
  const refused = commands.map((words, at) => ({ words, refused: JSON.parse(answers[at] ?? '"no answer"') }));
  expect(refused.filter((one) => one.refused !== null)).toEqual([]);
});

/** What stands for a value that the run does not know, where the parser wants one. */
const VALUES = { SERVICE_ACCOUNT: 'spacelift@example.iam.gserviceaccount.com' };

const filled = (line: string): string =>
  Object.entries(VALUES).reduce((text, [placeholder, value]) => text.replaceAll(placeholder, value), line);

test('gcloud: every command is one that its parser accepts', async () => {
  const commands = await commandsOf('gcloud', GOOGLE);
  expect(commands.length).toBeGreaterThan(5);
  const { command, env } = client('gcloud');
  const refused: unknown[] = [];
  for (const words of commands) {
    const line = filled(['gcloud', ...words].map(quoted).join(' '));
    const flag = `--command-string=${line}`;
    // Parsing opens the files that a command would write.
    const { stdout } = await promisify(execFile)(command, ['meta', 'lint-gcloud-commands', flag], {
      cwd: home,
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 26,
    });
    const [answer] = JSON.parse(stdout) as { success: boolean; error_message: string | null }[];
    if (answer?.success !== true) refused.push({ line, refused: answer?.error_message });
  }
  expect(refused).toEqual([]);
});
