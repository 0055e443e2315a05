/** What `--vcs` accepts. */
import { expect, test } from 'vitest';
import { versionControlUrl } from '../../src/config/version-control-url.ts';

test.each([
  ['https://github.com', 'https://github.com'],
  ['https://github.com/', 'https://github.com'],
  ['github.com', 'https://github.com'],
  ['git.corp.io:8443/gitlab', 'https://git.corp.io:8443/gitlab'],
  ['http://gitlab', 'http://gitlab'],
  ['https://git.corp.io/a?x=1#y', 'https://git.corp.io/a'],
  ['HTTPS://GitHub.com', 'https://github.com'],
  ['https://[::1]:8443', 'https://[::1]:8443'],
])('%s', (text, url) => expect(versionControlUrl(text)).toBe(url));

test.each([
  '',
  'https://',
  'ssh://git@github.com/org/repo',
  'git@github.com:org/repo.git',
  'https://user:token@github.com',
  'https://token@github.com',
  'file:///etc/passwd',
  'https://git corp',
  'https://git.corp.io:99999',
  'x'.repeat(2000),
])('not %s', (text) => expect(versionControlUrl(text)).toBeUndefined());
