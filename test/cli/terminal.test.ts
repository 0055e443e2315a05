/** The report on a real terminal: it appears check by check, and in the end reads as if it had been printed at once. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CountingFault, type Fault, refusedPort, startSilent } from '../services/tcp.ts';
import { onTerminal } from '../support/pseudo-terminal.ts';
import { screenOf } from '../support/screen.ts';
import { COMPILED, dotenv, EXECUTABLE } from './spawned.ts';

let folder: string;
let refused: Fault;
let silent: CountingFault;
let config: string;
let report: string;

beforeAll(async () => {
  [folder, refused] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-terminal-')), refusedPort()]);
  [config, report] = [join(folder, 'silent-broker.env'), join(folder, 'report.txt')];
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), refused.close()]));
beforeEach(async () => {
  silent = await startSilent();
  await writeFile(config, dotenv({ database: refused.port, store: refused.port, broker: silent.port }));
});
afterEach(() => silent.close());

const PLAIN = { NO_COLOR: '1', FORCE_HYPERLINK: '0', NODE_COMPILE_CACHE: COMPILED };

function start(args: readonly string[], env: Record<string, string> = PLAIN, columns = 80) {
  const terminal = onTerminal([process.execPath, EXECUTABLE, ...args], env, columns);
  return { ...terminal, screen: () => screenOf(terminal.written()) };
}

/** The report of the same run, printed at once. */
const atOnce = async () => (await readFile(report, 'utf8')).trimEnd();

/** The test ends the run, by a server that gives up. */
const PATIENT = ['--timeout', '600'];

describe('on a terminal', () => {
  it('the checks appear one after the other, and the end is the report', async () => {
    const { screen, written, code } = start(['-f', config, ...PATIENT, '--report', `pretty=${report}`]);
    await expect
      .poll(screen)
      .toMatch(
        /^✔ configuration .*[\s\S]*\n✔ pairing .*\n[⠀-⣿] [a-z-]+\/[a-z/-]+ failed; waiting for mqtt-broker \d+ s$/,
      );
    expect(screen()).not.toContain('✖');
    await silent.close();
    expect(await code).toBe(1);
    expect(screen()).toBe(await atOnce());
    expect(written()).toMatch(/^ {2}reading the config/);
    expect(written().match(/✔ configuration/g)).toHaveLength(1);
  });

  it('verbosely, in color and narrow, too', async () => {
    const { written, code } = start(
      ['-v', '-f', config, '--timeout', '2'],
      { ...PLAIN, NO_COLOR: '', FORCE_COLOR: '1' },
      60,
    );
    expect(await code).toBe(1);
    expect(written()).toContain('\u001b[32m✔\u001b[39m configuration');
    expect(screenOf(written())).toMatch(/^✔ configuration [\s\S]*\n✖ not ready: \d+ failed.*$/);
    expect(screenOf(written())).not.toMatch(/waiting for|cleaning up|[⠀-⣿]/);
  });

  it('an interrupted run prints the rest', async () => {
    const { screen, type, code } = start(['-f', config, ...PATIENT, '--report', `pretty=${report}`]);
    await expect.poll(screen).toMatch(/✔ pairing .*\n.*waiting for mqtt-broker \d+ s$/);
    type('\u0003');
    expect(await code).toBe(130);
    const said = screen().split('\n');
    const notice = said.findIndex((line) => line.includes('SIGINT received'));
    expect(said[notice]).toBe(
      'spacelift-preflight: SIGINT received: cleaning up and writing the report; repeat to exit immediately',
    );
    expect(said.toSpliced(notice, 1).join('\n')).toBe(await atOnce());
  });

  it('nothing is left in front of the prompt by an interrupt while the config is read', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { screen, written, type, code } = start(['-f', pipe, ...PATIENT]);
    await expect.poll(written).toContain('reading the config');
    type('\u0003');
    expect(await code).toBe(130);
    expect(written()).toContain('^C');
    expect(screen()).toBe('');
  });

  it.each([
    ['--nonsense', "spacelift-preflight: unknown option '--nonsense'; see --help"],
    ['-f=missing.env', 'spacelift-preflight: =missing.env: no such file'],
    ['nonsense', /^spacelift-preflight: unknown command nonsense; expected one of /],
  ])('of %s, only the error is left', async (arg, expected) => {
    const { screen, code } = start([arg], PLAIN, 200);
    expect(await code).toBe(2);
    expect(screen()).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  it.each([['-q'], ['--help'], ['explain'], ['--version']])('%s shows no progress at all', async (arg) => {
    const { written, code } = start([arg, ...(arg === '-q' ? ['-f', config, '--only', 'license/*'] : [])]);
    await code;
    expect(written()).not.toContain('reading the config');
  });
});
