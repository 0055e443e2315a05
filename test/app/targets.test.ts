/** What `--vcs` and `--pull` accept, on the command line and in the API. */
import { expect, test } from 'vitest';
import { targetsIn } from '../../src/app/targets.ts';

test('each target once, in the form that the checks use', () => {
  expect(targetsIn({ vcs: ['github.com', 'https://github.com/'], pull: ['a', 'a', 'b:v1'] }, '--')).toEqual({
    vcs: ['https://github.com'],
    pull: ['a', 'b:v1'],
  });
  expect(targetsIn({}, '')).toEqual({ vcs: [], pull: [] });
});

test.each([
  [
    { vcs: ['git@github.com:org/repository.git'] },
    '--vcs: expected a URL such as https://github.com, without a user name and password',
  ],
  [
    { vcs: ['https://me:hunter22@github.com'] },
    '--vcs: expected a URL such as https://github.com, without a user name and password',
  ],
  [
    { pull: ['registry.corp.io/Launcher'] },
    '--pull: expected an image such as registry.corp.io/spacelift/launcher:v4.3.0; its repository must be lowercase',
  ],
  [
    { pull: ['registry.corp.io/launcher', 'registry.corp.io/Launcher', 'launcher'] },
    '--pull (2 of 3): expected an image such as registry.corp.io/spacelift/launcher:v4.3.0; its repository must be lowercase',
  ],
  [
    { vcs: ['https://github.com', 'git@github.com:org/repository.git'] },
    '--vcs (2 of 2): expected a URL such as https://github.com, without a user name and password',
  ],
])('%j', (given, message) => expect(() => targetsIn(given, '--')).toThrow(message));
