/**
 * `npm run advisories`: the known advisories for the bundled packages, from `npm audit` for exactly these packages.
 *
 * `--osv <folder>` reads a folder of advisories in OSV format, such as a clone of an advisory database, instead of the registry.
 * The exit code is 0 if no advisory is open, 1 if one is, and 2 if there is no answer, which does not mean "none".
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
  process.stderr.write(`${error instanceof NoAnswer ? 'no answer, which does not mean "none": ' : ''}${message}\n`);
  process.exitCode = 2;
} finally {
  await rm(work, { recursive: true });
}
