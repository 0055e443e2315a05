/** A release, made for a trial: what can be started here is started, and the rest is read by the tools of its platform. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { EXECUTABLE_PATH } from '../../build/image/config.ts';
import { unsigned } from '../../build/release/pe.ts';
import { rcodesign } from '../../build/release/sign.ts';
import { folderOf, TARGETS } from '../../build/release/targets.ts';
import { quoted } from '../../src/outcome/fix.ts';
import { VERSION } from '../../src/util/version.ts';
import { ROOT } from '../ci/runner.ts';
import { cycloneDxFaults } from '../cluster/cyclonedx.ts';
import { unpackLayers } from '../cluster/image.ts';
import { CHART, helm } from '../peers/helm.ts';
import { startRealRegistry } from '../peers/registry.ts';
import type { Program } from '../peers/ways.ts';
import { filesIn, unpackArchive } from '../support/oci-archive.ts';
import { ended, writePrograms } from '../support/programs.ts';
import { client } from './catalog.ts';

const NAME = 'spacelift-preflight';
const BASE = `${NAME}-${VERSION}`;
const OCI = 'application/vnd.oci.image';
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

describe('the workflow', () => {
  /** A script for a program, with options after those that it is called with. */
  const calls = ({ command, args, env }: Program, first: readonly string[], last: readonly string[]): string => {
    const settings = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
    const words = ['env', ...settings, ...[command, ...args, ...first].map(quoted), '"$@"', ...last];
    return `exec ${words.join(' ')}`;
  };

  it('publishes the image and the chart under the digests that it signs', async () => {
    const registry = await startRealRegistry('none', { repository: 'someone/other', tag: '1' });
    onTestFinished(() => registry.stop());
    const bin = at('bin');
    await mkdir(bin);
    await writeFile(at('policy.json'), JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    await writePrograms(bin, {
      skopeo: calls(client('skopeo'), ['--policy', at('policy.json')], ['--dest-tls-verify=false']),
      helm: calls(client('helm'), [], ['--plain-http']),
      cosign: `echo "$@" >> ${quoted(at('signed'))}`,
    });
    const image = `${registry.host}/someone/${NAME}`;
    const charts = `${registry.host}/someone/charts`;
    const { steps } = parse(await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8')).jobs.publish as {
      steps: { name?: string; run: string }[];
    };
    for (const name of ['Publish the image', 'Publish the chart']) {
      const script = steps.find((step) => step.name === name)?.run ?? 'exit 1';
      const env = { PATH: `${bin}:${process.env.PATH}`, HOME: folder, VERSION, BASE, IMAGE: image, CHARTS: charts };
      const { code, stderr } = await ended('bash', ['-eo', 'pipefail', '-c', script], { env, cwd: folder });
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    }
    const digestOf = async (repository: string): Promise<string> => {
      const headers = { accept: `${OCI}.index.v1+json, ${OCI}.manifest.v1+json` };
      const url = `http://${registry.host}/v2/someone/${repository}/manifests/${VERSION}`;
      const { headers: answered } = await fetch(url, { method: 'HEAD', headers });
      return answered.get('docker-content-digest') ?? 'none';
    };
    const [published, chart] = await Promise.all([digestOf(NAME), digestOf(`charts/${NAME}`)]);
    expect(`${published}\n`).toBe(String(await released(`${BASE}.oci.digest`)));
    expect(await readFile(at('signed'), 'utf8')).toBe(
      `sign --yes ${image}@${published}\nsign --yes ${charts}/${NAME}@${chart}\n`,
    );
  });
});
