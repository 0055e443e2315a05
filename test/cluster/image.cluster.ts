/** The image that was built: what is in it, and that it runs where nothing may be written, as any user. */
import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it, test } from 'vitest';
import { CONFIG } from '../../build/image/config.ts';
import { readElf } from '../../build/image/elf.ts';
import { VERSION } from '../../src/util/version.ts';
import { type Estate, ONPREM, startEstate } from '../support/estate.ts';
import type { PlatformImage } from '../support/oci-archive.ts';
import { expectValid } from '../support/valid.ts';
import { cycloneDxFaults } from './cyclonedx.ts';
import { ARCHIVE, buildImage, platformsIn, runImage, unpackLayers } from './image.ts';
import { part } from './parts.ts';

const ARCHITECTURES = ['amd64', 'arm64'] as const;
const execute = promisify(execFile);

let folder: string;
let images: Readonly<Record<(typeof ARCHITECTURES)[number], PlatformImage>>;
const root = (architecture: string) => join(folder, architecture);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-image-'));
  images = await platformsIn(inject('image'));
  for (const architecture of ARCHITECTURES) {
    await mkdir(root(architecture));
    await unpackLayers(images[architecture], root(architecture));
  }
});
afterAll(() => rm(folder, { recursive: true }));

interface Found {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

/** All that is no directory or link. */
async function filesOf(architecture: string): Promise<Found[]> {
  const { stdout } = await execute('find', [root(architecture), '-type', 'f', '-printf', '/%P\t%m\t%s\n']);
  const lines = stdout.trim().split('\n').sort();
  return lines.map((line) => {
    const [path = '', mode = '', size] = line.split('\t');
    return { path, mode: Number.parseInt(mode, 8), size: Number(size) };
  });
}

describe.each(ARCHITECTURES)('for %s', (architecture) => {
  it('is small', async () => {
    const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
    expect(sum((await filesOf(architecture)).map(({ size }) => size))).toBeLessThan(130e6);
    expect(sum(images[architecture].layers.map(({ compressed }) => compressed))).toBeLessThan(45e6);
  });

  it('has one program, no shell, and nothing that others than root may change', async () => {
    const files = await filesOf(architecture);
    const programs = files.filter(({ mode, path }) => mode & 0o111 && !/^\/usr\/lib\/.*\.so\.\d+$/.test(path));
    expect(programs.map(({ path }) => path)).toEqual(CONFIG.Entrypoint);
    expect(files.filter(({ mode }) => mode & 0o7022)).toEqual([]);
    expect((await lstat(join(root(architecture), 'usr'))).mode & 0o7777).toBe(0o755);
  });

  it('has the libraries that its programs need, where they are looked for', async () => {
    const at = (path: string) => join(root(architecture), path);
    for (const { path } of (await filesOf(architecture)).filter(({ mode }) => mode & 0o111)) {
      const { architecture: own, interpreter, libraries } = readElf(await readFile(at(path)));
      expect({ path, own }).toEqual({ path, own: architecture });
      const [triplet = ''] = await readdir(at('usr/lib'), { withFileTypes: true }).then((all) =>
        all.filter((entry) => entry.isDirectory()).map(({ name }) => name),
      );
      const known = await readdir(at(`usr/lib/${triplet}`));
      expect(libraries.filter((name) => !known.includes(name))).toEqual([]);
      if (interpreter === undefined) continue;
      const [top = '', ...rest] = interpreter.split('/').slice(1);
      expect(await readlink(at(top))).toBe(`usr/${top}`);
      expect(await readlink(at(join('usr', top, ...rest)))).toBe(`../lib/${triplet}/${basename(interpreter)}`);
    }
  });

  it('lists what is in it', async () => {
    const text = await readFile(join(inject('image'), `sbom-${architecture}.cdx.json`), 'utf8');
    const place = '/usr/share/sbom/spacelift-preflight.cdx.json';
    expect(await readFile(join(root(architecture), place), 'utf8')).toBe(text);
    const { components } = JSON.parse(text) as {
      components: { purl?: string; components?: { type: string; name: string }[] }[];
    };
    const listed = components.flatMap((component) => component.components ?? []).filter(({ type }) => type === 'file');
    expect(listed.map(({ name }) => name).sort()).toEqual(
      (await filesOf(architecture)).map(({ path }) => path).filter((path) => path !== place),
    );
    const kinds = new Set(components.flatMap(({ purl }) => purl?.split('/')[0] ?? []));
    expect([...kinds].sort()).toEqual(['pkg:deb', 'pkg:npm']);
    expect(await cycloneDxFaults(text)).toBe('');
  });
});

test('the same commit gives the same image', async () => {
  const again = join(folder, 'again');
  await buildImage(again);
  for (const name of [`${ARCHIVE}.sha256`, 'digest']) {
    expect(await readFile(join(again, name), 'utf8')).toBe(await readFile(join(inject('image'), name), 'utf8'));
  }
});

test('the one for arm64 runs on that architecture', async () => {
  const [path = ''] = CONFIG.Entrypoint;
  const { command, args } = part('qemu');
  const image = root('arm64');
  const { stdout } = await execute(command, [...args, '-L', image, join(image, path), '--version']);
  expect(stdout).toBe(`${VERSION}\n`);
});

describe.each([
  ['the image’s user', 65532, 65532],
  ['OpenShift’s kind of user', 1000660000, 0],
])('with a read-only root and no capabilities, as %s', (_, uid, gid) => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate();
  });
  afterAll(() => estate.stop());
  const runs = (args: readonly string[], env = {}) => runImage(root('amd64'), images.amd64, { args, env, uid, gid });

  it('runs', async () => {
    expect(await runs(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('finds a healthy installation ready', async () => {
    const env = estate.variables(ONPREM);
    const { code, stdout, stderr } = await runs(['-o', 'json', '--strict'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expectValid(report);
    expect(report).toMatchObject({ verdict: 'ready', summary: { fail: 0, warn: 0 }, leftovers: [] });
  });
});
