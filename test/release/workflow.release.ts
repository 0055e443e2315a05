/** The workflow that publishes a release; `artifacts.release.ts` runs some of its steps. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../ci/runner.ts';
import { ended } from '../support/programs.ts';
import { client } from './catalog.ts';

/** With shellcheck for the scripts in it. */
function actionlint(stdin: string): ReturnType<typeof ended> {
  const { command, args, env } = client('actionlint');
  const shellcheck = client('shellcheck');
  const options = [...args, '-no-color', '-shellcheck', shellcheck.command, '-'];
  return ended(command, options, { env: { ...shellcheck.env, ...env }, stdin });
}

test('actionlint finds nothing in the workflow, and would find a wrong name and a missing quote', async () => {
  const text = await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  expect(await actionlint(text)).toEqual({ code: 0, stdout: '', stderr: '' });
  for (const [right, wrong] of [
    ['matrix.platform }}', 'matrix.plattform }}'],
    ['"$GITHUB_REF_NAME" release', '$GITHUB_REF_NAME release'],
  ] as const) {
    expect(text).toContain(right);
    expect(await actionlint(text.replace(right, wrong))).toMatchObject({ code: 1 });
  }
});
