/** What the documents and the action tell others to run is one version, and the actions of others one commit. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { DOCUMENTS } from '../docs/markdown.ts';
import { ROOT } from './runner.ts';

const FILES = [
  ...DOCUMENTS,
  'action.yml',
  'examples/gitlab-ci.yml',
  'examples/code-scanning.yml',
  '.github/workflows/ci.yml',
  '.github/workflows/release.yml',
];

test.each(FILES)('%s', async (path) => {
  const text = await readFile(join(ROOT, path), 'utf8');
  const used = [...text.matchAll(/^\s*(?:- )?uses: (?!\.\/)(.*)$/gm)].map(([, what]) => what);
  for (const what of used) expect(what).toMatch(/^[\w-]+\/[\w-]+(?:\/[\w-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  const versions = [...text.matchAll(/npm install[^\n]*(?:\n[^\n]*){0,3}?spacelift-preflight@(\S+?)["`);]*$/gm)];
  for (const [, version] of versions) expect([VERSION, '$version']).toContain(version);
  expect(text).not.toMatch(/npx[^\n]*spacelift-preflight/);
});
