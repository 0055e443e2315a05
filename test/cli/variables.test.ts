/** Options from the environment of the process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import {
  cleanupOptions,
  diffOptions,
  explainOptions,
  mergeOptions,
  planOptions,
  runOptions,
} from '../../src/cli/options.ts';
import { platformOptions } from '../../src/cli/platform-options.ts';
import { applyVariables, variableOf } from '../../src/cli/variables.ts';
import type { Report } from '../../src/report/types.ts';
import { command } from './host.ts';
import { dotenv } from './spawned.ts';

let folder: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-variables-'));
  config = join(folder, 'spacelift.env');
  await writeFile(config, dotenv({ database: 1, store: 1, broker: 1 }));
});
afterAll(() => rm(folder, { recursive: true }));

const withPrefix = (env: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [`SPACELIFT_PREFLIGHT_${name}`, value]));

/** The options of a run, from a command line and variables. */
function optionsOf(args: readonly string[], env: Readonly<Record<string, string>>): Record<string, unknown> {
  const run = new Command().exitOverride();
  for (const option of runOptions()) run.addOption(option);
  run.action(() => {}).parse(args, { from: 'user' });
  applyVariables(run, [run], withPrefix(env));
  return run.opts();
}

/** A value for each option with one, on the command line and in its variable. */
const VALUES: Readonly<Record<string, string>> = {
  '--format': 'json',
  '--report': 'json=x',
  '--service': 'drain',
  '--release': '4.1.0',
  '--phase': 'pre-install',
  '--from': 'outside',
  '--credentials-file': 'AZURE_FEDERATED_TOKEN_FILE=x',
  '--allow-credentials-to': 'h.example.com',
  '--fail-on': 'new',
  '--timeout': '5',
  '--wait': '5m',
  '--concurrency': '2',
};

describe('each option of a run', () => {
  const all = runOptions().filter((option) => !['--reason', '--accept', '--no-variables'].includes(option.long ?? ''));
  it.each(all.map((option) => [option.long ?? '', option] as const))('%s', (long, option) => {
    const name = long.slice(2).toUpperCase().replaceAll('-', '_');
    if (option.isBoolean() || option.negate) {
      for (const given of ['true', '1']) expect(optionsOf([], { [name]: given })).toEqual(optionsOf([long], {}));
      for (const given of ['false', '0', '', ' '])
        expect(optionsOf([], { [name]: given })[option.attributeName()]).toEqual(
          optionsOf([], {})[option.attributeName()],
        );
      for (const given of ['yes', 'TRUE', '2'])
        expect(() => optionsOf([], { [name]: given })).toThrow(
          `SPACELIFT_PREFLIGHT_${name}: expected true, false, 1 or 0`,
        );
      return;
    }
    const value = VALUES[long] ?? 'x';
    expect(optionsOf([], { [name]: ` ${value}\n` })).toEqual(optionsOf([`${long}=${value}`], {}));
  });

  it('with a list: one value per line, which the command line replaces', () => {
    expect(optionsOf([], { ONLY: 'a\r\n\n b\n' })).toMatchObject({ only: ['a', 'b'] });
    expect(optionsOf(['--only', 'c'], { ONLY: 'a\nb' })).toMatchObject({ only: ['c'] });
    const env = { ACCEPT: 'a\nb', REASON: 'one\ntwo' };
    const accept = [
      { id: 'a', reason: 'one' },
      { id: 'b', reason: 'two' },
    ];
    expect(optionsOf([], env)).toMatchObject({ accept });
    expect(optionsOf(['--accept', 'c', '--reason', 'three'], env)).toMatchObject({
      accept: [{ id: 'c', reason: 'three' }],
    });
  });

  it('the command line wins', () => {
    expect(optionsOf(['--timeout', '7'], { TIMEOUT: '5' })).toMatchObject({ timeout: 7 });
    expect(optionsOf(['-v'], { QUIET: '1' })).toMatchObject({ verbose: true });
    expect(optionsOf(['-v'], { QUIET: '1' })).not.toHaveProperty('quiet');
  });
});

describe('one line refuses', () => {
  it.each<[Readonly<Record<string, string>>, string]>([
    [{ TIMEOT: '5' }, 'unknown variable SPACELIFT_PREFLIGHT_TIMEOT, did you mean SPACELIFT_PREFLIGHT_TIMEOUT?'],
    [{ NOTHING_LIKE_IT: '' }, 'unknown variable SPACELIFT_PREFLIGHT_NOTHING_LIKE_IT; see --help'],
    [{ 'A\u001b[2J': '' }, 'unknown variable SPACELIFT_PREFLIGHT_…; see --help'],
    [{ VERSION: '1' }, 'unknown variable SPACELIFT_PREFLIGHT_VERSION; see --help'],
    [
      { TIMEOUT: 'hunter22' },
      'SPACELIFT_PREFLIGHT_TIMEOUT: expected a number of seconds greater than 0 and at most 86400',
    ],
    [{ PHASE: 'hunter22' }, 'SPACELIFT_PREFLIGHT_PHASE: expected one of auto, pre-install, post-install'],
    [{ ALLOW_CREDENTIALS_TO: 'h\nhttps://x' }, 'SPACELIFT_PREFLIGHT_ALLOW_CREDENTIALS_TO: expected host or host:port'],
    [{ ONLY: 'hunter' }, 'SPACELIFT_PREFLIGHT_ONLY: --only hunter matches no rule'],
    [{ REQUIRE: 'license/*\n*/pinned' }, 'SPACELIFT_PREFLIGHT_REQUIRE: --require */pinned requires --baseline'],
    [{ SKIP: '*' }, 'SPACELIFT_PREFLIGHT_SKIP: --skip * leaves nothing to check'],
    [
      { ONLY: 'license/*', SKIP: 'license/*' },
      'SPACELIFT_PREFLIGHT_ONLY, SPACELIFT_PREFLIGHT_SKIP: --only license/* and --skip license/* leave nothing',
    ],
    [{ FAIL_ON: 'new', CONFIG_PROFILE: 'x' }, 'SPACELIFT_PREFLIGHT_CONFIG_PROFILE: --config-profile requires a'],
    [{ FAIL_ON: 'new', TIMEOUT: '5' }, 'SPACELIFT_PREFLIGHT_FAIL_ON: --fail-on new requires --baseline: the path'],
    [{ BASELINE: '/nowhere' }, 'SPACELIFT_PREFLIGHT_BASELINE: /nowhere: no such file'],
    [{ CONFIG: '/nowhere' }, 'SPACELIFT_PREFLIGHT_CONFIG: /nowhere: no such file'],
    [
      { REPORT: 'json=/nowhere/x' },
      'SPACELIFT_PREFLIGHT_REPORT: cannot write /nowhere/x: its directory does not exist',
    ],
    [{ DEBUG: '/nowhere/x' }, 'SPACELIFT_PREFLIGHT_DEBUG: cannot write /nowhere/x: its directory does not exist'],
    [{ CA_FILE: '/nowhere', TIMEOUT: '5' }, 'SPACELIFT_PREFLIGHT_CA_FILE: cannot read --ca-file /nowhere; expected'],
    [
      { CREDENTIALS_FILE: 'GOOGLE_APPLICATION_CREDENTIALS=/nowhere' },
      'SPACELIFT_PREFLIGHT_CREDENTIALS_FILE: cannot read /nowhere (--credentials-file for GOOGLE',
    ],
    [{ VCS: 'hunter22 x' }, 'SPACELIFT_PREFLIGHT_VCS: --vcs: expected a URL such as'],
    [{ QUIET: '1', VERBOSE: '1' }, 'SPACELIFT_PREFLIGHT_QUIET cannot be used with SPACELIFT_PREFLIGHT_VERBOSE'],
    [{ REASON: 'x' }, 'SPACELIFT_PREFLIGHT_REASON requires SPACELIFT_PREFLIGHT_ACCEPT'],
    [
      { ACCEPT: 'database/version\nlicense/token', REASON: 'x' },
      'SPACELIFT_PREFLIGHT_REASON: expected one line for each line of SPACELIFT_PREFLIGHT_ACCEPT, 2, found 1',
    ],
  ])('%j', async (env, says) => {
    const { code, stdout, stderr } = await command(['-f', config], { env: withPrefix(env) });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^spacelift-preflight: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/hunter22|\p{Cc}(?!$)/u);
  });
});

it('names no variable that an error is not about', async () => {
  const env = withPrefix({ TIMEOUT: '5', BASELINE: '/nowhere', FILE: config });
  const { stderr } = await command(['--only', 'xyz', '--baseline', '/nowhere'], { env });
  expect(stderr).toMatch(/^spacelift-preflight: --only xyz matches no rule/);
  const file = await command([], { env: withPrefix({ FILE: '/nowhere', TIMEOUT: '5' }) });
  expect(file.stderr).toBe('spacelift-preflight: SPACELIFT_PREFLIGHT_FILE: /nowhere: no such file\n');
});

const parsed = (stdout: string) => JSON.parse(stdout) as Report;
const ONLY = ['--only', 'configuration/*', '-o', 'json'];

test('a Job without a command line is changed by variables', async () => {
  const env = withPrefix({ FILE: config, FORMAT: 'json', ONLY: 'configuration/*', PHASE: 'pre-install' });
  const { code, stdout, stderr } = await command([], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(parsed(stdout)).toMatchObject({ configFiles: [config], phase: 'pre-install' });
  // A path or a host is no secret, whatever the name of the option looks like.
  const allowed = await command(['-f', config, ...ONLY], {
    env: withPrefix({ ALLOW_CREDENTIALS_TO: 'spacelift.env' }),
  });
  expect(parsed(allowed.stdout).configFiles).toEqual([config]);
});

test('variables of other commands, of Kubernetes, and for certificates are no error', async () => {
  const env = withPrefix({
    CLUSTER: 'x',
    SERVICE_HOST: '10.0.0.1',
    SERVICE_PORT: '80',
    SERVICE_PORT_HTTP: '80',
    PORT: 'tcp://10.0.0.1:80',
    PORT_80_TCP: 'tcp://10.0.0.1:80',
    PORT_80_TCP_ADDR: '10.0.0.1',
    METRICS_SERVICE_HOST: '10.0.0.1',
    CA_CERTIFICATES: '',
  });
  expect(await command(['-f', config, ...ONLY], { env })).toMatchObject({ code: 0, stderr: '' });
});

test('a config sets no option', async () => {
  const hostile = join(folder, 'hostile.env');
  const lines = ['STRICT=maybe', 'PHASE=pre-install', 'READ_ONLY=true', 'ALLOW_CREDENTIALS_TO=attacker', 'TIMEOT=1'];
  const assigned = lines.map((line) => `SPACELIFT_PREFLIGHT_${line}\n`).join('');
  await writeFile(hostile, `${dotenv({ database: 1, store: 1, broker: 1 })}\n${assigned}`);
  const { code, stdout } = await command(['-f', hostile, ...ONLY]);
  expect(code).toBe(0);
  expect(parsed(stdout)).toMatchObject({ readOnly: false });
  expect(stdout).not.toContain('attacker');
});

test('with --no-variables, none counts, and none is refused', async () => {
  const env = withPrefix({ PHASE: 'pre-install', NO_SUCH: 'x', READ_ONLY: '1' });
  const { code, stdout } = await command(['-f', config, ...ONLY, '--no-variables'], { env });
  expect(code).toBe(0);
  expect(parsed(stdout)).toMatchObject({ readOnly: false });
});

test('help of each command with options says so, and names do not collide', async () => {
  for (const name of [[], ['plan'], ['cleanup'], ['run'], ['explain'], ['merge'], ['diff']])
    expect((await command([...name, '--help'])).stdout).toContain('SPACELIFT_PREFLIGHT_FAIL_ON=new');
  const tables = [runOptions, planOptions, cleanupOptions, explainOptions, mergeOptions, diffOptions, platformOptions];
  for (const table of tables) {
    const names = table().flatMap((option) => variableOf(option) ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((variable) => /^SPACELIFT_PREFLIGHT_[A-Z_]+$/.test(variable))).toBe(true);
  }
});
