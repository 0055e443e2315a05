/** `examples/api.mjs`, as it is, with the sources as the package. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { moduleOf } from '../cli/spawned.ts';
import { elementsOf } from '../report/page.ts';
import { ended } from '../support/programs.ts';
import { expectValid } from '../support/valid.ts';

const PACKAGE = pathToFileURL(join(ROOT, 'src/index.ts')).href;
const HOOK = moduleOf(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (name, context, next) => next(name === 'spacelift-preflight' ? ${JSON.stringify(PACKAGE)} : name, context),
  });`);

/** @param config what is in the file */
async function example(config: string, file = 'spacelift.yaml') {
  const cwd = await mkdtemp(join(tmpdir(), 'preflight-example-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'spacelift.yaml'), config);
  const args = ['--import', HOOK, join(ROOT, 'examples/api.mjs'), file];
  return { cwd, ...(await ended(process.execPath, args, { env: {}, cwd })) };
}

test('it writes the report, names what failed, and exits with 1', async () => {
  const { cwd, code, stdout, stderr } = await example('SERVER_DOMAIN: localhost\n');
  expect(code).toBe(1);
  expect(stdout).toContain('Configuration: checked\n');
  expect(stderr).toMatch(/^not ready: \d+ findings failed\n/);
  expect(stderr).toContain('DATABASE_URL');
  const report = expectValid(JSON.parse(await readFile(join(cwd, 'preflight.json'), 'utf8')));
  expect(report.verdict).toBe('not-ready');
  expect(elementsOf(await readFile(join(cwd, 'preflight.html'), 'utf8')).length).toBeGreaterThan(100);
});

test('what can’t be read is one line, and exit code 2', async () => {
  const { code, stdout, stderr } = await example('SERVER_DOMAIN: localhost\n', 'other.yaml');
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: 'other.yaml: no such file\n' });
});
