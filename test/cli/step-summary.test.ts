import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CountingFault, startSilent } from '../services/tcp.ts';
import { command } from './host.ts';
import { dotenv } from './spawned.ts';

let folder: string;
let silent: CountingFault;
let config: string;
beforeAll(async () => {
  [folder, silent] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-summary-')), startSilent()]);
  config = join(folder, 'spacelift.env');
  await writeFile(config, dotenv({ database: silent.port, store: silent.port, broker: silent.port }));
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), silent.close()]));

const only = ['--only', 'configuration/*'];

describe('the step summary', () => {
  it.each([
    ['printed', ['-o', 'github']],
    ['written', ['-q', '--report', 'github=/dev/null']],
  ])('gets the report when GitHub’s format is %s, after what other steps wrote', async (_, args) => {
    const path = join(folder, `${args.join('').replaceAll('/', '')}.md`);
    await writeFile(path, 'from an earlier step\n');
    const result = await command(['-f', config, ...only, ...args], { env: { GITHUB_STEP_SUMMARY: path } });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const summary = await readFile(path, 'utf8');
    expect(summary).toMatch(
      /^from an earlier step\n<!-- spacelift-preflight -->\n## ⚠ spacelift-preflight: inconclusive/,
    );
  });

  it('is left alone by other formats, and not missed outside of GitHub', async () => {
    const path = join(folder, 'untouched.md');
    await command(['-f', config, ...only, '-o', 'markdown'], { env: { GITHUB_STEP_SUMMARY: path } });
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await command(['-f', config, ...only, '-o', 'github'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('that can not be written is told before anything is contacted', async () => {
    const env = { GITHUB_STEP_SUMMARY: join(folder, 'nowhere', 'summary.md') };
    const result = await command(['-f', config, '-o', 'github'], { env });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      `spacelift-preflight: cannot write ${env.GITHUB_STEP_SUMMARY} (GITHUB_STEP_SUMMARY): its directory does not exist\n`,
    );
    expect(silent.connections()).toBe(0);
  });
});
