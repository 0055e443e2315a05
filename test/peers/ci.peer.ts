/** GitHub's and GitLab's files, by the schemas that others keep of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { program } from './install.ts';

/** @returns the exit code */
function validate(schema: string, file: string): Promise<number> {
  const { command, args, env } = program('check-jsonschema');
  return new Promise((resolve) => {
    const all = [...args, '--builtin-schema', `vendor.${schema}`, file];
    execFile(command, all, { env: { ...process.env, ...env } }, (error) =>
      resolve(error === null ? 0 : Number(error.code)),
    );
  });
}

test.each([
  ['action.yml', 'github-actions', 'using: composite'],
  ['examples/gitlab-ci.yml', 'gitlab-ci', 'when: always'],
  ['examples/code-scanning.yml', 'github-workflows', 'security-events: write'],
])('%s is valid, and would not be with a word that is wrong', async (path, schema, word) => {
  expect(await validate(schema, join(ROOT, path))).toBe(0);
  const folder = await mkdtemp(join(tmpdir(), 'preflight-ci-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const wrong = join(folder, 'wrong.yml');
  const text = await readFile(join(ROOT, path), 'utf8');
  expect(text).toContain(word);
  await writeFile(wrong, text.replace(word, `${word}-wrong`));
  expect(await validate(schema, wrong)).toBe(1);
});
