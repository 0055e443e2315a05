/** What is typed into a shell, and what the program is then started with, in whatever shell. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { SHELLS, type Shell } from '../../src/cli/options.ts';
import { command } from './host.ts';

/** `\t` is the key that completes. */
export const TYPED: readonly (readonly [keys: string, args: string])[] = [
  ['--form\\tjs\\t', '--format json'],
  ['-o ht\\t', '-o html'],
  ['--service wo\\t--read-\\t', '--service worker --read-only'],
  ['--phase=post\\t', '--phase post-install'],
  ['--only datab\\tprivil\\t', '--only database/privileges'],
  ['--only=object-storage/sta\\tver\\t', '--only object-storage/states/versioning'],
  ['--skip pairing/*\\t--str\\t', '--skip pairing/* --strict'],
  ['--require license/t\\t', '--require license/token'],
  ['--accept database/ver\\t--reas\\tok', '--accept database/version --reason ok'],
  ['-f serv\\t-f sh\\t', '-f server.yaml -f shared conf.yaml'],
  ['--ca-file dep\\tca\\t', '--ca-file deploy/ca.pem'],
  ['--report ht\\tprev\\t', '--report html=previous.html'],
  ['--report=junit=prev\\t', '--report junit=previous.html'],
  ['--wai\\t5m', '--wait 5m'],
  ['explain database/pri\\t', 'explain database/privileges'],
  ['pl\\t--fo\\tpre\\t', 'plan --format pretty'],
  ['plan --serv\\tdr\\t', 'plan --service drain'],
  ['-f plan --concur\\t2', '-f plan --concurrency 2'],
  ['comp\\tfi\\t', 'completion fish'],
  // Nothing there to complete.
  ['plan --strict\\t', 'plan --strict'],
  ['--timeout x\\t', '--timeout x'],
  ['explain no-such\\t', 'explain no-such'],
];

/** `--a=b` and `--a b` are one. */
export const normal = (args: readonly string[]): string =>
  args.map((arg) => arg.replace(/^(--[\w-]+)=/, '$1 ')).join(' ');

export interface Folder {
  readonly path: string;
  /** The script for each shell. */
  readonly scripts: Readonly<Record<Shell, string>>;
  remove(): Promise<void>;
}

/** Files to complete, and the scripts as the command prints them. */
export async function startFolder(): Promise<Folder> {
  const root = await mkdtemp(join(tmpdir(), 'preflight-completion-'));
  const path = join(root, 'files');
  await mkdir(join(path, 'deploy'), { recursive: true });
  const files = ['server.yaml', 'shared conf.yaml', 'previous.html', 'deploy/ca.pem'];
  await Promise.all(files.map((name) => writeFile(join(path, name), '')));
  const scripts = SHELLS.map(async (shell) => {
    const { code, stdout, stderr } = await command(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const script = join(root, shell);
    await writeFile(script, stdout);
    return [shell, script] as const;
  });
  return {
    path,
    scripts: Object.fromEntries(await Promise.all(scripts)) as Record<Shell, string>,
    remove: () => rm(root, { recursive: true }),
  };
}
