/** Breaks every boundary of the house once, in a copy of its outline, and expects the linter to refuse it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIOME = join(ROOT, 'test/node_modules/.bin/biome');

/** The floors from the ground up; a floor imports from those before it. */
const FLOORS = [
  ['src/util', 'src/outcome'],
  ['src/config'],
  ['src/engine'],
  ['src/net'],
  ['src/clouds', 'src/cluster'],
  ['src/report', 'src/plan'],
  ['checks/database'],
  ['src/app'],
  ['src/cli'],
] as const;

interface Case {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

const named = (from: string, to: string): Case => ({ name: `${from} → ${to}`, from, to });

const UPWARDS = FLOORS.flatMap((floor, index) =>
  floor.flatMap((from) =>
    FLOORS.slice(index + 1)
      .flat()
      .map((to) => named(`${from}/broken.ts`, `${to}/index.ts`)),
  ),
);
const DOWNWARDS = FLOORS.flatMap((floor, index) =>
  floor.flatMap((from) =>
    FLOORS.slice(0, index)
      .flat()
      .filter((to) => !(to.startsWith('checks/') && from === 'src/cli'))
      .map((to) => named(`${from}/right.ts`, `${to}/inner.ts`)),
  ),
);
const REFUSED: readonly Case[] = [
  ...UPWARDS,
  named('checks/message-queues/sqs/broken.ts', 'checks/database/facts.ts'),
  named('checks/phase.ts', 'checks/database/facts.ts'),
  named('checks/identity/index.ts', 'checks/object-storage/aws/store.ts'),
  named('src/cli/explain.ts', 'checks/index.ts'),
  named('bin/spacelift-preflight.ts', 'checks/index.ts'),
  named('src/index.ts', 'checks/index.ts'),
];
const ALLOWED: readonly Case[] = [
  ...DOWNWARDS.filter(({ from }) => !from.startsWith('src/cli')),
  named('checks/message-queues/sqs/right.ts', 'checks/database/index.ts'),
  named('checks/message-queues/sqs/right.ts', 'checks/database/rules.ts'),
  named('checks/object-storage/aws/right.ts', 'checks/object-storage/messages.ts'),
  named('src/app/checks.ts', 'checks/index.ts'),
  named('src/cli/right.ts', 'src/app/preflight.ts'),
];

let folder: string;
/** Rules that were broken, by file. */
let broken: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'floors-'));
  const config = JSON.parse(await readFile(join(ROOT, 'biome.json'), 'utf8'));
  const imports = new Map<string, string[]>();
  for (const { from, to } of [...REFUSED, ...ALLOWED]) {
    const file = numbered(from, to);
    imports.set(file, [relative(dirname(file), to).replace(/^(?!\.)/, './')]);
  }
  // Two files that need each other's types alone.
  imports.set('src/net/one.ts', ['./two.ts']);
  imports.set('src/net/two.ts', ['./one.ts']);
  for (const [file, [specifier = '']] of imports) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(
      join(folder, file),
      `import type { Thing } from '${specifier}';\n\nexport type Own = { thing: Thing };\n`,
    );
  }
  await writeFile(
    join(folder, 'biome.json'),
    JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }),
  );
  const report = await new Promise<string>((resolve) => {
    const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
    execFile(BIOME, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => resolve(stdout));
  });
  const found = new Map<string, string[]>();
  for (const { category, location } of JSON.parse(report).diagnostics) {
    const path = location.path.file ?? location.path;
    found.set(path, [...(found.get(path) ?? []), category]);
  }
  broken = found;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file of its own for each case, in the folder of `from`; for a file outside of folders, the file itself. */
function numbered(from: string, to: string): string {
  return /(broken|right)\.ts$/.test(from) ? from.replace(/\.ts$/, `-${to.replaceAll(/[/.]/g, '-')}.ts`) : from;
}

const RESTRICTED = 'lint/style/noRestrictedImports';
const CYCLE = 'lint/suspicious/noImportCycles';

describe('the linter refuses', () => {
  test.for(REFUSED)('$name', ({ from, to }) => {
    expect(broken.get(numbered(from, to))).toContain(RESTRICTED);
  });

  test('a cycle, of types too', () => {
    expect(broken.get('src/net/one.ts')).toContain(CYCLE);
  });
});

describe('the linter allows', () => {
  test.for(ALLOWED)('$name', ({ from, to }) => {
    expect(broken.get(numbered(from, to)) ?? []).not.toContain(RESTRICTED);
  });
});

test('every folder of src and checks is on a floor', async () => {
  const [src, checks, config] = await Promise.all([
    readdir(join(ROOT, 'src'), { withFileTypes: true }),
    readdir(join(ROOT, 'checks'), { withFileTypes: true }),
    readFile(join(ROOT, 'biome.json'), 'utf8'),
  ]);
  const folders = (entries: typeof src) => entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders(src).toSorted()).toEqual(
    FLOORS.flat()
      .filter((name) => name.startsWith('src/'))
      .map((name) => name.slice('src/'.length))
      .toSorted(),
  );
  for (const name of folders(checks)) expect(config).toContain(`"**/${name}/**"`);
});
