/**
 * `npm run advisories`: what is known of the packages that the bundle holds, as `npm audit` of exactly those has it.
 *
 * `--osv <folder>` asks no registry but a folder of advisories in OSV's format, such as a clone of a database of them.
 * The exit code is 0 when no advisory is open, 1 when one is, 2 when there is no answer: that is not "none".
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundledPackages } from './advisories/bundled.ts';
import { exceptionsIn } from './advisories/exceptions.ts';
import { judged, NoAnswer, said } from './advisories/judge.ts';
import { audited } from './advisories/npm.ts';
import { knownIn } from './advisories/osv.ts';
import { ROOT } from './bundle.ts';

const EXCEPTIONS = 'security/advisories.json';

const work = await mkdtemp(join(tmpdir(), 'advisories-'));
try {
  const { values } = parseArgs({ options: { osv: { type: 'string' }, exceptions: { type: 'string' } } });
  const exceptions = exceptionsIn(await readFile(values.exceptions ?? join(ROOT, EXCEPTIONS), 'utf8'));
  const bundled = await bundledPackages(join(work, 'bundle'));
  const found = await (values.osv === undefined ? audited(bundled, work) : knownIn(values.osv, bundled));
  const judgement = judged(found, exceptions, new Date().toISOString().slice(0, 10));
  process.stdout.write(said(judgement, bundled.length));
  process.exitCode = judgement.open.length > 0 ? 1 : 0;
} catch (error) {
  const { message } = error as Error;
  process.stderr.write(`${error instanceof NoAnswer ? 'no answer, which is not "none": ' : ''}${message}\n`);
  process.exitCode = 2;
} finally {
  await rm(work, { recursive: true });
}
