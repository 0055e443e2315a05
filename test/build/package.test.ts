/** The package as its users get it: packed, installed into an empty folder, run. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calledBy } from '../../bench/called.ts';
import { chunkName, readProfile } from '../../build/code/profile.ts';
import { CHECKS } from '../../checks/index.ts';
import { manifest, startDemo } from '../../demo/deployment.ts';
import { VERSION } from '../../src/util/version.ts';
import { dotenv, moduleOf, run } from '../cli/spawned.ts';
import { read, tokensOf } from '../docs/markdown.ts';
import { type Fault, refusedPort } from '../services/tcp.ts';
import { ended } from '../support/programs.ts';
import { expectValid } from '../support/valid.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const npm = (cwd: string, ...args: string[]) => promisify(execFile)('npm', args, { cwd });
/** With the Node.js of this process. */
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  ...more,
});

let folder: string;
let installed: string;
let executable: string;
let ports: readonly [Fault, Fault];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-package-'));
  const app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "private": true }');
  ports = await Promise.all([refusedPort(), refusedPort()]);
  await npm(ROOT, 'pack', '--pack-destination', folder);
  await npm(app, 'install', '--offline', '--no-audit', '--no-fund', join(folder, `spacelift-preflight-${VERSION}.tgz`));
  installed = join(app, 'node_modules', 'spacelift-preflight');
  executable = join(app, 'node_modules', '.bin', 'spacelift-preflight');
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), ...ports.map((port) => port.close())]));

/** Compiles a file of a consumer. @throws an error with the messages in `stdout` */
function checkedAs(app: string, name: string, more: readonly string[]) {
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return promisify(execFile)(process.execPath, [tsc, ...options, ...more, name], { cwd: app });
}

interface Chunk {
  /** Without the hash. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Whether V8 had its code already; nothing if there is none. */
  readonly accepted?: boolean;
}

/** The chunks that a run loads. */
async function chunksOf(args: readonly string[], of = executable): Promise<Chunk[]> {
  const log = join(folder, `${Math.random()}.log`);
  await writeFile(log, '');
  const hook = moduleOf(`
    import { appendFileSync } from 'node:fs';
    import vm from 'node:vm';
    const { Script } = vm;
    vm.Script = class extends Script {
      constructor(text, options) {
        super(text, options);
        const accepted = options.cachedData === undefined ? undefined : !this.cachedDataRejected;
        appendFileSync(${JSON.stringify(log)}, JSON.stringify({ path: options.filename, size: text.length, accepted }) + '\\n');
      }
    };`);
  await run(args, { executable: of, imports: [hook] });
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { path, ...rest } = JSON.parse(line);
    return { name: chunkName(basename(path)), ...rest };
  });
}

describe('the package', () => {
  it('runs from its file as docs/install.md says', async () => {
    const blocks = tokensOf(read('docs/install.md'), 'code').filter(({ text }) => text.startsWith('tar '));
    expect(blocks).toHaveLength(1);
    const command = ['-ec', blocks[0]?.text ?? ''];
    const { stdout } = await promisify(execFile)('sh', command, { cwd: folder, env: environment() });
    expect(stdout).toBe(`${VERSION}\n`);
  });

  it('is linked from a clone as the README says', async () => {
    expect(read('README.md')).toContain('\nnpm ci && npm run build && npm link\n');
    const prefix = join(folder, 'prefix');
    // npm pack has built it.
    await promisify(execFile)('npm', ['link'], { cwd: ROOT, env: environment({ npm_config_prefix: prefix }) });
    const linked = join(prefix, 'bin', 'spacelift-preflight');
    const { stdout } = await promisify(execFile)(linked, ['--version'], { env: environment() });
    expect(stdout).toBe(`${VERSION}\n`);
  });

  it('holds the bundle, the licenses, the README and nothing else, and needs no other package', async () => {
    expect((await readdir(installed)).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'schemas']);
    expect((await readdir(join(installed, 'dist'))).sort()).toEqual([
      'THIRD-PARTY-LICENSES.txt',
      'bin',
      'chunks',
      'index.cjs',
      'index.js',
      'types',
    ]);
    expect((await readdir(join(installed, '..'))).filter((name) => !name.startsWith('.'))).toEqual([
      'spacelift-preflight',
    ]);
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('dependencies');
  });

  it('takes less than 5 MB', async () => {
    const files = await readdir(installed, { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files.flatMap((file) => (file.isFile() ? [stat(join(file.parentPath, file.name))] : [])),
    );
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(5_000_000);
  });

  it('names the license of every package that is in it', async () => {
    const notices = await readFile(join(installed, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const named = notices.split('\n').filter((line) => /^\S+ \d+\.\d+\.\d+\S*$/.test(line));
    for (const name of ['chalk', '@rgrove/parse-xml', 'commander', 'ora', 'pg', 'yaml']) {
      expect(named).toContain(`${name} ${devDependencies[name]}`);
    }
    expect(named.filter((line) => /^(vitest|azurite|aedes|typescript) /.test(line))).toEqual([]);
    expect(notices).toContain('Permission is hereby granted, free of charge');
    const texts = notices.split(`\n${'-'.repeat(80)}\n\n`).map((part) => part.slice(part.indexOf('\n\n')));
    expect(texts).toHaveLength(new Set(texts).size);
  });

  it('has an executable', async () => {
    const path = join(installed, 'dist', 'bin', 'spacelift-preflight.js');
    expect((await readFile(path, 'utf8')).split('\n')[0]).toBe('#!/usr/bin/env node');
    expect((await stat(path)).mode & 0o111).toBe(0o111);
  });

  it('says which Node it needs, in words that old ones can read', async () => {
    const text = await readFile(join(installed, 'dist', 'bin', 'spacelift-preflight.js'), 'utf8');
    // Nothing is loaded, and no syntax after ES2020 is used, before the version is known.
    expect(text).not.toMatch(/\bimport\b(?!\(|\.meta\b)|\bawait\b|\?\?=|\|\|=|&&=|#\w+\s*[=(]|\bstatic\b/);
    const old = moduleOf(`
      Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.14.0' } });
      Object.defineProperty(process, 'version', { value: 'v22.14.0' });`);
    expect(await run(['--version'], { executable, imports: [old] })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'spacelift-preflight requires Node.js 22.15 or later; this is v22.14.0\n',
    });
  });

  it('runs', async () => {
    expect(await run(['--version'], { executable })).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
    const { stdout } = await run(['explain'], { executable });
    for (const { id } of CHECKS) expect(stdout).toContain(`  ${id}/`);
  });

  it('checks a deployment, and reports as the sources do', async () => {
    const [database, store] = ports;
    const config = join(folder, 'spacelift.env');
    await writeFile(config, dotenv({ database: database.port, store: store.port, broker: store.port }));
    const args = ['-f', config, '-o', 'json'];
    const [bundled, sources] = await Promise.all([run(args, { executable }), run(args)]);
    expect(bundled).toMatchObject({ code: 1, stderr: '' });
    const facts = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout).checks.flatMap((check: { findings: { id: string; status: string; title: string }[] }) =>
        check.findings.map(({ id, status, title }) => `${status} ${id}: ${title}`),
      );
    expect(facts(bundled)).toEqual(facts(sources));
    expect(facts(bundled).filter((fact: string) => fact.startsWith('fail'))).toHaveLength(2);

    const loaded = (await chunksOf(args)).map(({ name }) => name);
    expect(loaded).toEqual(expect.arrayContaining(['cli', 'common', 'minio', 'json']));
    expect(loaded.filter((name) => /^(aws-sdk|azure|google|grpc|mqtt|ora|chalk|yaml)/.test(name))).toEqual([]);
  });

  it('finds a healthy deployment ready, with every client that it takes', async () => {
    const deployment = await startDemo();
    try {
      const config = join(folder, 'demo.yaml');
      await writeFile(config, manifest(deployment.variables));
      const { code, stdout, stderr } = await run(['-f', config, '-o', 'json', '--strict'], { executable });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ready', summary: { fail: 0, warn: 0 }, leftovers: [] });
    } finally {
      await deployment.stop();
    }
  });

  it('is a function too, which gives the report that the executable prints', async () => {
    const [database, store] = ports;
    const config = join(folder, 'api.env');
    await writeFile(config, dotenv({ database: database.port, store: store.port, broker: store.port }));
    const app = join(folder, 'app');
    const script = join(app, 'consumer.mjs');
    await writeFile(
      script,
      `import { exitCode, InputError, preflight, render } from 'spacelift-preflight';
      import schema from 'spacelift-preflight/report.schema.json' with { type: 'json' };
      const report = await preflight({ files: [${JSON.stringify(config)}], environment: {} });
      const xml = await render(report, 'junit');
      const refused = await preflight({ files: ['/nowhere'] }).catch((error) => error instanceof InputError);
      const { code } = exitCode(report);
      console.log(JSON.stringify({ report, xml, refused, code, id: schema.$id }));
      process.exit();`,
    );
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: app });
    expect(stderr).toBe('');
    const { report, xml, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ refused: true, code: 1, id: 'urn:spacelift-preflight:report:1' });
    expectValid(report);
    expect(report).toMatchObject({ verdict: 'not-ready', summary: { fail: 2 } });
    expect(xml).toContain('<testsuites name="spacelift-preflight"');
  });

  it('runs the example of the API as it is', async () => {
    const [database, store] = ports;
    const [app, config] = [join(folder, 'app'), join(folder, 'example.env')];
    await writeFile(config, dotenv({ database: database.port, store: store.port, broker: store.port }));
    await copyFile(join(ROOT, 'examples', 'api.mjs'), join(app, 'api.mjs'));
    const { code, stderr } = await ended(process.execPath, ['api.mjs', config], { env: {}, cwd: app });
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({ code: 1, stderr: 'not ready: 2 findings failed' });
    const { stdout: declared } = await checkedAs(app, 'api.mjs', [
      ...['--allowJs', '--checkJs', '--skipLibCheck', '--types', 'node'],
      ...['--typeRoots', join(ROOT, 'node_modules', '@types')],
    ]);
    expect(declared).toBe('');
  });

  it('has types that a consumer’s file is checked against, without any other package', async () => {
    const app = join(folder, 'app');
    const file = (name: string, text: string) => writeFile(join(app, name), text);
    await file(
      'right.mts',
      `import { type Config, type Finding, preflight, readConfig, type Report, render } from 'spacelift-preflight';
      const config: Config = await readConfig({ files: ['spacelift.yaml'], service: 'drain' });
      const report: Report = await preflight(config, { accept: { 'database/version': 'OPS-123' }, timeoutMs: 5_000 });
      const worst: Finding | undefined = report.checks[0]?.findings[0];
      const text: string = await render(report, report.verdict === 'ready' ? 'json' : 'markdown');
      export const fix: string | undefined = worst?.fix ?? text;`,
    );
    await file(
      'wrong.mts',
      `import { preflight } from 'spacelift-preflight';\nawait preflight({}, { only: 'database/*' });`,
    );
    await file(
      'any.mts',
      `import type * as api from 'spacelift-preflight';
      type IsAny<T> = 0 extends 1 & T ? true : false;
      /** The fields in which there is an \`any\`, however deep; of functions, in what they accept and return. */
      type AnyIn<T, Depth extends 0[] = []> = Depth['length'] extends 9
        ? never
        : IsAny<T> extends true
          ? 'any'
          : T extends string | number | boolean | null | undefined | AbortSignal | AsyncIterable<Uint8Array> | Error
            ? never
            : T extends Promise<infer Value>
              ? AnyIn<Value, [...Depth, 0]>
              : T extends (...given: infer Given) => infer Returned
                ? AnyIn<Given, [...Depth, 0]> | AnyIn<Returned, [...Depth, 0]>
                : T extends readonly (infer Item)[]
                  ? AnyIn<Item, [...Depth, 0]>
                  : { [Key in keyof T]-?: AnyIn<T[Key], [...Depth, 0]> extends never ? never : Key }[keyof T];
      type Functions = Pick<typeof api, 'preflight' | 'readConfig' | 'render' | 'exitCode'>;
      export const none: AnyIn<Functions> extends never ? true : AnyIn<Functions> = true;
      export const some: AnyIn<{ readonly held: (given: { readonly deep: any }) => void }> = 'held';`,
    );
    await file(
      'same.mts',
      `import type * as packed from 'spacelift-preflight';
      import type * as sources from ${JSON.stringify(join(ROOT, 'src/index.ts'))};
      type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
      export const same: Same<packed.Report, sources.Report> = true;
      export const none: Same<packed.Report, Omit<sources.Report, 'host'>> = false;`,
    );
    const checked = (name: string) => checkedAs(app, name, ['--types', '']);
    await checkedAs(app, 'same.mts', [
      ...['--target', 'es2024', '--lib', 'es2024', '--allowImportingTsExtensions', '--exactOptionalPropertyTypes'],
      ...['--skipLibCheck', '--types', 'node'],
      ...['--typeRoots', join(ROOT, 'node_modules', '@types')],
    ]);
    const schema = await readFile(join(installed, 'dist', 'types', 'report', 'schema.d.ts'), 'utf8');
    expect(schema).toMatch(/\/\*\* The bucket, queue or variable, .*\*\/\n {2}readonly subject\?: string;/);
    expect(schema).toMatch(/null: all services were checked together \*\/\n {2}readonly service: .* \| null;/);
    await checked('right.mts');
    await checked('any.mts');
    await expect(checked('wrong.mts')).rejects.toMatchObject({
      stdout: expect.stringContaining("Type 'string' is not assignable to type 'readonly string[]'"),
    });
  });

  it('loads nothing to print its version, and little to print its help', async () => {
    for (const option of ['--version', '-V']) expect(await chunksOf([option])).toEqual([]);
    const loaded = await chunksOf(['--help']);
    expect(loaded.map(({ name }) => name)).toContain('cli');
    expect(loaded.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(100_000);
  });

  describe('where it was built, V8 has the code', () => {
    const built = join(ROOT, 'dist', 'bin', 'spacelift-preflight.js');
    let deployment: Awaited<ReturnType<typeof startDemo>>;
    let config: string;
    beforeAll(async () => {
      deployment = await startDemo();
      config = join(folder, 'compiled.yaml');
      await writeFile(config, manifest(deployment.variables));
    });
    afterAll(() => deployment.stop());

    it('of each chunk, and accepts it', async () => {
      const loaded = await chunksOf(['-f', config], built);
      expect(loaded.filter(({ accepted }) => !accepted)).toEqual([]);
      expect(loaded.map(({ name }) => name)).toEqual(expect.arrayContaining(['cli', 'common', 'minio', 'pg', 'yaml']));
      // The package, and any other Node, do without it.
      expect((await chunksOf(['-f', config])).filter(({ accepted }) => accepted !== undefined)).toEqual([]);
    });

    it('of nearly all that a healthy run calls; if not, `npm run profile` writes build/code/called.txt again', async () => {
      const profile = readProfile();
      const called = [...(await calledBy(['-f', config, '--strict']))].flatMap(([chunk, paths]) =>
        [...paths].map((path) => profile.get(chunk)?.has(path) ?? false),
      );
      expect(called.length).toBeGreaterThan(1000);
      expect(called.filter((isKnown) => isKnown).length / called.length).toBeGreaterThan(0.85);
    });
  });

  it('has Node load none of its own parts that no run needs', async () => {
    const unneeded = /undici|internal\/(?:blocklist|process\/report|source_map|util\/parse_args|worker)\b/;
    const loaded = moduleOf(`process.on('exit', () => {
      const names = process.moduleLoadList.filter((name) => !before.has(name));
      console.error(JSON.stringify(names.filter((name) => ${unneeded}.test(name))));
    });
    const before = new Set(process.moduleLoadList);`);
    const { stderr } = await run(['-f', '/nowhere'], { executable, imports: [loaded] });
    expect(stderr).toMatch(/\/nowhere.*\n\[\]\n$/s);
  });

  it("loads Node's own modules before it changes the settings of V8, which then accepts no cached code of them", async () => {
    const atChange = moduleOf(`import { syncBuiltinESMExports } from 'node:module';
      import v8 from 'node:v8';
      const loaded = new Set(process.moduleLoadList);
      let atChange;
      v8.setFlagsFromString = () => (atChange ??= new Set(process.moduleLoadList));
      syncBuiltinESMExports();
      process.on('exit', () => {
        const after = process.moduleLoadList.filter((name) => /^NativeModule /.test(name) && !atChange.has(name));
        console.error(JSON.stringify({ before: atChange.size - loaded.size, after: after.length }));
      });`);
    const { stderr } = await run(['-f', '/nowhere'], { executable, imports: [atChange] });
    const { before, after } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    expect(before).toBeGreaterThan(50);
    expect(after).toBeLessThan(5);
  });
});
