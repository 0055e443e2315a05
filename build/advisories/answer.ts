/** What `npm run advisories` says about the bundled packages, and its exit code. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../bundle.ts';
import { exceptionsIn } from './exceptions.ts';
import { judged, NoAnswer, type Package, said } from './judge.ts';
import { audited } from './npm.ts';
import { knownIn } from './osv.ts';

const EXCEPTIONS = 'security/advisories.json';

export interface Answer {
  /** 0 if no advisory is open, 1 if one is, 2 if there is no answer, which does not mean "none". */
  readonly code: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param args of the command line
 * @param packages bundles into an empty folder, and returns what is in the bundle
 */
export async function answerOf(
  args: readonly string[],
  packages: (folder: string) => Promise<readonly Package[]>,
): Promise<Answer> {
  const work = await mkdtemp(join(tmpdir(), 'advisories-'));
  try {
    const options = { osv: { type: 'string' }, exceptions: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const exceptions = exceptionsIn(await readFile(values.exceptions ?? join(ROOT, EXCEPTIONS), 'utf8'));
    const bundled = await packages(join(work, 'bundle'));
    const found = await (values.osv === undefined ? audited(bundled, work) : knownIn(values.osv, bundled));
    const judgement = judged(found, exceptions, new Date().toISOString().slice(0, 10));
    return { code: judgement.open.length > 0 ? 1 : 0, stdout: said(judgement, bundled.length), stderr: '' };
  } catch (error) {
    const { message } = error as Error;
    const stderr = `${error instanceof NoAnswer ? 'no answer, which does not mean "none": ' : ''}${message}\n`;
    return { code: 2, stdout: '', stderr };
  } finally {
    await rm(work, { recursive: true });
  }
}
