/** Where a report goes, and with what colors: terminals, CI, Windows, closed pipes, and the files of --report. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { useConfigs } from './configs.ts';
import { command } from './host.ts';
import { report } from './reports.ts';
import { EXECUTABLE, moduleOf, run, start } from './spawned.ts';

const given = useConfigs();

describe('in the log of a CI provider that shows colors', () => {
  const CI = { CI: 'true', GITHUB_ACTIONS: 'true' };
  const colored = async (args: readonly string[], env: Record<string, string>) =>
    (await run(['-f', given.config, '-q', ...args], { env })).stdout.includes('\u001b[');

  it('there are colors, unless they are disabled', async () => {
    expect(await colored([], CI)).toBe(true);
    expect(await colored(['--no-color'], CI)).toBe(false);
    expect(await colored([], { ...CI, NO_COLOR: '1' })).toBe(false);
    expect(await colored([], { CI: 'true' })).toBe(false);
  });

  it('a file has none', async () => {
    const path = join(given.folder, 'redirected.txt');
    const output = await open(path, 'w');
    const child = spawn(process.execPath, [EXECUTABLE, '-f', given.config, '-q'], {
      env: { PATH: process.env.PATH ?? '', ...CI },
      stdio: ['ignore', output.fd, 'ignore'],
    });
    await once(child, 'close');
    await output.close();
    const printed = await readFile(path, 'utf8');
    expect(printed).toContain('not ready');
    expect(printed).not.toContain('\u001b');
  });
});

describe('standard output', () => {
  it('may be closed early', async () => {
    const { child, finished } = start(['-f', given.config, '-v', '--only', 'configuration/*']);
    child.stdout.destroy();
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it.runIf(process.platform === 'linux')('that is full is told', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [EXECUTABLE, '-f', given.config, '--only', 'configuration/*'], {
      stdio: ['ignore', full.fd, 'pipe'],
    });
    const [[code], stderr] = await Promise.all([once(child, 'close'), text(child.stderr as Readable), full.close()]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'spacelift-preflight: cannot write to standard output: ENOSPC\n',
    });
  });
});

describe('colors', () => {
  const args = ['--only', 'configuration/*'];
  const colored = async (more: readonly string[], env: Record<string, string>) =>
    (await run(['-f', given.config, ...args, ...more], { env })).stdout.includes('\u001b[');

  it.each([
    [[], {}, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '0' }, false],
    [['--no-color'], { FORCE_COLOR: '1' }, false],
  ] as const)('%j %j: %j', async (more, env, expected) => {
    expect(await colored(more, env)).toBe(expected);
  });

  it('a dumb terminal gets plain ASCII', async () => {
    const { stdout } = await run(['-f', given.config, '-v'], { env: { TERM: 'dumb' } });
    expect(stdout).toMatch(/^[\n -~]+$/);
    expect(stdout).toMatch(/^x {2}database /m);
  });
});

describe('Windows', () => {
  const windows = [moduleOf(`Object.defineProperty(process, 'platform', { value: 'win32' });`)];
  const args = ['-v', '--only', 'configuration/*'];

  it('with a code page gets plain ASCII, its own terminal does not', async () => {
    const shown = async (env: Record<string, string>) =>
      (await run(['-f', given.config, ...args], { imports: windows, env })).stdout;
    expect(await shown({})).toMatch(/^ok configuration [\n -~]+$/);
    expect(await shown({ WT_SESSION: 'a-session' })).toMatch(/^✔ configuration /);
  });
});

describe('--report', () => {
  const args = ['--only', 'configuration/*'];

  it('writes each format to its file, whatever is on standard output', async () => {
    const [json, pretty] = [join(given.folder, 'report.json'), join(given.folder, 'report.txt')];
    const result = await command(
      ['-f', given.config, ...args, '-q', '--report', `json=${json}`, '--report', `pretty=${pretty}`],
      {
        env: { FORCE_COLOR: '1', TERM: 'dumb' },
      },
    );
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(report({ stdout: await readFile(json, 'utf8') }).verdict).toBe('inconclusive');
    const page = await readFile(pretty, 'utf8');
    expect(page).toMatch(/^✔ configuration /);
    expect(page).not.toContain('\u001b');
  });

  it('replaces a file, follows a link to it, and keeps what it may be read by', async () => {
    const path = await given.file('old.json', 'old');
    const link = join(given.folder, 'link.json');
    await symlink(path, link);
    await chmod(path, 0o640);
    expect(await command(['-f', given.config, ...args, '--report', `json=${link}`])).toMatchObject({ code: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(path, 'utf8')).schemaVersion).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await readdir(given.folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never follows a link out of its directory, also one to what is not there yet', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'preflight-outside-'));
    try {
      await writeFile(join(outside, 'theirs'), 'theirs');
      const hop = join(given.folder, 'hop.json');
      await symlink(join(outside, 'theirs'), hop);
      for (const [name, to] of [
        ['out.json', join(outside, 'theirs')],
        ['new.json', join(outside, 'new')],
        ['hops.json', 'hop.json'],
        ['up.json', '../up'],
        ['device.json', '/dev/null'],
        ['loop.json', 'loop.json'],
      ] as const) {
        const link = join(given.folder, name);
        await symlink(to, link);
        const { code, stdout, stderr } = await command(['-f', given.config, ...args, '--report', `json=${link}`]);
        expect({ code, stdout }, name).toEqual({ code: 2, stdout: '' });
        expect(stderr).toMatch(/^spacelift-preflight: cannot write [^\n]*: it(s| is a) symbolic link[^\n]*\n$/);
        expect(stderr).toContain(link);
      }
      expect(await readdir(outside)).toEqual(['theirs']);
      expect(await readFile(join(outside, 'theirs'), 'utf8')).toBe('theirs');
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('makes files that nobody else may read, also through a link to a neighbor', async () => {
    const [path, link] = [join(given.folder, 'private.json'), join(given.folder, 'to-neighbor.json')];
    await symlink('neighbor.json', link);
    const reports = [`json=${path}`, `json=${link}`].flatMap((one) => ['--report', one]);
    expect(await command(['-f', given.config, ...args, ...reports])).toMatchObject({ code: 0, stderr: '' });
    for (const one of [path, join(given.folder, 'neighbor.json')]) expect((await stat(one)).mode & 0o777).toBe(0o600);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it('writes to a device without replacing it', async () => {
    expect(await command(['-f', given.config, ...args, '--report', 'json=/dev/null'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('is refused before anything is contacted when it could not be written', async () => {
    const before = given.asked();
    const result = await command([
      '-f',
      given.hanging,
      '--report',
      `json=${join(given.folder, 'nowhere', 'report.json')}`,
    ]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(given.asked()).toBe(before);
  });
});
