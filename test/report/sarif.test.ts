import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { describeRule } from '../../src/app/rules.ts';
import { renderAs } from '../../src/report/index.ts';
import type { Report, ReportVariable } from '../../src/report/report.ts';
import { artifactOf } from '../../src/report/sarif/locations.ts';
import { command } from '../cli/host.ts';
import { dotenv } from '../cli/spawned.ts';
import { refusedPort } from '../services/tcp.ts';
import { anyText } from '../support/arbitrary.ts';
import { isSarif, type SarifRun, sarifRun } from '../support/sarif.ts';
import { hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

const runOf = async (report: Report): Promise<SarifRun> => sarifRun(await renderAs(report, 'sarif', describeRule));

test('failures and warnings are results, each with its rule; passes and skips are not', async () => {
  const { results, tool, automationDetails } = await runOf(await sampleReport());
  const { rules } = tool.driver;
  expect(results.map(({ ruleIndex, level }) => [rules[ruleIndex]?.id, level])).toEqual([
    ['database/version', 'warning'],
    ['database/privileges', 'error'],
    ['object-storage/<bucket>/access', 'error'],
    ['object-storage/<bucket>/versioning', 'error'],
  ]);
  expect(results.every(({ ruleId, ruleIndex }) => rules[ruleIndex]?.id === ruleId)).toBe(true);
  expect(results[1]?.message.text).toMatch(/^the role spacelift lacks .*\nfix:\nGRANT CREATE ON SCHEMA public/s);
  expect(automationDetails.id).toBe('spacelift-preflight/all/');
});

test('a rule has its texts as text and as Markdown; one of another version has only its ID', async () => {
  const { tool } = await runOf(await sampleReport());
  const { title, rationale, fix, docs } = CHECKS.find(({ id }) => id === 'database')?.rules.version ?? {};
  expect(tool.driver.rules[0]).toMatchObject({
    shortDescription: { text: title },
    fullDescription: { text: rationale },
    help: { text: expect.stringContaining(`Fix: ${fix}`), markdown: expect.stringContaining('**What it does:** ') },
    helpUri: docs,
    defaultConfiguration: { level: 'warning' },
  });
  const other = sarifRun(await renderAs(await sampleReport(), 'sarif'));
  expect(other.tool.driver.rules[0]).toEqual({
    id: 'database/version',
    shortDescription: { text: 'database/version' },
    fullDescription: { text: 'A rule of another version of the tool; its results describe it.' },
    help: { text: 'A rule of another version of the tool; its results describe it.' },
    defaultConfiguration: { level: 'warning' },
  });
});

test('every rule can be described', () => {
  for (const { id, rules } of CHECKS)
    for (const [key, rule] of Object.entries(rules)) expect(describeRule(`${id}/${key}`)).toBe(rule);
  expect(describeRule('database/constructor')).toBeUndefined();
});

const variable = (name: string, location: ReportVariable['location'], more: Partial<ReportVariable> = {}) =>
  ({ name, service: 'all', origin: 'x', used: true, ...(location !== undefined && { location }), ...more }) as const;

describe('a result points', () => {
  const placesOf = async (report: Partial<Report>) => {
    const { results } = await runOf({ ...(await sampleReport()), ...report });
    return results
      .find(({ ruleId }) => ruleId === 'database/version')
      ?.locations?.map(({ physicalLocation: place, logicalLocations: [service] }) =>
        [place?.artifactLocation.uri, place?.region.startLine, service?.name].join(' '),
      );
  };
  const withVariable = async (variables: readonly ReportVariable[], more: Partial<Report> = {}) => {
    const { checks } = await sampleReport();
    const named = checks.map((check) => ({
      ...check,
      findings: check.findings.map((finding) => ({ ...finding, variable: 'DATABASE_URL' })),
    }));
    return placesOf({ checks: named, variables, configFiles: ['deploy/main.yaml'], ...more });
  };

  it('to the line of its variable, for each service that has its own', async () => {
    const places = await withVariable([
      variable('DATABASE_URL', { file: 'deploy/a b.yaml', line: 7 }, { service: 'server' }),
      variable('DATABASE_URL', { file: 'deploy/drain.yaml', line: 3 }, { service: 'drain' }),
      variable('DATABASE_URL', { file: 'deploy/old.yaml', line: 1 }, { used: false }),
      variable('SERVER_DOMAIN', { file: 'deploy/other.yaml', line: 2 }),
    ]);
    expect(places).toEqual(['deploy/a%20b.yaml 7 server', 'deploy/drain.yaml 3 drain']);
  });

  it('to the start of the file where the line is not known', async () => {
    expect(await withVariable([variable('DATABASE_URL', { file: 'task.json' })])).toEqual(['task.json 1 all services']);
  });

  it('to the first config file without a variable, or where it is not set', async () => {
    expect(await withVariable([])).toEqual(['deploy/main.yaml 1 all services']);
    expect(await placesOf({ configFiles: ['standard input', 'b.env'], service: 'drain' })).toEqual(['b.env 1 drain']);
  });

  it('to a name in place of a file, which GitHub demands, if the config is none', async () => {
    expect(await placesOf({ configFiles: [] })).toEqual(['environment 1 all services']);
    expect(await placesOf({ configFiles: ['standard input'] })).toEqual(['standard-input 1 all services']);
    expect(await withVariable([variable('DATABASE_URL', undefined)])).toEqual(['environment 1 all services']);
    expect(await withVariable([variable('DATABASE_URL', { file: 'standard input', line: 3 })])).toEqual([
      'standard-input 3 all services',
    ]);
  });
});

test('a path below the directory is relative to it, any other one is a URL', () => {
  const root = join(tmpdir(), 'checkout');
  const below = { uri: 'deploy/%23%20%25.env', uriBaseId: '%SRCROOT%' };
  expect(artifactOf('deploy/# %.env', root)).toEqual(below);
  expect(artifactOf('./x/../deploy/# %.env', root)).toEqual(below);
  expect(artifactOf(join(root, 'deploy', '# %.env'), root)).toEqual(below);
  expect(artifactOf('..env', root)).toEqual({ uri: '..env', uriBaseId: '%SRCROOT%' });
  const other = join(tmpdir(), 'other.env');
  expect(artifactOf('../other.env', root)).toEqual({ uri: pathToFileURL(other).href });
  expect(artifactOf(other, root)).toEqual({ uri: pathToFileURL(other).href });
});

test('fingerprints are those of the next run, and of one result', async () => {
  const fingerprintsOf = async (report: Report) =>
    (await runOf(report)).results.map(({ partialFingerprints }) => partialFingerprints.primaryLocationLineHash);
  const report = await sampleReport();
  const first = await fingerprintsOf(report);
  expect(new Set(first).size).toBe(first.length);
  const later = { ...report, startedAt: '2027-01-01T00:00:00.000Z', durationMs: 5, configFiles: ['other.yaml'] };
  expect(await fingerprintsOf(later)).toEqual(first);
  expect(await fingerprintsOf({ ...report, service: 'drain' })).not.toEqual(first);
});

test('an accepted warning is suppressed, with its reason', async () => {
  const { results } = await runOf(await sampleReport({ accept: new Map([['database/version', 'until [June](x)']]) }));
  expect(results.map(({ suppressions }) => suppressions)).toEqual([
    [{ kind: 'external', status: 'accepted', justification: 'until [June] (x)' }],
    [],
    [],
    [],
  ]);
});

test('an interrupted run was not successful, and leftovers are notifications', async () => {
  const leftovers = [{ what: 'an object', command: 'mc rm minio/x/y' }];
  const { invocations } = await runOf({ ...(await sampleReport()), interrupted: true, leftovers });
  expect(invocations[0]?.executionSuccessful).toBe(false);
  expect(invocations[0]?.toolExecutionNotifications.map(({ message }) => message.text)).toEqual([
    'interrupted, not ready: 3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s',
    'left behind: an object\nmc rm minio/x/y',
  ]);
});

test('it is valid whatever the values are', async () => {
  const { results } = await runOf(await hostileReport());
  for (const { message } of results) expect(message.text).not.toMatch(/\]\(/);
  const report = await sampleReport();
  await fc.assert(
    fc.asyncProperty(anyText(), anyText(), async (text, file) => {
      const variables = [variable('DATABASE_URL', { file: `x${file}`, line: 2 }, { origin: text })];
      const checks = report.checks.map((check) => ({
        ...check,
        findings: check.findings.map((finding) => ({
          ...finding,
          title: text,
          detail: file,
          variable: 'DATABASE_URL',
        })),
      }));
      await runOf({ ...report, checks, variables, configFiles: [file], domain: text });
    }),
    { numRuns: 40 },
  );
});

test('it is found invalid when it is', async () => {
  const document = JSON.parse(await renderAs(await sampleReport(), 'sarif'));
  expect(isSarif(document)).toBe(true);
  document.runs[0].results[0].level = 'fail';
  expect(isSarif(document)).toBe(false);
});

test('from the command line, results point to the lines of the config', async () => {
  const [folder, refused] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-sarif-')), refusedPort()]);
  onTestFinished(async () => void (await Promise.all([rm(folder, { recursive: true }), refused.close()])));
  const config = join(folder, 'spacelift.env');
  const text = dotenv({ database: refused.port, store: refused.port, broker: refused.port });
  await writeFile(config, text);
  const { stdout } = await command(['-f', config, '-o', 'sarif']);
  const { results, tool } = sarifRun(stdout);
  const lineOf = (name: string) => text.split('\n').findIndex((line) => line.startsWith(`${name}=`)) + 1;
  const of = (rule: string) => results.find(({ ruleId }) => ruleId === rule)?.locations?.[0]?.physicalLocation;
  expect(of('database/connect')).toEqual({
    artifactLocation: { uri: pathToFileURL(config).href },
    region: { startLine: lineOf('DATABASE_URL') },
  });
  expect(tool.driver.rules.every(({ help }) => help !== undefined)).toBe(true);
});
