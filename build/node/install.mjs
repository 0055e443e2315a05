/**
 * `npm run developed-node`: puts the Node.js that the project is developed with first on the path of npm's scripts, as
 * `node_modules/.bin/node`. JavaScript, so that an older Node can run it. The lock file beside it has the checksum.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const BIN = join(HERE, '..', '..', 'node_modules', '.bin');
const MANIFEST = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));
const [VERSION] = Object.values(MANIFEST.optionalDependencies);

if (process.versions.node !== VERSION) {
  mkdirSync(BIN, { recursive: true });
  const work = mkdtempSync(join(BIN, '..', '.node-'));
  try {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(HERE, name), join(work, name));
    const flags = ['--include=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', ['ci', ...flags], {
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    const modules = join(work, 'node_modules');
    const [name] = readdirSync(modules).filter((one) => one.startsWith('node-'));
    if (name === undefined) throw new Error(`npm has no Node.js ${VERSION} for ${process.platform}-${process.arch}`);
    const [file] = readdirSync(join(modules, name, 'bin')).filter((one) => /^node(\.exe)?$/.test(one));
    renameSync(join(modules, name, 'bin', file), join(BIN, file));
  } catch (error) {
    console.error(`Node.js ${VERSION} is needed and could not be installed: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true });
  }
}
