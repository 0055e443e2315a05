/** Runs that are interrupted, or end in an error that nobody caught: there is a report all the same. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useConfigs } from './configs.ts';
import { failures, find, report } from './reports.ts';
import { FROM_SOURCES, moduleOf, run, start } from './spawned.ts';

const given = useConfigs();

describe('an interrupted run', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s prints its report, marked so, and ends with %d', async (signal, code) => {
    const before = given.asked();
    const path = join(given.folder, `${signal}.json`);
    const { child, finished } = start(['-f', given.hanging, '-o', 'json', '--report', `json=${path}`]);
    await given.underWay(before);
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
    const before = given.asked();
    const { child, finished } = start(['-f', given.hanging, '-q', '--only', 'database/*']);
    await given.underWay(before);
    child.kill('SIGINT');
    const { stdout, stderr } = await finished;
    expect(stdout).toMatch(/^- \d+ skipped: by request \(\d+\); interrupted before it was checked/);
    expect(stdout).toMatch(/\n⚠ interrupted: 0 passed, \d+ skipped in \d\.\d s\n$/);
    expect(stderr).toBe('');
  });

  it('leaves no part of a report file when it is killed', async () => {
    const before = given.asked();
    const target = await mkdtemp(join(given.folder, 'killed-'));
    const { child, finished } = start(['-f', given.hanging, '--report', `json=${join(target, 'report.json')}`]);
    await given.underWay(before);
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
    const result = await run(['-f', given.hanging, '-o', 'json', '--only', 'database/*', '--only', 'configuration/*'], {
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
    const { code, stdout, stderr } = await run(['-f', given.config], { imports, executable: FROM_SOURCES });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^spacelift-preflight: unexpected error: TypeError EODD [^\n]*; please report this bug [^\n]*\n$/,
    );
    expect(stderr).not.toContain('hunter22');
  });

  it('of a library that only warns, is not shown', async () => {
    const imports = [moduleOf(`setTimeout(() => process.emitWarning('careful'), 300)`)];
    const result = await run(['-f', given.hanging, '-o', 'json', '--only', 'database/*', '--timeout', '1'], {
      imports,
    });
    expect(result.stderr).toBe('');
  });
});
