/** After `npm ci` and `npm install`: npm's script `prepare`. JavaScript, so that an older Node can run it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(ROOT, 'package-lock.json');

// The engines of the packages say nothing that those of package.json do not (test/house holds that). Without them, npm warns an
// older Node once, and not once for each package.
const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
const packages = Object.entries(lock.packages).filter(([place, { engines }]) => place !== '' && engines !== undefined);
for (const [, one] of packages) delete one.engines;
if (packages.length > 0) writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);

// The scripts run the sources, which are TypeScript.
if (!process.features.typescript) {
  console.error(
    `Node.js ${process.versions.node} can't run the sources: npm's scripts get their own in node_modules/.bin`,
  );
  run('build/node/install.mjs');
}

// In a clone that npm made to install from the address of the repository.
if (process.env.npm_package_resolved && !existsSync(join(ROOT, 'dist'))) run('build/package.ts');

/** With the `node` that is first on the path now. */
function run(script) {
  execFileSync('node', [script], { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
}
