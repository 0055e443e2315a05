/** Makes everything that a release publishes, in `release/`, on Linux with Debian's packages for all platforms. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { ROOT } from './bundle.ts';
import { checkNode, endWith, optionsOf, source, UsageError } from './options.ts';
import { addChart, addExecutables, addFormula, addImage, addPackage, Release } from './release/artifacts.ts';
import { unready } from './release/manifest.ts';
import { readme } from './release/readme.ts';

const OUT = join(ROOT, 'release');

const USAGE = `Usage: npm run release -- [options]

  --allow-placeholders   make the files for a trial, although package.json or CHANGELOG.md is not ready for a release
  --tag <name>           the tag that the release is for, which must be v and the version in package.json
  --out <folder>         a new or empty folder to write to; release, which is emptied, if not given
  --help                 show this help`;

interface Options {
  readonly out: string;
  /** Something is missing, and allowed to be. */
  readonly trial: boolean;
}

async function releaseOptions(args: readonly string[]): Promise<Options | 'help'> {
  const {
    'allow-placeholders': allowed = false,
    tag,
    out,
    help,
  } = optionsOf(args, {
    'allow-placeholders': { type: 'boolean' },
    tag: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean' },
  });
  if (help) return 'help';
  const reason = unready(manifest, await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'), tag);
  if (reason !== undefined && !allowed) throw new UsageError(`${reason}; for a trial: --allow-placeholders`);
  return { out: out ?? OUT, trial: reason !== undefined };
}

async function prepare(out: string): Promise<void> {
  if (out === OUT) await rm(OUT, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0) throw new UsageError(`--out ${out}: expected a new or empty folder`);
}

async function main(): Promise<void> {
  const options = await releaseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  checkNode();
  const { created } = await source();
  const { out, trial } = options;
  await prepare(out);
  const release = new Release(out);
  const work = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    await addPackage(release, work);
    await addExecutables(release, created);
    await addImage(release, work);
    await addChart(release);
    await addFormula(release);
  } finally {
    await rm(work, { recursive: true });
  }
  const list = readme(`${manifest.name} ${manifest.version}`, release.listed, trial);
  await release.write('README.md', list);
  const sums = [...release.sums].map(([file, sum]) => `${sum}  ${file}\n`);
  await release.write('SHA256SUMS', sums.join(''));
  console.log(list);
}

await endWith(main);
