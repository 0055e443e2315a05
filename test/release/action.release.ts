/** The job of this repository that uses its action, run by act, a runner that others wrote: from a checkout that was not built. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { ended } from '../support/programs.ts';
import { client } from './catalog.ts';

const WORKFLOW = '.github/workflows/ci.yml';

test('the job “action” of the workflow passes, and the action builds its own checkout', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-act-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const clone = join(folder, 'repository');
  await promisify(execFile)('git', ['clone', '-q', ROOT, clone]);
  // The runner has a Node.js that will do: setting one up is not what is tested, and needs GitHub.
  const setup = /uses: (actions\/setup-node@[0-9a-f]{40})/.exec(await readFile(join(ROOT, WORKFLOW), 'utf8'))?.[1];
  const nothing = join(folder, 'setup-node');
  await mkdir(nothing);
  await writeFile(
    join(nothing, 'action.yml'),
    'name: Nothing\nruns:\n  using: composite\n  steps:\n    - run: "true"\n      shell: bash\n',
  );
  const { command, args, env } = client('act');
  const options = ['push', '--workflows', WORKFLOW, '--job', 'action', '--platform', 'ubuntu-24.04=-self-hosted'];
  const { code, stdout, stderr } = await ended(
    command,
    [...args, ...options, '--local-repository', `${setup}=${nothing}`, '--action-offline-mode'],
    {
      cwd: clone,
      env: { ...process.env, ...env, HOME: folder, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    },
  );
  const log = stdout + stderr;
  expect(log).toContain('ready, not-ready, failure');
  expect(log).toContain('Job succeeded');
  expect({ code, log }).toMatchObject({ code: 0 });
});
