/** A release, made for a trial: what can be started here is started, and the rest is read by the tools of its platform. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { EXECUTABLE_PATH } from '../../build/image/config.ts';
import { unsigned } from '../../build/release/pe.ts';
import { rcodesign } from '../../build/release/sign.ts';
import { folderOf, TARGETS } from '../../build/release/targets.ts';
import { VERSION } from '../../src/util/version.ts';
import { ROOT } from '../ci/runner.ts';
import { cycloneDxFaults } from '../cluster/cyclonedx.ts';
import { unpackLayers } from '../cluster/image.ts';
import { CHART, helm } from '../peers/helm.ts';
import { filesIn, unpackArchive } from '../support/oci-archive.ts';
import { ended } from '../support/programs.ts';
import { client } from './catalog.ts';

const NAME = 'spacelift-preflight';
const BASE = `${NAME}-${VERSION}`;
const execute = promisify(execFile);

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
const released = (file: string): Promise<Buffer> => readFile(at('release', file));
const make = (out: string) =>
  execute('npm', ['run', '-s', 'release', '--', '--allow-placeholders', '--out', out], { cwd: ROOT });
const executable = (platform: string, name = NAME): string => at(`${BASE}-${platform}`, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-release-'));
  await make(at('release'));
  for (const { platform } of TARGETS) {
    await execute('tar', ['-xzf', at('release', `${folderOf(NAME, VERSION, platform)}.tar.gz`), '-C', folder]);
  }
  const { platforms } = unpackArchive(await released(`${BASE}.oci.tar`));
  for (const image of platforms) {
    const root = at(image.platform.architecture);
    await mkdir(root);
    await unpackLayers(image, root);
  }
}, 1_800_000);
afterAll(() => rm(folder, { recursive: true }));

test('the sums are those of the files, and the list names each file', async () => {
  const { stdout } = await execute('sha256sum', ['-c', 'SHA256SUMS'], { cwd: at('release') });
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(': OK', ''));
  const list = await released('README.md').then(String);
  expect(names.filter((name) => name !== 'README.md' && !list.includes(`| ${name} |`))).toEqual([]);
  expect(names).toHaveLength(14);
});

test('the same commit gives the same files', async () => {
  await make(at('again'));
  expect(await readFile(at('again', 'SHA256SUMS'), 'utf8')).toBe(String(await released('SHA256SUMS')));
});

describe('the executables for Linux', () => {
  it.each([
    ['x64', 'amd64'],
    ['arm64', 'arm64'],
  ])('for %s are those of the image, which is tested as a whole', async (processor, architecture) => {
    const inImage = await readFile(at(architecture, EXECUTABLE_PATH));
    expect(inImage.equals(await readFile(executable(`linux-${processor}`)))).toBe(true);
  });

  it('start', async () => {
    expect((await execute(executable('linux-x64'), ['--version'])).stdout).toBe(`${VERSION}\n`);
    const { command, args } = client('qemu');
    const { stdout } = await execute(command, [...args, '-L', at('arm64'), executable('linux-arm64'), '--version']);
    expect(stdout).toBe(`${VERSION}\n`);
  });
});

describe.each(['macos-x64', 'macos-arm64'])('the executable for %s', (platform) => {
  it('has a signature of its own, which fits it', async () => {
    const file = executable(platform);
    const { stdout } = await execute(await rcodesign(), ['print-signature-info', file], { maxBuffer: 64 << 20 });
    expect(stdout).toContain('flags: CodeSignatureFlags(ADHOC)');
    expect(stdout).toContain(`identifier: ${NAME}`);
    // There is no certificate, which it says too.
    const { code, stdout: faults } = await ended(await rcodesign(), ['verify', file], { env: {} });
    expect(code).toBe(1);
    expect(faults.trim().split('\n')).toEqual([expect.stringMatching(/^CMS error/)]);
  });
});

test('the executable for Windows has no signature that would not fit it', async () => {
  const content = await readFile(executable('windows-x64', `${NAME}.exe`));
  expect(unsigned(content).equals(content)).toBe(true);
});

test('the npm package has no fields that concern the repository alone', async () => {
  const packed = filesIn(gunzipSync(await released(`${BASE}.tgz`))).get('package/package.json');
  const fields = Object.keys(JSON.parse(String(packed)));
  expect(fields).toEqual(expect.arrayContaining(['bin', 'exports', 'repository']));
  for (const field of ['workspaces', 'devDependencies', 'scripts']) expect(fields).not.toContain(field);
});

test('the image has the digest that is published', async () => {
  const { digest } = unpackArchive(await released(`${BASE}.oci.tar`));
  expect(String(await released(`${BASE}.oci.digest`))).toBe(`${digest}\n`);
});

test('the chart is one for Helm, with the files that Helm packs', async () => {
  const file = at('release', `${NAME}-chart-${VERSION}.tgz`);
  expect(await helm(['lint', file, '--set', 'image.repository=example.com/preflight'])).toMatchObject({ code: 0 });
  const values = { image: { repository: 'example.com/preflight' } };
  const template = (chart: string) => helm(['template', 'preflight', chart], { values });
  expect(await template(file)).toMatchObject({ code: 0, stdout: (await template(CHART)).stdout });
  expect(await helm(['package', CHART, '--destination', folder])).toMatchObject({ code: 0 });
  const namesIn = async (path: string) => [...filesIn(gunzipSync(await readFile(path))).keys()].sort();
  expect(await namesIn(file)).toEqual(await namesIn(at(`${BASE}.tgz`)));
});

test('the SBOM is valid, and has what is in the bundle and each Node', async () => {
  const text = String(await released(`${BASE}.cdx.json`));
  expect(await cycloneDxFaults(text)).toBe('');
  const { components } = JSON.parse(text) as { components: { name: string }[] };
  const names = components.map(({ name }) => name);
  expect(names.filter((name) => name === 'node')).toHaveLength(TARGETS.length);
  expect(names).toEqual(expect.arrayContaining(['commander', 'pg', 'yaml']));
});

test('the formula is Ruby, and has the sums of the files', async () => {
  const { command, args, env } = client('ruby');
  const check = (stdin: string) => ended(command, [...args, '--disable=gems', '-c'], { env, stdin });
  const text = String(await released(`${NAME}.rb`));
  expect(await check(text)).toMatchObject({ code: 0, stdout: 'Syntax OK\n' });
  expect(await check(text.replace(/end\n$/, ''))).toMatchObject({ code: 1 });
  const sums = String(await released('SHA256SUMS'));
  const found = [...text.matchAll(/\/([^/"]+)"\n\s+sha256 "(\w{64})"/g)].map(([, file, sum]) => `${sum}  ${file}\n`);
  expect(found).toHaveLength(4);
  for (const line of found) expect(sums).toContain(line);
});

test('the workflow is one that actionlint finds nothing in', async () => {
  const { command, args, env } = client('actionlint');
  const options = [...args, '-no-color', '-shellcheck', client('shellcheck').command, '-'];
  const check = (stdin: string) => ended(command, options, { env: { ...client('shellcheck').env, ...env }, stdin });
  const text = await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  expect(await check(text)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await check(text.replace('matrix.platform }}', 'matrix.plattform }}'))).toMatchObject({ code: 1 });
  expect(await check(text.replace('"$GITHUB_REF_NAME" release', '$GITHUB_REF_NAME release'))).toMatchObject({
    code: 1,
  });
});
