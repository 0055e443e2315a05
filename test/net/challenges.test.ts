/** Challenges of real servers, and anything else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { challengesIn } from '../../src/net/challenges.ts';

test.each([
  [undefined, []],
  ['', []],
  ['Basic realm="Registry Realm"', [{ scheme: 'basic', parameters: { realm: 'Registry Realm' } }]],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/x:pull',
        },
      },
    ],
  ],
  ['bearer REALM = "a, \\"b\\"" , Service=x', [{ scheme: 'bearer', parameters: { realm: 'a, "b"', service: 'x' } }]],
  [
    'Negotiate, NTLM',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'ntlm', parameters: {} },
    ],
  ],
  [
    'Negotiate oYG2MIGz==, Basic realm="x", Bearer realm="y",scope="a,b"',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y', scope: 'a,b' } },
    ],
  ],
  [', ,Basic', [{ scheme: 'basic', parameters: {} }]],
  ['"nothing"', []],
  ['Bearer realm="unfinished', [{ scheme: 'bearer', parameters: {} }]],
])('%s', (header, challenges) => {
  expect(challengesIn(header).slice(0, challenges.length || undefined)).toEqual(challenges);
});

test('any text is read, and its end is found', () => {
  const part = fc.constantFrom('Bearer ', 'realm=', '"', '\\', ',', ' ', '=', 'x', ';');
  fc.assert(fc.property(fc.array(part), (parts) => void challengesIn(parts.join(''))));
  expect(challengesIn(`Bearer ${'a=b,'.repeat(100_000)}`).length).toBeLessThan(3);
});
