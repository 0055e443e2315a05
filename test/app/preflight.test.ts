/** The preflight as a function, as the package exports it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Check,
  exitCode,
  type Finding,
  InputError,
  preflight,
  type Report,
  readConfig,
  render,
} from '../../src/app/preflight.ts';
import { command } from '../cli/host.ts';
import { dotenv } from '../cli/spawned.ts';
import { type CountingFault, type Fault, refusedPort, startSilent } from '../services/tcp.ts';
import { expectValid } from '../support/valid.ts';

let folder: string;
let refused: Fault;
let silent: CountingFault;
let file: string;
let hanging: string;
/** Nothing of the test's own environment. */
const environment = {};

beforeAll(async () => {
  [folder, refused, silent] = await Promise.all([
    mkdtemp(join(tmpdir(), 'preflight-api-')),
    refusedPort(),
    startSilent(),
  ]);
  const ports = { database: refused.port, store: refused.port, broker: refused.port };
  [file, hanging] = [join(folder, 'refused.env'), join(folder, 'hanging.env')];
  await Promise.all([writeFile(file, dotenv(ports)), writeFile(hanging, dotenv({ ...ports, database: silent.port }))]);
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), refused.close(), silent.close()]));

const facts = ({ verdict, checks }: Report) => ({
  verdict,
  findings: checks.flatMap(({ findings }) => findings.map(({ id, status, title }) => `${status} ${id}: ${title}`)),
});

describe('preflight', () => {
  it('returns the report that the command line prints', async () => {
    const report = expectValid(await preflight({ files: [file], environment }));
    const printed = await command(['-f', file, '-o', 'json']);
    expect(facts(report)).toEqual(facts(JSON.parse(printed.stdout)));
    expect(report.verdict).toBe('not-ready');
    expect(exitCode(report)).toEqual({ code: 1, because: [] });
  });

  it('takes an environment for a config', async () => {
    const variables = dotenv({ database: refused.port, store: refused.port, broker: refused.port });
    const own = Object.fromEntries(
      variables
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    );
    const report = await preflight({ environment: own, service: 'scheduler' }, { only: ['configuration/*'] });
    expect(report).toMatchObject({ service: 'scheduler', summary: { fail: 0 } });
  });

  it('takes a config that was read before, and options as the command line has them', async () => {
    const config = await readConfig({ files: [file], environment });
    expect(config.set).toContain('DATABASE_URL');
    expect(config.service).toBeUndefined();
    const heard: string[] = [];
    const report = await preflight(config, {
      only: ['encryption/*'],
      skip: ['encryption/rsa/exposure'],
      accept: { 'encryption/rsa/size': 'until May' },
      phase: 'post-install',
      observer: { started: ({ id }) => heard.push(`+${id}`), finished: ({ id }) => heard.push(`-${id}`) },
    });
    const findings = report.checks.flatMap((check) => check.findings);
    expect(findings.find(({ id }) => id === 'encryption/rsa/size')?.accepted).toBe('until May');
    expect(report.phase).toBe('post-install');
    expect(heard).toEqual(expect.arrayContaining(['+encryption', '-encryption']));
  });

  it('tells an observer what of the report is known during the run', async () => {
    const [expected, failed, settled]: [string[], string[], Check[]] = [[], [], []];
    const observer = {
      expected: (checks: readonly { readonly id: string }[]) => void expected.push(...checks.map(({ id }) => id)),
      failed: (id: string) => void failed.push(id),
      settled: (check: Check) => void settled.push(check),
    };
    const report = await preflight({ files: [file], environment }, { observer });
    const withoutOperations = report.checks.map(({ operations: _, ...check }) => check);
    expect(expected).toEqual(report.checks.map(({ id }) => id));
    expect(settled).toEqual(withoutOperations);
    // All servers are at one address.
    expect(failed).toEqual([expect.stringMatching(/^(?:database\/connect|object-storage\/|mqtt-broker\/)/)]);
    settled.length = 0;
    await preflight({ files: [file], environment }, { observer, waitMs: 1 });
    expect(settled, 'with further attempts').toEqual([]);
  });

  it('ends early when it is told to, and reports', async () => {
    const report = await preflight({ files: [hanging], environment }, { signal: AbortSignal.timeout(300) });
    expect(expectValid(report)).toMatchObject({ interrupted: true });
  });

  it('ends in time', async () => {
    const report = await preflight({ files: [hanging], environment }, { timeoutMs: 1_000, only: ['database/*'] });
    expect(facts(report).findings).toContain('fail database/connect: did not finish within 1 s');
  });

  it.each([
    [{ only: ['databse/*'] }, "only databse/* matches no rule; did you mean 'database/*'?"],
    [
      { accept: { 'database/versoin': 'x' } },
      "accept database/versoin: no such rule; did you mean 'database/version'?",
    ],
  ])('refuses %j before it begins', async (options, says) => {
    const before = silent.connections();
    await expect(preflight({ files: [hanging], environment }, options)).rejects.toThrow(new InputError(says));
    expect(silent.connections()).toBe(before);
  });

  it('says which file it can not read', async () => {
    await expect(preflight({ files: ['/nowhere/at/all'], environment })).rejects.toThrow(InputError);
    await expect(readConfig({ files: ['/nowhere/at/all'] })).rejects.toThrow('/nowhere/at/all: no such file');
  });
});

it('gives the exit code of the command line, with its defaults', async () => {
  const report = await preflight({ files: [file], environment }, { only: ['configuration/*'] });
  const warned = { ...report, verdict: 'ready-with-warnings' as const, checks: [] };
  const skip = { id: 'database/version', status: 'skip', title: 'not allowed to' } as Finding;
  const skipped = { ...warned, checks: [{ ...(report.checks[0] as Check), findings: [skip] }] };
  expect(exitCode(warned)).toEqual({ code: 0, because: [] });
  expect(exitCode(skipped, { require: ['database/*'] })).toEqual({
    code: 1,
    because: ['database/version is required (--require) but was skipped: not allowed to'],
  });
  expect(exitCode(skipped, { strict: true })).toEqual({ code: 0, because: [] });
  expect(() => exitCode(skipped, { require: ['databse/*'] })).toThrow(
    new InputError("require databse/* matches no rule; did you mean 'database/*'?"),
  );
});

it('renders a report in every format', async () => {
  const report = await preflight({ files: [file], environment }, { only: ['configuration/*'] });
  expect(JSON.parse(await render(report, 'json'))).toEqual(report);
  expect(await render(report, 'junit')).toMatch(/^<\?xml /);
  expect(await render(report, 'pretty')).toMatch(/^✔ configuration /);
});
