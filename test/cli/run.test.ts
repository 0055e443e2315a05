import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useConfigs } from './configs.ts';
import { command } from './host.ts';
import { failures, find, findings, report } from './reports.ts';
import { moduleOf, run, SECRETS } from './spawned.ts';

const given = useConfigs();

describe('a run', () => {
  it('prints one JSON document and nothing else, and fails once per cause', async () => {
    const result = await run(['-f', given.config, '-o', 'json']);
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
    const { code, stdout, stderr } = await command(['-f', given.config]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^✖ database +1 failed/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^✖ not ready: 2 failed, /);
    expect(stdout).not.toContain('\u001b');
  });

  it('never shows a secret, in any format, at any verbosity', async () => {
    const path = join(given.folder, 'secrets.json');
    const runs = await Promise.all([
      command(['-f', given.config, '-v', '--report', `json=${path}`]),
      command(['-f', given.config, '-o', 'json']),
      command(['-f', given.config, '-q']),
    ]);
    const printed = [...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]), await readFile(path, 'utf8')].join();
    for (const secret of Object.values(SECRETS)) {
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  it('reads standard input', async () => {
    const result = await command(['-f', '-', '-o', 'json', '--only', 'configuration/*'], {
      stdin: await readFile(given.config, 'utf8'),
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(result), 'configuration/required')?.status).toBe('pass');
  });

  it('reads the environment when no file is named', async () => {
    const env = Object.fromEntries(
      (await readFile(given.config, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    );
    const result = await command(['-o', 'json', '--only', 'configuration/*'], { env });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(result), 'configuration/required')?.status).toBe('pass');
  });

  it('checks what one service needs', async () => {
    const result = await command([
      '-f',
      given.config,
      '-o',
      'json',
      '--service',
      'scheduler',
      '--only',
      'configuration/*',
    ]);
    expect(report(result).service).toBe('scheduler');
  });

  it('ignores the VCS gateway beside other services with a note, unless it is checked', async () => {
    const containers = ['server', 'vcs-gateway'].map((name) => ({
      name,
      image: 'spacelift',
      environment: [{ name: 'SERVER_DOMAIN', value: `${name}.corp.io` }],
    }));
    const task = await given.file('task.json', JSON.stringify({ containerDefinitions: containers }));
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
    const result = await command([
      '-f',
      given.config,
      '-o',
      'json',
      '--phase',
      'post-install',
      '--only',
      'configuration/*',
    ]);
    expect(report(result).phase).toBe('post-install');
  });

  it('contacts nothing that was not selected, not even to learn the phase', async () => {
    const before = given.asked();
    const result = await command(['-f', given.hanging, '-o', 'json', '--only', 'configuration/*']);
    expect(report(result).phase).toBe('pre-install');
    expect(findings(report(result)).filter(({ title }) => title === 'skipped by request').length).toBeGreaterThan(50);
    expect(given.asked()).toBe(before);
  });

  it('ends in time, and says where it stood', async () => {
    const result = await command(['-f', given.hanging, '-o', 'json', '--timeout', '1', '--only', 'database/*']);
    expect(result).toMatchObject({ code: 1, stderr: '' });
    expect(failures(report(result))).toEqual(['database/connect']);
    expect(find(report(result), 'database/connect')?.title).toBe('did not finish within 1 s');
  });

  it('is not held up by what still holds the process', async () => {
    const imports = [moduleOf('setInterval(() => {}, 1000)')];
    expect(await run(['-f', given.config, '-o', 'json', '--only', 'configuration/*'], { imports })).toMatchObject({
      code: 0,
    });
  });
});

describe('exit codes', () => {
  const only = ['--only', 'encryption/rsa/*', '-o', 'json'];

  it('a warning is 0, and 1 under --strict, which says so', async () => {
    const plain = await command(['-f', given.config, ...only]);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(find(report(plain), 'encryption/rsa/size')?.status).toBe('warn');
    expect(await command(['-f', given.config, ...only, '--strict'])).toMatchObject({
      code: 1,
      stderr: 'spacelift-preflight: exit code 1: 1 warning (--strict)\n',
    });
  });

  it('an accepted warning is 0 under --strict, and still there', async () => {
    const result = await command([
      '-f',
      given.config,
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
    const result = await command(['-f', given.config, ...only, '--strict', ...old]);
    expect(result).toMatchObject({
      code: 0,
      stderr:
        'spacelift-preflight: --accept <id>=<reason> is deprecated, and the next major version will reject it; use --accept <id> --reason <text>\n',
    });
    expect(find(report(result), 'encryption/rsa/size')).toMatchObject({ status: 'warn', accepted: 'old key' });
  });

  it('a required skip is 1, and named', async () => {
    const args = ['-f', given.config, '-o', 'json', '--only', 'configuration/*', '--require', 'encryption/rsa/size'];
    expect(await command(args)).toMatchObject({
      code: 1,
      stderr:
        'spacelift-preflight: exit code 1: encryption/rsa/size is required (--require) but was skipped: skipped by request\n',
    });
  });
});
