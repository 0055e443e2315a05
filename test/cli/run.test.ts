/** Runs that began: whatever happens, there is one report on standard output, and the exit code says how it went. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, ReportFinding } from '../../src/report/report.ts';
import { type CountingFault, type Fault, refusedPort, startSilent } from '../services/tcp.ts';
import { command } from './host.ts';
import { dotenv, EXECUTABLE, type Finished, FROM_SOURCES, moduleOf, run, SECRETS, start } from './spawned.ts';

let folder: string;
let refused: readonly [Fault, Fault];
let silent: CountingFault;
/** Every service refuses. */
let config: string;
/** The database accepts and never answers; the others refuse. */
let hanging: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-run-'));
  [refused, silent] = await Promise.all([Promise.all([refusedPort(), refusedPort()]), startSilent()]);
  const ports = { database: refused[0].port, store: refused[1].port, broker: refused[1].port };
  config = await file('refused.env', dotenv(ports));
  hanging = await file('hanging.env', dotenv({ ...ports, database: silent.port }));
});
afterAll(async () => {
  await Promise.all([...refused.map((port) => port.close()), silent.close(), rm(folder, { recursive: true })]);
});

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const report = ({ stdout }: Pick<Finished, 'stdout'>): Report => JSON.parse(stdout);
const findings = (of: Report): ReportFinding[] => of.checks.flatMap((check) => check.findings);
const failures = (of: Report) =>
  findings(of)
    .filter(({ status }) => status === 'fail')
    .map(({ id }) => id);
const find = (of: Report, id: string) => findings(of).find((finding) => finding.id === id);
/** When the run is under way: the database has been asked. */
const underWay = async (before: number) => {
  while (silent.connections() === before) await wait(20);
};

describe('a run', () => {
  it('prints one JSON document and nothing else, and fails once per cause', async () => {
    const result = await run(['-f', config, '-o', 'json']);
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(report(result)).toMatchObject({
      verdict: 'not-ready',
      interrupted: false,
      phase: 'pre-install',
      service: null,
    });
    expect(failures(report(result))).toEqual(['database/connect', 'object-storage/deliveries/access']);
  });

  it('prints the report for people unless told', async () => {
    const { code, stdout, stderr } = await command(['-f', config]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^✖ database +1 failed/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^✖ not ready: 2 failed, /);
    expect(stdout).not.toContain('\u001b');
  });

  it('never shows a secret, in any format, at any verbosity', async () => {
    const path = join(folder, 'secrets.json');
    const runs = await Promise.all([
      command(['-f', config, '-v', '--report', `json=${path}`]),
      command(['-f', config, '-o', 'json']),
      command(['-f', config, '-q']),
    ]);
    const printed = [...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]), await readFile(path, 'utf8')].join();
    for (const secret of Object.values(SECRETS)) {
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  it('reads standard input', async () => {
    const result = await command(['-f', '-', '-o', 'json', '--only', 'configuration/*'], {
      stdin: await readFile(config, 'utf8'),
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(result), 'configuration/required')?.status).toBe('pass');
  });

  it('reads the environment when no file is named', async () => {
    const env = Object.fromEntries(
      (await readFile(config, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    );
    const result = await command(['-o', 'json', '--only', 'configuration/*'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(result), 'configuration/required')?.status).toBe('pass');
  });

  it('checks what one service needs', async () => {
    const result = await command(['-f', config, '-o', 'json', '--service', 'scheduler', '--only', 'configuration/*']);
    expect(report(result).service).toBe('scheduler');
  });

  it('ignores the VCS gateway beside other services with a note, unless it is checked', async () => {
    const containers = ['server', 'vcs-gateway'].map((name) => ({
      name,
      image: 'spacelift',
      environment: [{ name: 'SERVER_DOMAIN', value: `${name}.corp.io` }],
    }));
    const task = await file('task.json', JSON.stringify({ containerDefinitions: containers }));
    const args = ['-f', task, '-o', 'json', '--only', 'configuration/*'];
    const [both, gateway] = await Promise.all([command(args), command([...args, '--service', 'vcs-gateway'])]);
    expect(report(both).service).toBe('server');
    expect(both.stderr).toBe(
      `spacelift-preflight: ${task} (container vcs-gateway) is ignored: it belongs to the VCS gateway alone; to check the gateway, add --service vcs-gateway\n`,
    );
    expect(report(gateway)).toMatchObject({ service: 'vcs-gateway' });
    expect(gateway.stderr).toBe('');
  });

  it('is of the phase that was asked for', async () => {
    const result = await command(['-f', config, '-o', 'json', '--phase', 'post-install', '--only', 'configuration/*']);
    expect(report(result).phase).toBe('post-install');
  });

  it('contacts nothing that was not selected, not even to learn the phase', async () => {
    const before = silent.connections();
    const result = await command(['-f', hanging, '-o', 'json', '--only', 'configuration/*']);
    expect(report(result).phase).toBe('pre-install');
    expect(findings(report(result)).filter(({ title }) => title === 'skipped by request').length).toBeGreaterThan(50);
    expect(silent.connections()).toBe(before);
  });

  it('ends in time, and says where it stood', async () => {
    const result = await command(['-f', hanging, '-o', 'json', '--timeout', '1', '--only', 'database/*']);
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(failures(report(result))).toEqual(['database/connect']);
    expect(find(report(result), 'database/connect')?.title).toBe('did not finish within 1 s');
  });

  it('is not held up by what still holds the process', async () => {
    const imports = [moduleOf('setInterval(() => {}, 1000)')];
    expect(await run(['-f', config, '-o', 'json', '--only', 'configuration/*'], { imports })).toMatchObject({
      code: 0,
    });
  });
});

describe('exit codes', () => {
  const only = ['--only', 'encryption/rsa/*', '-o', 'json'];

  it('a warning is 0, and 1 under --strict, which says so', async () => {
    const plain = await command(['-f', config, ...only]);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(plain), 'encryption/rsa/size')?.status).toBe('warn');
    expect(await command(['-f', config, ...only, '--strict'])).toMatchObject({
      code: 1,
      stderr: 'spacelift-preflight: exit code 1: 1 warning (--strict)\n',
    });
  });

  it('an accepted warning is 0 under --strict, and still there', async () => {
    const result = await command([
      '-f',
      config,
      ...only,
      '--strict',
      '--accept',
      'encryption/rsa/size',
      '--reason',
      'old key, known',
    ]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(result), 'encryption/rsa/size')).toMatchObject({ status: 'warn', accepted: 'old key, known' });
  });

  it('the deprecated --accept <id>=<reason> still accepts, and says so once on standard error', async () => {
    const old = ['--accept', 'encryption/rsa/size=old key', '--accept', 'database/version=known'];
    const result = await command(['-f', config, ...only, '--strict', ...old]);
    expect(result).toMatchObject({
      code: 0,
      stderr:
        'spacelift-preflight: --accept <id>=<reason> is deprecated, and the next major version will reject it; use --accept <id> --reason <text>\n',
    });
    expect(find(report(result), 'encryption/rsa/size')).toMatchObject({ status: 'warn', accepted: 'old key' });
  });

  it('a required skip is 1, and named', async () => {
    const args = ['-f', config, '-o', 'json', '--only', 'configuration/*', '--require', 'encryption/rsa/size'];
    expect(await command(args)).toMatchObject({
      code: 1,
      stderr:
        'spacelift-preflight: exit code 1: encryption/rsa/size is required (--require) but was skipped: skipped by request\n',
    });
  });
});

describe('in the log of a CI provider that shows colors', () => {
  const CI = { CI: 'true', GITHUB_ACTIONS: 'true' };
  const colored = async (args: readonly string[], env: Record<string, string>) =>
    (await run(['-f', config, '-q', ...args], { env })).stdout.includes('\u001b[');

  it('there are colors, unless they are disabled', async () => {
    expect(await colored([], CI)).toBe(true);
    expect(await colored(['--no-color'], CI)).toBe(false);
    expect(await colored([], { ...CI, NO_COLOR: '1' })).toBe(false);
    expect(await colored([], { CI: 'true' })).toBe(false);
  });

  it('a file has none', async () => {
    const path = join(folder, 'redirected.txt');
    const output = await open(path, 'w');
    const child = spawn(process.execPath, [EXECUTABLE, '-f', config, '-q'], {
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

describe('an interrupted run', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s prints its report, marked so, and ends with %d', async (signal, code) => {
    const before = silent.connections();
    const path = join(folder, `${signal}.json`);
    const { child, finished } = start(['-f', hanging, '-o', 'json', '--report', `json=${path}`]);
    await underWay(before);
    child.kill(signal);
    const result = await finished;
    expect(result).toMatchObject({ code, signal: null });
    expect(result.stderr).toBe(
      `spacelift-preflight: ${signal} received: cleaning up and writing the report; repeat to exit immediately\n`,
    );
    expect(report(result)).toMatchObject({ interrupted: true });
    expect(find(report(result), 'database/connect')).toMatchObject({
      status: 'skip',
      title: 'interrupted while it was being checked',
    });
    expect(report({ stdout: await readFile(path, 'utf8') })).toEqual(report(result));
  });

  it('says so to people, in the last line', async () => {
    const before = silent.connections();
    const { child, finished } = start(['-f', hanging, '-q', '--only', 'database/*']);
    await underWay(before);
    child.kill('SIGINT');
    const { stdout, stderr } = await finished;
    expect(stdout).toMatch(/^- \d+ skipped: by request \(\d+\); interrupted before it was checked/);
    expect(stdout).toMatch(/\n⚠ interrupted: 0 passed, \d+ skipped in \d\.\d s\n$/);
    expect(stderr).toBe('');
  });

  it('leaves no part of a report file when it is killed', async () => {
    const before = silent.connections();
    const target = await mkdtemp(join(folder, 'killed-'));
    const { child, finished } = start(['-f', hanging, '--report', `json=${join(target, 'report.json')}`]);
    await underWay(before);
    child.kill('SIGKILL');
    expect(await finished).toMatchObject({ code: null, signal: 'SIGKILL', stdout: '' });
    expect(await readdir(target)).toEqual([]);
  });
});

describe('an error that nobody caught', () => {
  it.each([
    ['thrown', 'throw error'],
    ['rejected', 'Promise.reject(error)'],
  ])('%s, ends the run with its report, and never with a stack trace', async (_, how) => {
    // Thrown by a callback that no check awaits, when the database has been asked.
    const imports = [
      moduleOf(`
        import net from 'node:net';
        const connect = net.Socket.prototype.connect;
        net.Socket.prototype.connect = function (...args) {
          const error = Object.assign(new TypeError('hunter22'), { code: 'EODD' });
          setTimeout(() => { ${how} }, 300);
          return connect.apply(this, args);
        };`),
    ];
    const result = await run(['-f', hanging, '-o', 'json', '--only', 'database/*', '--only', 'configuration/*'], {
      imports,
    });
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(failures(report(result))).toEqual(['database/connect']);
    expect(find(report(result), 'database/connect')?.title).toBe('unexpected error: TypeError EODD');
    expect(find(report(result), 'configuration/required')?.status).toBe('pass');
    expect(result.stdout).not.toContain('hunter22');
  });

  it('while the arguments are read, is one line', async () => {
    const imports = [
      moduleOf(`
        import { registerHooks } from 'node:module';
        registerHooks({
          load: (url, context, next) => {
            if (url.endsWith('src/cli/run.ts')) throw Object.assign(new TypeError('hunter22'), { code: 'EODD' });
            return next(url, context);
          },
        });`),
    ];
    const { code, stdout, stderr } = await run(['-f', config], { imports, executable: FROM_SOURCES });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^spacelift-preflight: unexpected error: TypeError EODD [^\n]*; please report this bug [^\n]*\n$/,
    );
    expect(stderr).not.toContain('hunter22');
  });

  it('of a library that only warns, is not shown', async () => {
    const imports = [moduleOf(`setTimeout(() => process.emitWarning('careful'), 300)`)];
    const result = await run(['-f', hanging, '-o', 'json', '--only', 'database/*', '--timeout', '1'], { imports });
    expect(result.stderr).toBe('');
  });
});

describe('standard output', () => {
  it('may be closed early', async () => {
    const { child, finished } = start(['-f', config, '-v', '--only', 'configuration/*']);
    child.stdout.destroy();
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  it.runIf(process.platform === 'linux')('that is full is told', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [EXECUTABLE, '-f', config, '--only', 'configuration/*'], {
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
    (await run(['-f', config, ...args, ...more], { env })).stdout.includes('\u001b[');

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
    const { stdout } = await run(['-f', config, '-v'], { env: { TERM: 'dumb' } });
    expect(stdout).toMatch(/^[\n -~]+$/);
    expect(stdout).toMatch(/^x {2}database /m);
  });
});

describe('Windows', () => {
  const windows = [moduleOf(`Object.defineProperty(process, 'platform', { value: 'win32' });`)];
  const args = ['-v', '--only', 'configuration/*'];

  it('with a code page gets plain ASCII, its own terminal does not', async () => {
    const shown = async (env: Record<string, string>) =>
      (await run(['-f', config, ...args], { imports: windows, env })).stdout;
    expect(await shown({})).toMatch(/^ok configuration [\n -~]+$/);
    expect(await shown({ WT_SESSION: 'a-session' })).toMatch(/^✔ configuration /);
  });
});

describe('--report', () => {
  const args = ['--only', 'configuration/*'];

  it('writes each format to its file, whatever is on standard output', async () => {
    const [json, pretty] = [join(folder, 'report.json'), join(folder, 'report.txt')];
    const result = await command(
      ['-f', config, ...args, '-q', '--report', `json=${json}`, '--report', `pretty=${pretty}`],
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
    const path = await file('old.json', 'old');
    const link = join(folder, 'link.json');
    await symlink(path, link);
    await chmod(path, 0o640);
    expect(await command(['-f', config, ...args, '--report', `json=${link}`])).toMatchObject({ code: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(path, 'utf8')).schemaVersion).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never follows a link out of its directory, also one to what is not there yet', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'preflight-outside-'));
    try {
      await writeFile(join(outside, 'theirs'), 'theirs');
      const hop = join(folder, 'hop.json');
      await symlink(join(outside, 'theirs'), hop);
      for (const [name, to] of [
        ['out.json', join(outside, 'theirs')],
        ['new.json', join(outside, 'new')],
        ['hops.json', 'hop.json'],
        ['up.json', '../up'],
        ['device.json', '/dev/null'],
        ['loop.json', 'loop.json'],
      ] as const) {
        const link = join(folder, name);
        await symlink(to, link);
        const { code, stdout, stderr } = await command(['-f', config, ...args, '--report', `json=${link}`]);
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
    const [path, link] = [join(folder, 'private.json'), join(folder, 'to-neighbor.json')];
    await symlink('neighbor.json', link);
    const reports = [`json=${path}`, `json=${link}`].flatMap((one) => ['--report', one]);
    expect(await command(['-f', config, ...args, ...reports])).toMatchObject({ code: 0, stderr: '' });
    for (const one of [path, join(folder, 'neighbor.json')]) expect((await stat(one)).mode & 0o777).toBe(0o600);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it('writes to a device without replacing it', async () => {
    expect(await command(['-f', config, ...args, '--report', 'json=/dev/null'])).toMatchObject({ code: 0, stderr: '' });
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('is refused before anything is contacted when it could not be written', async () => {
    const before = silent.connections();
    const result = await command(['-f', hanging, '--report', `json=${join(folder, 'nowhere', 'report.json')}`]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(silent.connections()).toBe(before);
  });
});
