/** The parts of the image's build; `test/cluster` builds and runs the image itself. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { CONFIG, labels } from '../../build/image/config.ts';
import { readElf, strip } from '../../build/image/elf.ts';
import { archive, type Common, type Image } from '../../build/image/oci.ts';
import { bundledPackages, files, sbom } from '../../build/image/sbom.ts';
import { type Entry, tar } from '../../build/image/tar.ts';
import { NODE } from '../../build/node.ts';
import { filesIn, layersOf, unpackArchive } from '../support/oci-archive.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-image-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an executable without its symbols', () => {
  it('is smaller, runs, and needs the same libraries', async () => {
    const whole = await readFile(process.execPath);
    const stripped = strip(whole);
    expect(stripped.length).toBeLessThan(whole.length);
    expect(readElf(stripped)).toEqual(readElf(whole));
    const place = join(folder, 'node');
    await writeFile(place, stripped, { mode: 0o755 });
    expect((await execute(place, ['--version'])).stdout).toBe(`${process.version}\n`);
    // Buffers of this size are not compared byte by byte in JavaScript.
    expect(strip(stripped).equals(stripped)).toBe(true);
  });

  it.each([Buffer.from('#!/bin/sh\n'), Buffer.alloc(0)])('is no other file', (content) => {
    expect(() => strip(content)).toThrow('not a 64-bit little-endian ELF file');
    expect(() => readElf(content)).toThrow('not a 64-bit little-endian ELF file');
  });
});

const ENTRIES: readonly Entry[] = [
  { path: 'usr/bin/tool', content: Buffer.from('tool'), executable: true },
  { path: 'lib', link: 'usr/lib' },
  { path: 'etc/passwd', content: Buffer.alloc(1024, 'x') },
];

describe('a tar archive', () => {
  it('is read by tar', async () => {
    const file = join(folder, 'archive.tar');
    await writeFile(file, tar(ENTRIES));
    const { stdout } = await execute('tar', ['--utc', '--full-time', '-tvf', file]);
    expect(stdout.replaceAll(/ +/g, ' ').trim().split('\n')).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/',
      '-rw-r--r-- 0/0 1024 1970-01-01 00:00:00 etc/passwd',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 lib -> usr/lib',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 usr/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 usr/bin/',
      '-rwxr-xr-x 0/0 4 1970-01-01 00:00:00 usr/bin/tool',
    ]);
  });

  it('does not depend on the order of its entries', () => {
    expect(tar(ENTRIES.toReversed())).toEqual(tar(ENTRIES));
  });

  it('refuses a path that does not fit', () => {
    expect(() => tar([{ path: 'x'.repeat(101) }])).toThrow('too long');
  });
});

const COMMON: Common = {
  name: 'localhost/tool:1',
  created: '2026-01-02T03:04:05.000Z',
  labels: { 'org.opencontainers.image.version': '1' },
  config: CONFIG,
};
const IMAGES: readonly Image[] = ['amd64', 'arm64'].map((architecture) => ({
  architecture,
  layers: [
    { comment: 'one', entries: ENTRIES },
    { comment: 'two', entries: [{ path: 'etc/arch', content: Buffer.from(architecture) }] },
  ],
}));

describe('an image', () => {
  it('consists of blobs by their digests', async () => {
    const { content, digest } = archive(IMAGES, COMMON);
    const image = unpackArchive(content);
    expect(image.digest).toBe(digest);
    expect(image.platforms.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const { platform, config, layers } of image.platforms) {
      expect(config).toMatchObject({
        created: COMMON.created,
        ...platform,
        config: { ...CONFIG, Labels: COMMON.labels },
        history: [{ created_by: 'one' }, { created_by: 'two' }],
      });
      expect(layersOf(config)).toEqual(layers.map(({ diffId }) => diffId));
      const [, last] = layers;
      expect(
        filesIn(last?.content ?? Buffer.alloc(0))
          .get('etc/arch')
          ?.toString(),
      ).toBe(platform.architecture);
    }
  });

  it('is the same for the same content', () => {
    expect(archive(IMAGES, COMMON).content.equals(archive(IMAGES, COMMON).content)).toBe(true);
  });

  it('says how large it is', () => {
    expect(archive(IMAGES, COMMON).sizes).toMatchObject([
      { architecture: 'amd64', unpacked: 4 + 1024 + 5 },
      { architecture: 'arm64', unpacked: 4 + 1024 + 5 },
    ]);
  });
});

test('the Containerfile says the same as the build', async () => {
  const text = (await readFile(join(ROOT, 'Containerfile'), 'utf8')).replaceAll(/\\\n\s*/g, '');
  const of = (instruction: string) =>
    new RegExp(`^${instruction} (.*)$`, 'm').exec(text.split('FROM scratch')[1] ?? '')?.[1];
  expect({
    User: of('USER'),
    Env: of('ENV')?.split(' '),
    Entrypoint: JSON.parse(of('ENTRYPOINT') ?? ''),
    WorkingDir: of('WORKDIR'),
  }).toEqual(CONFIG);
  const labelled = [...(of('LABEL') ?? '').matchAll(/([\w.]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  expect(labels('', 'MIT', '', '')).toMatchObject(Object.fromEntries(labelled));
  expect(/library\/node:(\d+)-/.exec(text)?.[1]).toBe(NODE.split('.')[0]);
});

describe('the list of what is in an image', () => {
  it('has each file with its checksum', () => {
    expect(
      files([
        { path: 'lib', link: 'usr/lib' },
        { path: 'a', content: Buffer.from('abc') },
      ]),
    ).toEqual([
      {
        type: 'file',
        name: '/a',
        hashes: [{ alg: 'SHA-256', content: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' }],
      },
    ]);
  });

  it('has each bundled package once, by its name in the registry', () => {
    const module = (name: string) => join(ROOT, 'node_modules', name, 'index.js');
    const chunk = { moduleIds: [module('@aws-sdk/client-s3'), module('pg'), module('pg'), join(ROOT, 'src/index.ts')] };
    expect(bundledPackages([chunk]).map(({ purl }) => purl?.replace(/@[\d.]+$/, ''))).toEqual([
      'pkg:npm/%40aws-sdk/client-s3',
      'pkg:npm/pg',
    ]);
  });

  it('does not depend on when it is written', () => {
    const list = () => sbom({ type: 'container', name: 'tool', version: '1' }, [], COMMON.created);
    expect(JSON.parse(list()).metadata.timestamp).toBe(COMMON.created);
    expect(list()).toBe(list());
  });
});
