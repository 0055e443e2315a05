/** Each way of getting the tool that README names, as written, in a fresh clone, with the oldest Node.js that will do. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../src/util/version.ts';
import { ROOT } from '../ci/runner.ts';
import { read, tableBelow, tokensOf } from '../docs/markdown.ts';
import { type Ended, ended } from '../support/programs.ts';
import { client } from './catalog.ts';

let folder: string;
let clone: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-readme-'));
  clone = join(folder, 'spacelift-preflight');
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await promisify(execFile)('git', ['clone', '-q', ROOT, clone]);
  const { stdout: npm } = await promisify(execFile)('sh', ['-c', 'command -v npm']);
  await Promise.all([
    symlink(client('node').command, join(bin, 'node')),
    symlink(await realpath(npm.trim()), join(bin, 'npm')),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

/** In the clone, with nothing of this checkout or its user. */
function shell(script: string): Promise<Ended> {
  const path = [join(folder, 'bin'), join(folder, 'prefix', 'bin'), '/usr/bin', '/bin'].join(':');
  const { npm_config_cache: cache = join(process.env.HOME ?? '', '.npm') } = process.env;
  return ended('sh', ['-ec', script], {
    cwd: clone,
    env: { PATH: path, HOME: folder, npm_config_prefix: join(folder, 'prefix'), npm_config_cache: cache },
  });
}

test('from a clone', async () => {
  const [block] = tokensOf(read('README.md'), 'code').filter(({ text }) => text.startsWith('npm ci '));
  const { code, stdout, stderr } = await shell(block?.text ?? 'exit 1');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout.trim().split('\n').at(-1)).toBe(VERSION);
  // One line about the version of Node.js, and not one for each package.
  expect(`${stdout}${stderr}`.match(/EBADENGINE/g)).toBeNull();
});

/** What shows that a step of the table gave what it says. */
const TRIED: Readonly<Record<string, string>> = {
  'npm ci': 'npm run -s demo -- --format json',
  'npm run build && npm link': 'spacelift-preflight --version',
  'npm pack': `tar -xzf spacelift-preflight-${VERSION}.tgz && node package/dist/bin/spacelift-preflight.js --version`,
  'npm run build:standalone': 'dist-standalone/spacelift-preflight --version',
  'npm run build:image': 'test -s dist-image/spacelift-preflight.oci.tar',
};

test('the steps of the table', async () => {
  const steps = tableBelow(read('README.md'), 'Get it').flatMap(([step = '']) => /^`(.*)`$/.exec(step)?.[1] ?? []);
  expect(steps).toEqual(Object.keys(TRIED));
  for (const step of steps) {
    const { code, stderr, stdout } = await shell(`${step} && ${TRIED[step]}`);
    expect({ step, code, stderr, stdout }).toMatchObject({ step, code: 0 });
  }
});
