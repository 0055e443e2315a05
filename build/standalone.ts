/** Builds a single executable with the bundle and Node for this platform, for machines without Node. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXECUTABLE, ROOT } from './bundle.ts';
import { withBundle } from './executable.ts';
import { notices } from './licenses.ts';

const OUT = join(ROOT, 'dist-standalone');
const NAME = `${basename(EXECUTABLE)}${process.platform === 'win32' ? '.exe' : ''}`;

await withBundle(async ({ chunks, write }) => {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT);
  await write(join(OUT, NAME));
  const sum = createHash('sha256')
    .update(await readFile(join(OUT, NAME)))
    .digest('hex');
  await writeFile(join(OUT, `${NAME}.sha256`), `${sum}  ${NAME}\n`);
  await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await notices(chunks));
});
