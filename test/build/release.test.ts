/** What a release consists of; `npm run release:check` makes one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { PLATFORMS } from '../../build/node.ts';
import { formula } from '../../build/release/formula.ts';
import { type Manifest, published, repositoryOf, unready } from '../../build/release/manifest.ts';
import { unsigned } from '../../build/release/pe.ts';
import { readme } from '../../build/release/readme.ts';
import { folderOf, TARGETS } from '../../build/release/targets.ts';
import own from '../../package.json' with { type: 'json' };
import { ROOT } from '../ci/runner.ts';

const READY: Manifest = {
  ...own,
  private: false,
  author: 'Someone',
  homepage: 'https://github.com/someone/preflight#readme',
  bugs: 'https://github.com/someone/preflight/issues',
  repository: { url: 'git+https://github.com/someone/preflight.git' },
};
const CHANGELOG = `# Changelog\n\n## [${own.version}] - 2030-01-01\n`;

describe('a release is refused', () => {
  it.each<[string, Partial<Manifest>, string]>([
    ['without an author', { author: undefined }, 'package.json: author is not set: expected a text'],
    ['with a placeholder', { bugs: own.bugs }, `package.json: bugs is ${own.bugs}: expected your own`],
    ['without a homepage', { homepage: ' ' }, 'package.json: homepage is not set'],
    ['without a repository', { repository: {} }, 'package.json: repository.url is not set'],
    [
      'with a repository elsewhere',
      { repository: { url: 'git+https://example.com/someone/preflight.git' } },
      'package.json: repository.url is git+https://example.com/someone/preflight.git: expected git+https://github.com/',
    ],
    ['while the package is private', { private: true }, 'package.json: private is true: remove it'],
    ['without a heading in the changelog', { version: '7.0.0' }, 'CHANGELOG.md: there is no heading ## [7.0.0]'],
  ])('%s', (_, change, reason) => {
    const said = unready({ ...READY, ...change }, CHANGELOG, undefined);
    expect(said).toContain(reason);
    expect(said).not.toContain('\n');
  });

  it('for the tag of another version', () => {
    expect(unready(READY, CHANGELOG, 'v7.0.0')).toBe(`--tag v7.0.0: expected v${own.version}, from package.json`);
  });

  it('for no other reason', () => {
    expect(unready(READY, CHANGELOG, undefined)).toBeUndefined();
    expect(unready(READY, CHANGELOG, `v${own.version}`)).toBeUndefined();
  });
});

test('the published package says nothing that concerns the repository alone', () => {
  const fields = Object.keys(published(own));
  const known = ['name', 'version', 'license', 'engines', 'bin', 'exports', 'files', 'type', 'repository', 'private'];
  expect(fields).toEqual(expect.arrayContaining(known));
  for (const field of ['devDependencies', 'scripts', 'allowScripts']) {
    expect(own).toHaveProperty(field);
    expect(fields).not.toContain(field);
  }
});

test('there is an executable for every platform, in a file of its own', () => {
  expect(TARGETS.map(({ platform }) => platform).sort()).toEqual(Object.keys(PLATFORMS).sort());
  const folders = TARGETS.map(({ platform }) => folderOf('name', '1.0.0', platform));
  expect(folders).toContain('name-1.0.0-linux-x64');
  expect(new Set(folders).size).toBe(TARGETS.length);
});

test('the workflow starts each executable on its platform before anything is published', () => {
  const { jobs } = parse(readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8'));
  const started: { platform: string }[] = jobs.start.strategy.matrix.include;
  expect(started.map(({ platform }) => platform).sort()).toEqual(TARGETS.map(({ platform }) => platform).sort());
  expect(jobs.publish.needs).toEqual(['build', 'start']);
  const allowed = Object.entries(jobs as Record<string, { permissions: Record<string, string> }>);
  expect(allowed.filter(([, { permissions }]) => 'id-token' in permissions).map(([name]) => name)).toEqual(['publish']);
});

describe('the formula', () => {
  const archive = (platform: string) => ({
    url: `https://example.com/${platform}.tar.gz`,
    sha256: `sum of ${platform}`,
  });
  const archives = Object.fromEntries(TARGETS.map(({ platform }) => [platform, archive(platform)]));
  const facts = {
    name: 'spacelift-preflight',
    version: '1.2.3',
    license: 'MIT',
    homepage: 'https://example.com/#readme',
  };

  it('has the archive and the sum of each platform that Homebrew has', () => {
    const text = formula({ ...facts, archives });
    expect(text).toMatch(/^class SpaceliftPreflight < Formula\n {2}desc "Checks .{0,73}"\n/);
    const found = [...text.matchAll(/on_(\w+) do\n\s+url "(.*)"\n\s+sha256 "(.*)"/g)].map(([, ...parts]) => parts);
    const expected = ['macos-arm64', 'macos-x64', 'linux-arm64', 'linux-x64'];
    expect(found).toEqual(
      expected.map((platform) => [
        platform.endsWith('arm64') ? 'arm' : 'intel',
        archive(platform).url,
        archive(platform).sha256,
      ]),
    );
  });

  it('needs all of them', () => {
    const { 'macos-x64': _, ...others } = archives;
    expect(() => formula({ ...facts, archives: others })).toThrow('the formula needs an archive for macos-x64');
  });

  it('evaluates nothing of a text', () => {
    const text = formula({ ...facts, homepage: 'https://example.com/#{system("id")}\\', archives });
    expect(text).toContain('  homepage "https://example.com/\\#{system(\\"id\\")}\\\\"\n');
  });
});

test('the page of the repository', () => {
  expect(repositoryOf(READY)).toBe('https://github.com/someone/preflight');
  expect(
    repositoryOf({ ...READY, repository: { url: 'git+ssh://git@github.com/someone/preflight.git' } }),
  ).toBeUndefined();
});

test('the list says what was never started, and that a trial must not be published', () => {
  const files = [{ file: 'a.tar.gz', bytes: 1_500_000, what: 'an executable', tried: 'not started when it was built' }];
  expect(readme('name 1.0.0', files, false)).toContain(
    '| a.tar.gz | 1.5 MB | an executable | not started when it was built |\n',
  );
  expect(readme('name 1.0.0', files, true)).toContain('Do not publish these files.');
  expect(readme('name 1.0.0', files, false)).not.toContain('Do not publish these files.');
});

describe('an executable of Windows loses its signature, which would not be valid', () => {
  /** The headers alone. */
  const executable = (signature: string): Buffer => {
    const file = Buffer.alloc(512);
    file.writeUInt32LE(64, 0x3c);
    file.write('PE\0\0', 64, 'latin1');
    file.writeUInt16LE(0x20b, 64 + 24);
    const at = 64 + 24 + 112 + 4 * 8;
    file.writeUInt32LE(signature === '' ? 0 : file.length, at);
    file.writeUInt32LE(signature.length, at + 4);
    return Buffer.concat([file, Buffer.from(signature)]);
  };

  it('with the table that names it', () => {
    expect(unsigned(executable('signature'))).toEqual(executable(''));
  });

  it('if it has one', () => {
    expect(unsigned(executable(''))).toEqual(executable(''));
  });

  it('and nothing else is changed', () => {
    expect(() => unsigned(Buffer.alloc(512))).toThrow('not a 64-bit executable of Windows');
  });
});
