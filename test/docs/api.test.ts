/** The example of the API runs as written. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { ended } from '../support/programs.ts';
import { read, tokensOf } from './markdown.ts';

it('docs/api.md', async () => {
  const [example] = tokensOf(read('docs/api.md'), 'code').filter(({ lang }) => lang === 'js');
  const folder = await mkdtemp(join(tmpdir(), 'preflight-api-'));
  try {
    const sources = JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')));
    const config = join(folder, 'spacelift.yaml');
    await writeFile(config, 'SERVER_DOMAIN: localhost\n');
    const script = `process.chdir(${JSON.stringify(folder)});\n${example?.text.replace("'spacelift-preflight'", sources)}`;
    await writeFile(join(folder, 'example.mjs'), script);
    const { code, stderr } = await ended(process.execPath, [join(folder, 'example.mjs')], { env: {} });
    expect(stderr).toMatch(/^<!-- spacelift-preflight -->[\s\S]*DATABASE_URL/);
    expect(code).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
