/** Builds a single executable with the bundle and Node for this platform, for machines without Node. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';
import { bundle, EXECUTABLE, ROOT } from './bundle.ts';
import { notices } from './licenses.ts';

const OUT = join(ROOT, 'dist-standalone');
const NAME = `${basename(EXECUTABLE)}${process.platform === 'win32' ? '.exe' : ''}`;

const work = await mkdtemp(join(tmpdir(), 'standalone-'));
try {
  const chunks = await bundle(work);
  const written = await readdir(work, { recursive: true, withFileTypes: true });
  const files = written.flatMap((file) => (file.isFile() ? [join(file.parentPath, file.name)] : []));
  const main = join(work, 'main.mjs');
  const config = join(work, 'sea.json');
  await writeFile(main, `import './${EXECUTABLE}.js';`);
  await writeFile(
    config,
    JSON.stringify({
      main,
      mainFormat: 'module',
      output: join(OUT, NAME),
      disableExperimentalSEAWarning: true,
      // Loading only the required chunks is faster than loading a single file with its code cache.
      useVfs: true,
      assets: {
        'package.json': join(ROOT, 'package.json'),
        ...Object.fromEntries(files.map((file) => [relative(work, file).replaceAll(sep, '/'), file])),
      },
    }),
  );
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT);
  execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const sum = createHash('sha256')
    .update(await readFile(join(OUT, NAME)))
    .digest('hex');
  await writeFile(join(OUT, `${NAME}.sha256`), `${sum}  ${NAME}\n`);
  await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await notices(chunks));
} finally {
  await rm(work, { recursive: true });
}
