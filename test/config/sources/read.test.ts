import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, promises, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSources } from '../../../src/config/sources/index.ts';
import { messageOf, valuesOf } from './helpers.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sources-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};
async function* chunks(...parts: readonly (string | Uint8Array)[]) {
  for (const part of parts) yield Buffer.from(part);
}
const read = (
  files: readonly string[],
  { stdin = chunks(), env = {}, ...more }: Partial<Parameters<typeof readSources>[1]> = {},
) => readSources(files, { stdin, env, ...more });
const refused = (files: readonly string[], input = {}) => messageOf(read(files, input));

describe('files', () => {
  it('are one for each -f, on this machine', async () => {
    expect(await refused(['/nowhere/a.yaml,b.yaml'])).toBe(
      '/nowhere/a.yaml,b.yaml: no such file; repeat -f for each file',
    );
    expect(await refused(['https://user:hunter2@a.b/spacelift.yaml'])).toBe(
      '-f expects a file, not a URL: pipe it in with -f -',
    );
  });

  it('become a source each, in order, standard input among them', async () => {
    const one = file('one.env', 'SERVER_DOMAIN=one');
    const two = file('two.json', '{"SERVER_DOMAIN":"two"}');
    // A character of two bytes comes in two chunks.
    const stdin = chunks('SERVER_DOMAIN: ', Uint8Array.of(0xc3), Uint8Array.of(0xbc));
    const sources = await read([one, '-', two], { stdin, env: { SERVER_DOMAIN: 'environment' } });
    expect(sources.map(valuesOf)).toEqual([{ SERVER_DOMAIN: 'one' }, { SERVER_DOMAIN: 'ü' }, { SERVER_DOMAIN: 'two' }]);
    expect(sources.map(({ entries }) => entries[0]?.origin)).toEqual([one, 'standard input', two]);
  });

  it('may start with a byte order mark', async () => {
    const [source] = await read([file('bom.env', '\ufeffSERVER_DOMAIN=a.b')]);
    expect(source?.entries[0]).toMatchObject({ name: 'SERVER_DOMAIN', value: 'a.b' });
  });

  it('that can not be read are refused by name', async () => {
    const path = join(directory, 'missing.yaml');
    expect(await refused([path])).toBe(`${path}: no such file`);
    expect(await refused([''])).toBe("'': no such file");
    mkdirSync(join(directory, 'folder'));
    expect(await refused([join(directory, 'folder')])).toBe(`${directory}/folder: a directory, expected a file`);
    expect(await refused([join(file('plain', 'x'), 'below')])).toBe(`${directory}/plain/below: no such file`);
    symlinkSync('loop', join(directory, 'loop'));
    expect(await refused([join(directory, 'loop')])).toContain('too many levels of symbolic links');
    expect(await refused(['a\0b'])).toBe("a\\u{0}b: can't be read (ERR_INVALID_ARG_VALUE)");
    expect(await refused(['x/'.repeat(5000)])).toMatch(/^[x/]{127}…[x/]{128}: no such file: the name is too long$/);
  });

  it('that this user may not read are refused by name', async () => {
    const path = file('private.env', 'SERVER_DOMAIN=a.b');
    chmodSync(path, 0o000);
    // Root reads everything.
    if (process.getuid?.() === 0) expect(await read([path])).toHaveLength(1);
    else expect(await refused([path])).toBe(`${path}: permission denied`);
  });

  it('that are no text are refused', async () => {
    const binary = file('a.bin', Uint8Array.of(0x1f, 0x00, 0x08, 0x00, 0x41));
    expect(await refused([binary])).toBe(`${binary}: a binary file, expected text`);
    const gzip = file('a.gz', Uint8Array.of(0x1f, 0x8b, 0x08, 0x00, 0x41));
    expect(await refused([gzip])).toBe(
      `${gzip}: compressed with gzip, expected text; gunzip -c ${gzip} | spacelift-preflight -f -`,
    );
    const plan = file('plan.out', Buffer.from('PK\u0003\u0004\0\0tfplan', 'latin1'));
    expect(await refused([plan])).toBe(
      `${plan}: a ZIP archive, expected text; if it is a plan: tofu show -json ${plan} | spacelift-preflight -f -`,
    );
    const latin = file('latin.env', Buffer.from('SERVER_DOMAIN=m\xfcnchen', 'latin1'));
    expect(await refused([latin])).toBe(`${latin}: not UTF-8 text`);
    const utf16 = file('windows.env', Buffer.from('\ufeffSERVER_DOMAIN=a.b', 'utf16le'));
    expect(await refused([utf16])).toBe(`${utf16}: UTF-16 text, expected UTF-8`);
  });

  it('are read up to 8 MiB, standard input and endless devices too', async () => {
    const most = 8 * 1024 * 1024;
    const line = 'SERVER_DOMAIN=a.b\n#';
    const fits = file('fits.env', line.padEnd(most, 'x'));
    expect(await read([fits])).toHaveLength(1);
    const large = file('large.env', line.padEnd(most + 1, 'x'));
    expect(await refused([large])).toBe(`${large}: larger than 8 MiB, the maximum`);
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(65536, 'x');
    })();
    expect(await refused(['-'], { stdin: endless })).toBe('standard input: larger than 8 MiB, the maximum');
    expect(await refused(['/dev/zero'])).toBe('/dev/zero: larger than 8 MiB, the maximum');
  });
});

describe('what does not end', () => {
  const limit = (name: string) => `${name}: not fully read within 0.2 s (--timeout)`;

  it('is waited for as long as --timeout says, and not held on to', async () => {
    let ended = false;
    const silent = Readable.from(
      (async function* () {
        yield Buffer.from('SERVER_DOMAIN=a.b');
        await new Promise(() => {});
      })(),
    ).on('close', () => {
      ended = true;
    });
    expect(await refused(['-'], { stdin: silent, timeoutMs: 200 })).toBe(limit('standard input'));
    expect(ended || silent.destroyed).toBe(true);
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    expect(await refused(['-'], { stdin: never, timeoutMs: 200 })).toBe(limit('standard input'));
    const drops = (async function* () {
      for (;;) {
        await setTimeout(20);
        yield Buffer.from('A=b\n');
      }
    })();
    expect(await refused(['-'], { stdin: drops, timeoutMs: 200 })).toBe(limit('standard input'));
  });

  it('may be a pipe that nobody writes to, or that someone does in time', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await refused([pipe], { timeoutMs: 200 })).toBe(limit(pipe));
    const reading = read([pipe], { timeoutMs: 10_000 });
    await setTimeout(50);
    await promises.writeFile(pipe, 'SERVER_DOMAIN=a.b');
    expect(await reading).toHaveLength(1);
  });
});

describe('standard input', () => {
  it('can be read once', async () => {
    expect(await refused(['-', '-'])).toBe('standard input (-) can be read only once');
  });

  it('may be empty or fail', async () => {
    expect(await refused(['-'])).toMatch(/^standard input: empty; expected a Kubernetes Secret/);
    const broken = (async function* () {
      yield Buffer.from('SERVER_DOMAIN');
      throw Object.assign(new Error('EISDIR: illegal operation'), { code: 'EISDIR' });
    })();
    expect(await refused(['-'], { stdin: broken })).toBe('standard input: a directory, expected a file');
  });
});

describe('the process environment', () => {
  it('is the source when no file is named', async () => {
    const [source, ...more] = await read([], { env: { SERVER_DOMAIN: 'a.b', HOME: '/root', UNSET: undefined } });
    expect(more).toEqual([]);
    expect(source).toEqual({
      entries: [
        { name: 'SERVER_DOMAIN', kind: 'known', value: 'a.b', service: 'all', origin: 'the environment' },
        { name: 'HOME', kind: 'known', value: '/root', service: 'all', origin: 'the environment' },
      ],
      incomplete: false,
      process: true,
    });
  });

  it("must hold a variable of Spacelift's", async () => {
    expect(await refused([], { env: { HOME: '/root', AWS_PROFILE: 'prod' } })).toBe(
      'the environment contains no Spacelift variable; pass a config with -f',
    );
  });
});

it('loads a parser only for a file that needs it', () => {
  const script = `
    import { parseSource } from './src/config/sources/index.ts';
    import { createRequire } from 'node:module';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).map((path) => /node_modules.(yaml)/.exec(path)?.[1]);
    const seen = [];
    for (const text of ['{"SERVER_DOMAIN":"a"}', 'SERVER_DOMAIN=a', 'SERVER_DOMAIN: a']) {
      await parseSource('x', text);
      seen.push([...new Set(loaded().filter(Boolean))]);
    }
    console.log(JSON.stringify(seen));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual([[], [], ['yaml']]);
});
