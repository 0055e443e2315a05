/** What the command line refuses in one line, and what it prints about itself. */
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import { VERSION } from '../../src/util/version.ts';
import { command } from './host.ts';
import { dotenv } from './spawned.ts';

const FORMATS = FORMAT_NAMES.join(', ');

let folder: string;

let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-usage-'));
  config = join(folder, 'spacelift.env');
  await writeFile(config, dotenv({ database: 1, store: 1, broker: 1 }));
});
afterAll(() => rm(folder, { recursive: true }));

/** One line on standard error that says what to do instead, exit code 2, nothing on standard output. */
async function refused(args: readonly string[], more: { terminal?: boolean } = {}): Promise<string> {
  const { code, stdout, stderr } = await command(args, more);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^spacelift-preflight: [^\n]+\n$/);
  return stderr.slice('spacelift-preflight: '.length, -1);
}

describe('a usage error', () => {
  it.each([
    [['--foo'], "unknown option '--foo' (did you mean --from?)"],
    [['--tiemout', '3'], "unknown option '--tiemout' (did you mean --timeout?)"],
    [['--nothing-like-it'], "unknown option '--nothing-like-it'; see --help"],
    [['--db=postgres://u:hunter22@h/d'], "unknown option '--db'; see --help"],
    [['--strict=true'], "option '--strict' takes no value"],
    [['--no-color=postgres://u:hunter22@h/d'], "option '--no-color' takes no value"],
    [['-o', 'xml'], `option '-o, --format <name>' argument 'xml' is invalid: expected one of ${FORMATS}`],
    [['-f'], "option '-f, --file <path>' argument missing; see --help"],
    [['-f', ''], "option '-f, --file <path>' argument '' is invalid: expected a value"],
    [
      ['--timeout', 'soon'],
      "option '--timeout <seconds>' argument 'soon' is invalid: expected a number of seconds greater than 0 and at most 86400",
    ],
    [
      ['--timeout', '0'],
      "option '--timeout <seconds>' argument '0' is invalid: expected a number of seconds greater than 0 and at most 86400",
    ],
    [
      ['--timeout', '-5'],
      "option '--timeout <seconds>' argument '-5' is invalid: expected a number of seconds greater than 0 and at most 86400",
    ],
    [
      ['--timeout', '1e9'],
      "option '--timeout <seconds>' argument '1e9' is invalid: expected a number of seconds greater than 0 and at most 86400",
    ],
    ...['soon', '0', '0s', '-5s', '5 m', '1d', '90ms', '1h5m', '25h', '86401'].map((given): [string[], string] => [
      ['--wait', given],
      `option '--wait <duration>' argument '${given}' is invalid: expected a duration such as 90s, 5m or 1h, greater than 0 and at most 24h`,
    ]),
    [['merge', '--wait', '5m', 'a.json'], 'merge does not support --wait'],
    [['run', 'kubernetes', '--wait', '5m'], 'run does not support --wait'],
    [['run', 'ecs', '--wait', '5m'], 'run does not support --wait'],
    [['--wait', '5m', 'run', 'ecs'], 'run does not support --wait'],
    [
      ['--concurrency', '0'],
      "option '--concurrency <n>' argument '0' is invalid: expected a whole number of at least 1",
    ],
    [
      ['--concurrency', '1.5'],
      "option '--concurrency <n>' argument '1.5' is invalid: expected a whole number of at least 1",
    ],
    [
      ['--service', 'api'],
      "option '--service <name>' argument 'api' is invalid: expected one of server, drain, scheduler, vcs-gateway, worker",
    ],
    [
      ['--phase', 'now'],
      "option '--phase <name>' argument 'now' is invalid: expected one of auto, pre-install, post-install",
    ],
    [['--from', 'home'], "option '--from <place>' argument 'home' is invalid: expected one of inside, outside"],
    [
      ['--require', 'encryption/pinned'],
      '--require encryption/pinned requires --baseline: the path of an earlier report',
    ],
    [['check', '--require', '*/pinned'], '--require */pinned requires --baseline: the path of an earlier report'],
    [
      ['run', 'kubernetes', '--image', 'x', '--require', 'encryption/pinned'],
      'run kubernetes does not support --require encryption/pinned: only a single run with --baseline checks it',
    ],
    [['--strict', 'check'], 'put --strict after check'],
    [['version', 'x'], 'too many arguments for version: expected 0, found 1; see --help'],
    [
      ['help', 'chekc'],
      "argument <command> 'chekc' is invalid: expected one of check, cleanup, completion, diff, explain, help, merge, plan, run, schema, version",
    ],
    [['-q', '-v'], "option '-q, --quiet' cannot be used with option '-v, --verbose'; see --help"],
    [['--accept', 'database/version'], '--accept database/version requires a --reason after it: why it is accepted'],
    [
      ['--accept', 'database/version', '--accept', 'encryption/rsa/size', '--reason', 'x'],
      '--accept database/version requires a --reason after it: why it is accepted',
    ],
    [
      ['--reason', 'x', '--accept', 'database/version'],
      "option '--reason <text>' argument 'x' is invalid: expected an --accept before it",
    ],
    [
      ['--accept', 'database/version', '--reason', 'x', '--reason', 'y'],
      "option '--reason <text>' argument 'y' is invalid: expected one reason for each --accept",
    ],
    [
      ['--accept', 'database/version', '--reason', ' '],
      "option '--reason <text>' argument ' ' is invalid: expected a reason",
    ],
    [
      ['--accept', 'database/version= '],
      "option '--accept <id>' argument 'database/version= ' is invalid: expected a reason",
    ],
    [
      ['--accept', 'database/versoin', '--reason', 'known'],
      "--accept database/versoin: no such rule; did you mean 'database/version'?",
    ],
    [
      ['--accept', 'database/*', '--reason', 'known'],
      '--accept database/*: expected the ID of one rule, not a pattern',
    ],
    [['--accept', '*[DATABASE_URLS]', '--reason', 'known'], '--accept *: expected the ID of one rule, not a pattern'],
    [['--only', 'databse/*'], "--only databse/* matches no rule; did you mean 'database/*'?"],
    [['--skip', 'database'], "--skip database matches no rule; did you mean 'database/*'?"],
    [
      ['--require', 'object-storage/states'],
      "--require object-storage/states matches no rule; did you mean 'object-storage/states/*'?",
    ],
    [['--only', 'databse/version[X]'], "--only databse/version matches no rule; did you mean 'database/version'?"],
    [
      ['--only', 'configuration/*[*]', '--skip', '*'],
      '--only configuration/*[(not a name)] and --skip * leave nothing to check',
    ],
    [
      ['--only', 'database/*', '--skip', 'database/*'],
      '--only database/* and --skip database/* leave nothing to check',
    ],
    [['--skip', '*'], '--skip * leaves nothing to check'],
    [['--only', 'database/version[X]'], '--only database/version[X] leaves nothing to check'],
    [['plan', '--skip', '*'], '--skip * leaves nothing to check'],
    [
      ['--only', 'database/*', '--only', 'xyz'],
      '--only xyz matches no rule; list all rules with spacelift-preflight explain',
    ],
    [['--report', 'json'], "option '--report <format>=<path>' argument 'json' is invalid: expected json=<path>"],
    [['--report', 'json='], "option '--report <format>=<path>' argument 'json=' is invalid: expected json=<path>"],
    [
      ['--report', 'json=-'],
      "option '--report <format>=<path>' argument 'json=-' is invalid: to write to standard output, use -o json",
    ],
    [
      ['--report', 'xml=a'],
      `option '--report <format>=<path>' argument 'xml=a' is invalid: expected one of ${FORMATS} before the =`,
    ],
    [['--report', 'json=/nowhere/at/all'], 'cannot write /nowhere/at/all: its directory does not exist'],
    [['-f', '/nowhere/at/all'], '/nowhere/at/all: no such file'],
    [['-f', '-', '-f', '-'], 'standard input (-) can be read only once'],
    [['--ca-file', '/nowhere/at/all'], 'cannot read --ca-file /nowhere/at/all; expected a file with PEM certificates'],
    [[], 'the environment contains no Spacelift variable; pass a config with -f'],
    [
      ['frobnicate'],
      /^unknown command frobnicate; expected one of check, plan, cleanup, run, explain, merge, diff, schema, completion, version, help, or -f with a config$/,
    ],
    [['plann'], 'unknown command plann, did you mean plan?'],
    [['rnu'], 'unknown command rnu, did you mean run?'],
    [['explian'], 'unknown command explian, did you mean explain?'],
    [['scan'], 'unknown command scan; expected one of check,'],
    [['-q', 'plan'], 'plan does not support --quiet'],
    [['-f', 'x.yaml', 'plan'], 'put --file after plan'],
    [['plan', '--strict'], 'plan does not support --strict'],
    [['plan', '-f', '/nowhere/at/all'], '/nowhere/at/all: no such file'],
    [['plan', '--only', 'databse/*'], "--only databse/* matches no rule; did you mean 'database/*'?"],
    [['-q', 'explain'], 'explain does not support --quiet'],
    [['explain', 'a', 'b'], 'too many arguments for explain: expected 1, found 2; see --help'],
    [['explain', '--strict'], 'explain does not support --strict'],
    [['schema', '-q'], 'schema does not support --quiet'],
    [['explain', 'databse/connect'], "explain databse/connect: no such rule; did you mean 'database/connect'?"],
    [['explain', 'zzz'], 'explain zzz: no such rule; list all rules with spacelift-preflight explain'],
  ] as const)('%j', async (args, says) => {
    const said = await refused(args);
    if (typeof says === 'string') expect(said).toContain(says);
    else expect(said).toMatch(says);
  });

  it('says how to name a config that stands alone', async () => {
    expect(await refused([config])).toBe(`unexpected argument ${config}; to check a config, use -f ${config}`);
  });

  it('refuses to wait for a person to type a config', async () => {
    expect(await refused(['-f', '-'], { terminal: true })).toBe(
      '-f - reads standard input, but that is a terminal; pipe a config into it, or use -f with a file',
    );
  });

  it('names a --ca-file without a certificate', async () => {
    expect(await refused(['--ca-file', config])).toContain('contains no PEM certificate');
    const broken = join(folder, 'broken.pem');
    await writeFile(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect(await refused(['--ca-file', broken])).toContain('contains no PEM certificate');
  });

  it('names a report that could not be written, and leaves nothing behind where it could', async () => {
    expect(await refused(['-f', config, '--report', `json=${folder}`])).toBe(
      `cannot write ${folder}: it is a directory`,
    );
    expect(await refused(['-f', config, '--report', `json=${config}/x`])).toContain('its directory is a file');
    const path = join(folder, 'twice');
    expect(await refused(['-f', config, '--report', `json=${path}`, '--report', `pretty=${path}`])).toContain('twice');
    expect(await refused(['-f', config, '--report', `json=${path}`, '--report', `html=${folder}/./twice`])).toContain(
      'twice',
    );
    const decisions = join(folder, 'decisions.yaml');
    await writeFile(decisions, '{}');
    for (const args of [[], ['--config', decisions]])
      expect(await refused(['-f', config, ...args, '--report', `json=${args[1] ?? config}`])).toMatch(
        /^--report would replace \S+, which this run reads; write it to another file$/,
      );
    await symlink(config, join(folder, 'link'));
    expect(await refused(['-f', join(folder, 'link'), '--report', `json=${config}`])).toContain('which this run reads');
    expect(await refused(['-f', config, `--debug=${config}`])).toMatch(
      /^--debug would replace \S+, which this run reads/,
    );
    for (const command of [[], ['run', 'ecs']])
      expect(await refused([...command, `--debug=${folder}/twice`, '--report', `json=${folder}/./twice`])).toMatch(
        /^--report would replace \S+, the log of --debug; write it to another file$/,
      );
    expect(await refused(['-f', '/nowhere', '--report', `json=${path}`])).toContain('/nowhere');
    expect(await readdir(folder)).not.toContain('twice');
  });

  it('can not move the cursor', async () => {
    expect(await refused(['--only', '\u001b[2J'])).toContain('--only \\u{1b}[2J matches no rule');
  });
});

describe('--help', () => {
  it('shows three examples first, then every option, at 80 columns', async () => {
    const { code, stdout, stderr } = await command(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('Examples:');
    expect(lines.filter((line) => line.startsWith('  $ '))).toHaveLength(3);
    expect(lines.indexOf('Usage: spacelift-preflight [options] [command]')).toBe(5);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `-o, --format <name> format of standard output (${FORMATS}; default pretty)`,
    );
    expect(stdout).toContain('  explain [options] [id] ');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('of a command is about that command', async () => {
    const { code, stdout } = await command(['explain', '-h']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: spacelift-preflight explain [options] [id]');
    expect(stdout).not.toContain('--timeout');
  });
});

it.each(['--version', '-V'])('%s prints the version', async (option) => {
  const printed = { code: 0, stdout: `${VERSION}\n`, stderr: '' };
  expect(await command([option])).toMatchObject(printed);
  expect(await command(['--strict', option])).toMatchObject(printed);
});
