/** Which packages are installed when: the project's, those of the tests, and the Node.js that both are developed with. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { expect, test } from 'vitest';
import node from '../../build/node/package.json' with { type: 'json' };
import { NODE, PLATFORMS } from '../../build/node.ts';
import own from '../../package.json' with { type: 'json' };
import lock from '../../package-lock.json' with { type: 'json' };
import { ROOT } from '../ci/runner.ts';
import tests from '../package-lock.json' with { type: 'json' };

interface Locked {
  readonly version?: string;
  readonly engines?: unknown;
  readonly optional?: boolean;
}
/** By their place, such as `node_modules/pg`. */
const packages = Object.entries<Locked>(lock.packages).filter(([place]) => place !== '');

test('the lock file names no engines: an older Node is warned once, not once for each package', () => {
  expect(packages.filter(([, { engines }]) => engines !== undefined)).toEqual([]);
});

test('every package supports each Node that this one supports', async () => {
  const narrower: string[] = [];
  for (const [place, { optional }] of packages) {
    const text = await readFile(join(ROOT, place, 'package.json'), 'utf8').catch(() => undefined);
    // Those of other platforms are not installed.
    if (text === undefined && optional) continue;
    const { engines } = JSON.parse(text ?? '{}') as { engines?: { node?: string } };
    const supported = engines?.node ?? '*';
    if (!semver.subset(own.engines.node, supported)) narrower.push(`${place}: ${supported}`);
  }
  expect(narrower).toEqual([]);
});

test('what the sources use is not installed a second time for the tests, which would then not share its classes', () => {
  const shared = Object.keys(own.devDependencies).filter((name) =>
    Object.hasOwn(tests.packages, `node_modules/${name}`),
  );
  // Only types, which the type checker takes for the same if the versions are.
  expect(shared).toEqual(['@types/node']);
  const versions = [lock, tests].map(({ packages }) => packages['node_modules/@types/node'].version);
  expect(versions[0]).toBe(versions[1]);
});

test('Node.js is of one version for every platform', () => {
  expect(new Set(Object.values(node.optionalDependencies))).toEqual(new Set([NODE]));
  const names = Object.values(PLATFORMS).map((platform) => platform.package);
  expect(Object.keys(node.optionalDependencies)).toEqual(names.sort());
});

test('every script that starts a command of the tests installs it', () => {
  const { pretest, test: whole, ...others } = own.scripts;
  expect([pretest, whole]).toEqual(['node test/install.ts', 'vitest run']);
  const started = Object.values(others).filter((script) => /\b(vitest|biome|tsc)\b|(?:test|bench)\/\w/.test(script));
  expect(started.length).toBeGreaterThan(0);
  for (const script of started) expect(script).toMatch(/^npm run -s pretest && /);
});
