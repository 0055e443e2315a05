/** GitHub's and GitLab's files, by the schemas that others keep of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { read, tokensOf } from '../docs/markdown.ts';
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
  ['.github/workflows/ci.yml', 'github-workflows', 'contents: read'],
  ['.github/workflows/release.yml', 'github-workflows', 'packages: write'],
  ['docs/ci.md', 'github-workflows', 'contents: read'],
  ['.github/ISSUE_TEMPLATE/bug_report.yml', 'github-issue-forms', 'required: true'],
  ['.github/ISSUE_TEMPLATE/wrong_finding.yml', 'github-issue-forms', 'required: true'],
  ['.github/ISSUE_TEMPLATE/config.yml', 'github-issue-config', 'enabled: false'],
])('%s is valid, and would not be with a word that is wrong', async (path, schema, word) => {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-ci-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const validity = async (text: string) => {
    const file = join(folder, 'file.yml');
    await writeFile(file, text);
    return validate(schema, file);
  };
  const text = path.endsWith('.md') ? workflowIn(path) : await readFile(join(ROOT, path), 'utf8');
  expect(text).toContain(word);
  expect(await validity(text)).toBe(0);
  expect(await validity(text.replace(word, `${word}-wrong`))).toBe(1);
});

/** The first block of YAML in a document. */
const workflowIn = (path: string): string =>
  tokensOf(read(path), 'code').find(({ lang }) => lang === 'yaml')?.text ?? '';
