/** Nothing is sent home: only the config's hosts are contacted, no program is started, no file written but those asked for. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { AKS, type Choice, EKS, type Environment, type Estate, GKE, ONPREM, startEstate } from '../support/estate.ts';
import { watchedIn } from './watched.ts';

let folder: string;
let estate: Estate;
beforeAll(async () => {
  [folder, estate] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-home-')), startEstate()]);
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), estate?.stop()]));

/** Runs the command line, or a script, in a home of its own. */
const watched = (args: readonly string[], env: Environment = {}, executable?: string) =>
  watchedIn(folder, args, { env, ...(executable !== undefined && { executable }) });

const NOTHING = { lookup: [], connect: [], datagram: [], program: [], write: [] };

/** Every `127.0.0.1:<port>` in a value. */
const placesIn = (variables: Environment): string[] =>
  [...new Set(Object.values(variables).flatMap((value = '') => value.match(/127\.0\.0\.1:\d+/g) ?? []))].sort();

interface Installation {
  readonly choice: Choice;
  /** Whom the provider's own rules give for it, reached through the process's proxy. */
  readonly computed: readonly string[];
}

const INSTALLATIONS: Readonly<Record<string, Installation>> = {
  'on premises': { choice: ONPREM, computed: [] },
  AWS: { choice: EKS, computed: [] },
  'Google Cloud': { choice: GKE, computed: ['oauth2.googleapis.com:443', 'storage.googleapis.com:443'] },
  Azure: {
    choice: AKS,
    computed: ['login.microsoftonline.com:443', 'management.azure.com:443', 'preflighttest.blob.core.windows.net:443'],
  },
};

/** What was asked of the proxies since the last time. */
function askedOfProxies(): string[] {
  const { gcp, azure } = estate;
  return [...new Set([gcp.gcs.proxy, azure.azure.proxy].flatMap(({ asked }) => asked.splice(0)))].sort();
}

describe.each(Object.entries(INSTALLATIONS))('%s', (name, { choice, computed }) => {
  const prepared = async () => {
    const variables = estate.variables(choice);
    const environment = estate.environment(choice);
    const config = join(folder, `${name}.yaml`);
    await writeFile(config, manifest(variables));
    askedOfProxies();
    return { config, environment, named: placesIn({ ...variables, ...environment }) };
  };

  it('run contacts whom the config and the process name, all of them and nobody else, and writes the reports', async () => {
    const { config, environment, named } = await prepared();
    const reports = await mkdtemp(join(folder, 'reports-'));
    const wanted = [
      '--report',
      `html=${join(reports, 'report.html')}`,
      '--report',
      `junit=${join(reports, 'junit.xml')}`,
    ];
    const { stdout, effects, left } = await watched(['-f', config, '-o', 'json', ...wanted], environment);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ready', leftovers: [] });
    expect([...new Set([...effects.connect, ...effects.datagram])].sort()).toEqual(named);
    expect(effects.lookup.filter((host) => host !== '127.0.0.1')).toEqual(['localhost']);
    expect(askedOfProxies()).toEqual(computed);
    expect(effects.program).toEqual([]);
    expect(new Set(effects.write.map((path) => dirname(path)))).toEqual(new Set([reports]));
    expect((await readdir(reports)).sort()).toEqual(['junit.xml', 'report.html']);
    expect(left).toEqual([]);
  });

  it('plan contacts nobody, and writes nothing', async () => {
    const { config, environment } = await prepared();
    expect(await watched(['plan', '-f', config], environment)).toMatchObject({ code: 0, effects: NOTHING, left: [] });
    expect(askedOfProxies()).toEqual([]);
  });

  it('cleanup contacts none but those, and writes nothing', async () => {
    const { config, environment, named } = await prepared();
    const { code, effects, left } = await watched(['cleanup', '-f', config], environment);
    expect(code).toBe(0);
    expect(effects.connect.length).toBeGreaterThan(0);
    expect(named).toEqual(expect.arrayContaining([...effects.connect, ...effects.datagram]));
    expect(computed).toEqual(expect.arrayContaining(askedOfProxies()));
    expect(['127.0.0.1', 'localhost']).toEqual(expect.arrayContaining([...effects.lookup]));
    expect({ program: effects.program, write: effects.write, left }).toEqual({ program: [], write: [], left: [] });
  });
});

test.each([[['explain']], [['explain', 'database/privileges']], [['schema']], [['--version']], [['--help']]])(
  '%j contacts nobody, and writes nothing',
  async (args) => {
    expect(await watched(args)).toMatchObject({ code: 0, effects: NOTHING, left: [] });
  },
);

test('what would be done is recorded, in whatever way it is done', async () => {
  const script = join(folder, 'doer.mjs');
  const out = join(folder, 'out');
  await writeFile(
    script,
    `import { execFileSync, exec, fork } from 'node:child_process';
    import { createSocket } from 'node:dgram';
    import { Resolver, lookup } from 'node:dns';
    import { resolve4 } from 'node:dns/promises';
    import { accessSync, appendFileSync, createReadStream, createWriteStream, existsSync, openSync, readFileSync, stat } from 'node:fs';
    import { open, readFile, realpath, writeFile } from 'node:fs/promises';
    import { request } from 'node:https';
    import { connect as http2 } from 'node:http2';
    import { connect } from 'node:net';
    import { Worker } from 'node:worker_threads';
    const quiet = () => {};
    lookup('a.invalid', quiet);
    resolve4('b.invalid').catch(quiet);
    new Resolver().resolveTxt('c.invalid', quiet);
    connect(1, '127.0.0.1').on('error', quiet);
    connect('/nowhere.sock').on('error', quiet);
    request('https://127.0.0.2:2').on('error', quiet).end();
    http2('http://127.0.0.3:3').on('error', quiet);
    fetch('http://127.0.0.4:4').catch(quiet);
    const socket = createSocket('udp4').on('error', quiet);
    socket.send('x', 5, '127.0.0.5', quiet);
    socket.send(Buffer.from('x'), 0, 1, 6, '127.0.0.6', quiet);
    const connected = createSocket('udp4').on('error', quiet);
    connected.connect(7, '127.0.0.7', () => connected.send('x', () => connected.close()));
    execFileSync('true');
    exec('exit 0');
    fork('/nowhere.mjs', { stdio: 'ignore' }).on('error', quiet);
    new Worker('', { eval: true });
    appendFileSync('${out}1', 'x');
    createWriteStream('${out}2').end();
    openSync('${out}3', 'w');
    (await open('${out}4', 'a')).close();
    await writeFile('${out}5', 'x');
    existsSync('${out}6');
    readFileSync(new URL('file://${out}1'));
    try { accessSync('${out}7'); } catch {}
    stat('${out}8', quiet);
    createReadStream('${out}9').on('error', quiet);
    for (const look of [readFile, realpath, open]) await look('${out}-' + look.name).catch(quiet);
    setTimeout(() => process.exit(), 500);`,
  );
  const { effects } = await watched([], {}, script);
  expect(effects.lookup).toEqual(expect.arrayContaining(['a.invalid', 'b.invalid', 'c.invalid']));
  const places = [1, 2, 3, 4].map((number) => `127.0.0.${number}:${number}`);
  expect(effects.connect).toEqual([...places, '/nowhere.sock'].sort());
  expect(effects.datagram).toEqual([5, 6, 7].map((number) => `127.0.0.${number}:${number}`));
  expect(effects.program).toEqual(expect.arrayContaining(['true', '/bin/sh', process.execPath, '']));
  expect(effects.write).toEqual([1, 2, 3, 4, 5].map((number) => `${out}${number}`));
  const read = [1, 6, 7, 8, 9, '-open', '-readFile', '-realpath'].map((name) => `${out}${name}`);
  expect(effects.read).toEqual(expect.arrayContaining(read));
});
