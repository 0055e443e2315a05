/** Docker's own registry: what it says of images and logins is understood. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { check } from '../checks/images/support.ts';
import { LOGIN, startRealRegistry } from './registry.ts';

const LAUNCHER = 'images/launcher';
const IMAGE = { repository: 'spacelift/launcher', tag: 'v4.3.0' };

async function outcome(
  [login, more = {}]: readonly ['none' | 'basic' | 'token', { hidden?: boolean }?],
  { auth, tag = IMAGE.tag, repository = IMAGE.repository }: { auth?: object; tag?: string; repository?: string } = {},
) {
  const registry = await startRealRegistry(login, IMAGE, more);
  onTestFinished(registry.stop);
  const result = await check(
    { LAUNCHER_IMAGE: `${registry.host}/${repository}`, LAUNCHER_IMAGE_TAG: tag },
    auth === undefined ? {} : { [registry.host]: auth },
  );
  expect(registry.log()).not.toMatch(/GET \/v2\/.*\/blobs\//);
  return result.finding(LAUNCHER);
}

const wrong = { ...LOGIN, password: 'another-registry-password' };

describe('an image can be pulled', () => {
  test.each([
    ['by anyone', ['none'], undefined],
    ['by anyone, although there is a login', ['none'], LOGIN],
    ['with a login', ['basic'], LOGIN],
    ['with a token for anyone', ['token'], undefined],
    ['with a token for a user', ['token', { hidden: true }], LOGIN],
  ] as const)('%s', async (_, registry, auth) => {
    expect(await outcome(registry, auth && { auth })).toMatchObject({
      status: 'pass',
      evidence: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
  });
});

describe('an image can’t be pulled', () => {
  test.each([
    ['a tag that was not pushed', ['none'], { tag: 'v4.3.1' }, /has no tag v4\.3\.1$/],
    [
      'a repository that does not exist',
      ['none'],
      { repository: 'spacelift/luncher' },
      /luncher.*(does not exist|has no tag v4\.3\.0)$|has no repository/,
    ],
    ['no login', ['basic'], {}, /can’t be pulled without a login$/],
    ['a wrong login', ['basic'], { auth: wrong }, /rejected the login in /],
    ['no token for a private image', ['token', { hidden: true }], {}, /can’t be pulled without a login$/],
    ['a wrong login at the token server', ['token'], { auth: wrong }, /rejected the login in /],
  ] as const)('%s', async (_, registry, more, title) => {
    expect(await outcome(registry, more)).toMatchObject({ status: 'fail', title: expect.stringMatching(title) });
  });
});
