/**
 * `npm run pretest`: installs the packages that only tests and the linter need, unless they are there, and puts their
 * commands on the path of npm's scripts.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

const HERE = import.meta.dirname;
const MODULES = join(HERE, 'node_modules');
const LOCK = join(HERE, 'package-lock.json');
/** A copy of the lock file that was installed. */
const INSTALLED = join(MODULES, '.installed.json');
const COMMANDS = ['biome', 'vitest'];
const BIN = join(HERE, '..', 'node_modules', '.bin');

const { status: node } = spawnSync(process.execPath, [join(HERE, '../build/node/install.mjs')], { stdio: 'inherit' });
if (node !== 0) process.exit(1);

const found = lstatSync(MODULES, { throwIfNoEntry: false });
// A link belongs to another worktree, which installs for itself.
if (!found?.isSymbolicLink()) {
  const current = existsSync(INSTALLED) && readFileSync(INSTALLED).equals(readFileSync(LOCK));
  if (!current) {
    // Standard output belongs to the command that follows.
    const flags = ['--include=optional', '--no-audit', '--no-fund'];
    const { status } = spawnSync('npm', ['ci', ...flags], { cwd: HERE, stdio: ['ignore', 2, 2] });
    if (status !== 0) process.exit(status ?? 1);
    copyFileSync(LOCK, INSTALLED);
  }
  for (const name of COMMANDS) {
    const [path, to] = [join(BIN, name), relative(BIN, join(MODULES, '.bin', name))];
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === to) continue;
    rmSync(path, { force: true });
    symlinkSync(to, path);
  }
}
