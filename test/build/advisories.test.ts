/** What is known of the bundled packages: asked of npm for these alone, or read from a folder, and judged by the exceptions. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { answerOf } from '../../build/advisories/answer.ts';
import { bundledPackages } from '../../build/advisories/bundled.ts';
import { type Exception, exceptionsIn } from '../../build/advisories/exceptions.ts';
import { type Advisory, judged, NoAnswer, type Package, said } from '../../build/advisories/judge.ts';
import { advisoriesIn, audited } from '../../build/advisories/npm.ts';
import { compare, concerned } from '../../build/advisories/osv.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-advisories-'));
});
afterAll(() => rm(folder, { recursive: true }));

const PACKAGES: readonly Package[] = [
  { name: 'minimist', version: '1.2.5' },
  { name: 'minimist', version: '1.2.8' },
  { name: 'ws', version: '8.23.0' },
];

/** As a registry answers to `npm audit`. */
const BULK = {
  minimist: [
    {
      id: 1097678,
      url: 'https://github.com/advisories/GHSA-xvch-5gv4-984h',
      title: 'Prototype Pollution in minimist',
      severity: 'critical',
      vulnerable_versions: '>=1.0.0 <1.2.6',
      cwe: ['CWE-1321'],
      cvss: { score: 9.8, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
    },
  ],
};

const FOUND: Advisory = {
  id: 'GHSA-xvch-5gv4-984h',
  package: 'minimist',
  versions: ['1.2.5'],
  severity: 'critical',
  title: 'Prototype Pollution in minimist',
};

/** The same, as a database of advisories holds it. */
const OSV = {
  schema_version: '1.4.0',
  id: FOUND.id,
  aliases: ['CVE-2021-44906'],
  summary: FOUND.title,
  affected: [
    {
      package: { ecosystem: 'npm', name: 'minimist' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '1.2.6' }] }],
    },
    {
      package: { ecosystem: 'npm', name: 'minimist' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '0.2.4' }] }],
    },
  ],
  database_specific: { cwe_ids: ['CWE-1321'], severity: 'CRITICAL', github_reviewed: true },
};

/** @param answer to the question for advisories; anything else is a package of which all versions are known */
async function startAdvisories(status: number, answer: unknown) {
  const asked: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.method === 'POST') {
      asked.push(JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      return;
    }
    const name = (request.url ?? '').slice(1);
    const versions = PACKAGES.filter((one) => one.name === name).map(({ version }) => [version, { name, version }]);
    response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.2.8' }, versions: Object.fromEntries(versions) }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  vi.stubEnv('NPM_CONFIG_REGISTRY', url);
  vi.stubEnv('npm_config_registry', url);
  vi.stubEnv('NPM_CONFIG_CACHE', join(folder, 'cache'));
  vi.stubEnv('npm_config_cache', join(folder, 'cache'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  return asked;
}

describe('npm', () => {
  it('is asked for each version of these packages, and for nothing else', async () => {
    const asked = await startAdvisories(200, BULK);
    const place = await mkdtemp(join(folder, 'audit-'));
    expect(await audited(PACKAGES, place)).toEqual([FOUND]);
    expect(asked).toEqual([{ minimist: ['1.2.5', '1.2.8'], ws: ['8.23.0'] }]);
  });

  it('that knows of none says so', async () => {
    await startAdvisories(200, {});
    expect(await audited(PACKAGES, await mkdtemp(join(folder, 'audit-')))).toEqual([]);
  });

  it('that can’t ask gives no answer, rather than none', async () => {
    await startAdvisories(405, '');
    const asking = audited(PACKAGES, await mkdtemp(join(folder, 'audit-')));
    await expect(asking).rejects.toThrow(/could not look up advisories: 405 Method Not Allowed/);
    await expect(asking).rejects.toBeInstanceOf(NoAnswer);
  });

  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['no JSON', 'npm error'],
    ['an error', '{ "error": { "summary": "request failed", "detail": "" } }'],
    ['a report of another version', '{ "auditReportVersion": 3, "vulnerabilities": {} }'],
  ])('that prints %s gave no answer', (_, stdout) => {
    expect(() => advisoriesIn(stdout, PACKAGES)).toThrow(NoAnswer);
  });
});

describe('a folder of advisories', () => {
  it('names the versions that are concerned', () => {
    expect(concerned(OSV, PACKAGES)).toEqual([FOUND]);
    expect(concerned({ ...OSV, withdrawn: '2024-01-01T00:00:00Z' }, PACKAGES)).toEqual([]);
    expect(concerned({}, PACKAGES)).toEqual([]);
    const elsewhere = [{ package: { ecosystem: 'PyPI', name: 'ws' }, versions: ['8.23.0'] }];
    expect(concerned({ ...OSV, affected: elsewhere }, PACKAGES)).toEqual([]);
  });

  it.each([
    [[{ introduced: '0' }], '1.0.0', true],
    [[{ introduced: '0' }, { fixed: '1.0.0' }], '1.0.0', false],
    [[{ introduced: '0' }, { fixed: '1.0.0' }], '1.0.0-rc.1', true],
    [[{ introduced: '0' }, { last_affected: '1.0.0' }], '1.0.0', true],
    [[{ introduced: '0' }, { last_affected: '1.0.0' }], '1.0.1', false],
    [[{ introduced: '1.0.0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }], '1.10.0', false],
    [[{ introduced: '2.0.0' }, { introduced: '1.0.0' }, { fixed: '1.2.0' }], '2.0.0', true],
    [[], '1.0.0', false],
  ])('%j: %s is concerned: %s', (events, version, is) => {
    const affected = [{ package: { ecosystem: 'npm', name: 'ws' }, ranges: [{ type: 'SEMVER', events }] }];
    expect(concerned({ id: 'X', affected }, [{ name: 'ws', version }])).toHaveLength(is ? 1 : 0);
  });

  it('orders versions as semver.org does', () => {
    const ascending =
      '0 0.0.0 0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.2.0 1.10.0';
    const versions = ascending.split(' ');
    expect(versions.toReversed().sort(compare)).toEqual(versions);
    expect(compare('1.0.0+build', '1.0.0')).toBe(0);
  });
});

describe('exceptions', () => {
  const exception: Exception = { id: FOUND.id, package: 'minimist', reason: 'only our own argv', until: '2027-01-31' };

  it('hold through their last day, and are told when it has passed', () => {
    expect(judged([FOUND], [exception], '2027-01-31')).toEqual({
      open: [],
      excepted: [{ advisory: FOUND, exception }],
      unused: [],
    });
    const late = judged([FOUND], [exception], '2027-02-01');
    expect(late).toEqual({ open: [{ advisory: FOUND, expired: exception }], excepted: [], unused: [] });
    expect(said(late, 3)).toBe(
      `open      GHSA-xvch-5gv4-984h  critical  minimist 1.2.5: Prototype Pollution in minimist
          its exception expired on 2027-01-31: only our own argv
1 open, 0 excepted, for 3 bundled packages
`,
    );
  });

  it('are of one advisory and one package, and told when nothing needs them', () => {
    const other = { ...exception, package: 'ws' };
    const judgement = judged([FOUND], [other], '2027-01-01');
    expect(judgement).toEqual({ open: [{ advisory: FOUND }], excepted: [], unused: [other] });
    expect(said(judgement, 3)).toContain('unused    GHSA-xvch-5gv4-984h for ws');
  });

  it('are refused without a reason, a date, or with anything else', () => {
    expect(exceptionsIn(JSON.stringify([exception]))).toEqual([exception]);
    const wrong = [{ ...exception, reason: '' }, { ...exception, until: 'never' }, { ...exception, untill: '' }, {}];
    for (const one of wrong) expect(() => exceptionsIn(JSON.stringify([one]))).toThrow(/^security\/advisories\.json: /);
    expect(() => exceptionsIn('nothing')).toThrow(/^security\/advisories\.json: /);
  });

  it('and advisories command no CI runner', () => {
    const title = 'bad\n::set-output name=x::y\u001b[2J ##vso[task] \u009b';
    expect(said(judged([{ ...FOUND, title }], [], '2027-01-01'), 1)).not.toMatch(/^::|##vso|[\p{C}--\n]/mv);
  });
});

/** Bundling takes seconds of the processor: once for all tests that only need the list. */
let bundled: Promise<readonly Package[]> | undefined;
const packages = () => {
  bundled ??= bundledPackages(join(folder, 'bundle'));
  return bundled;
};

test('the bundled packages are those that are shipped: none that only builds or tests', async () => {
  const names = new Set((await packages()).map(({ name }) => name));
  for (const name of ['pg', 'mqtt', '@rgrove/parse-xml', '@aws-sdk/client-s3', '@azure/identity'])
    expect(names).toContain(name);
  for (const name of ['vitest', 'azurite', 'aedes', 'rolldown', 'typescript', 'node'])
    expect(names).not.toContain(name);
});

describe('npm run advisories', () => {
  const script = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await answerOf(args, packages);
    return { code, text: stdout + stderr };
  };

  it('bundles, and prints the answer with its exit code', async () => {
    const args = [join(ROOT, 'build/advisories.ts'), '--osv', join(folder, 'nowhere')];
    const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^no answer, which does not mean "none": /);
  });

  it('ends with 1 for what is open, 0 for what is not, 2 for no answer', async () => {
    const database = join(folder, 'database', '2021');
    await mkdir(database, { recursive: true });
    await writeFile(join(database, 'other.json'), JSON.stringify({ ...OSV, id: 'GHSA-other' }));
    expect(await script('--osv', join(folder, 'database'))).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^0 open, 0 excepted, for /),
    });

    const affected = [
      { package: { ecosystem: 'npm', name: 'pg' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] },
    ];
    await writeFile(join(database, 'pg.json'), JSON.stringify({ ...OSV, affected }));
    const open = await script('--osv', join(folder, 'database'));
    expect(open).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^open {6}GHSA-xvch-5gv4-984h {2}critical {2}pg /),
    });

    const exceptions = join(folder, 'exceptions.json');
    await writeFile(
      exceptions,
      JSON.stringify([{ id: FOUND.id, package: 'pg', reason: 'a test', until: '2999-12-31' }]),
    );
    const borne = await script('--osv', join(folder, 'database'), '--exceptions', exceptions);
    expect(borne).toMatchObject({ code: 0, text: expect.stringContaining('until 2999-12-31: a test') });

    await startAdvisories(405, '');
    for (const args of [['--osv', join(folder, 'nowhere')], []]) {
      expect(await script(...args)).toMatchObject({
        code: 2,
        text: expect.stringMatching(/^no answer, which does not mean "none": /),
      });
    }
  });
});
