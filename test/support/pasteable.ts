/** Whatever a run prints to be pasted does exactly what it declares, in a real shell. */
import { expect } from 'vitest';
import type { RunResult } from '../../src/engine/run.ts';
import type { Fix } from '../../src/outcome/fix.ts';
import { expectPlain } from './language.ts';
import { asDeclared, makeRecorder, type Recorder } from './recorder.ts';

/** The programs that fixes name. */
export const CLIENTS = [
  'aws',
  'az',
  'base64',
  'curl',
  'date',
  'dos2unix',
  'gcloud',
  'getent',
  'iconv',
  'jq',
  'kubectl',
  'mc',
  'nc',
  'openssl',
  'psql',
  'spacelift-preflight',
  'ssh-keygen',
  'tee',
  'timedatectl',
  'xargs',
];

/** Words of commands that remove or replace something: a script of fixes must not run them. */
const REMOVES =
  /(?<![\w-])(?:rm|rb|delete|delete-[a-z-]+|replace-[a-z-]+|--clear-[a-z-]+|DROP|DELETE|TRUNCATE|REVOKE)(?![\w-])/;

let recorder: Recorder | undefined;
/** What was tried already: the same command need not be run for every finding that has it. */
const tried = new Set<string>();

/** Runs every command of the fixes of a run, whole and in prose, each once; and reads every text of its findings. */
export async function expectPasteable({ checks }: Pick<RunResult, 'checks'>): Promise<void> {
  const findings = checks.flatMap((check) => check.findings);
  for (const finding of findings) expectPlain(finding);
  for (const fix of findings.flatMap(({ fix }) => fix ?? [])) await expectDeclared(fix);
}

export async function expectDeclared(fix: Fix): Promise<void> {
  recorder ??= makeRecorder(CLIENTS);
  const whole = fix.kind === 'command' && fix.language === 'sh' ? [{ text: fix.text, of: fix }] : [];
  const parts = fix.kind === 'advice' ? fix.shells.map((shell) => ({ text: shell.text ?? '', of: shell })) : [];
  if (fix.kind === 'command') expect(fix.destructive || !REMOVES.test(fix.text), fix.text).toBe(true);
  for (const { text, of } of [...whole, ...parts]) {
    if (text === '' || tried.has(text)) continue;
    tried.add(text);
    expect(await recorder.play(text), text).toEqual(asDeclared(of));
  }
}
