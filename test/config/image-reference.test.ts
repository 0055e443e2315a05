/** Names of images, read like Docker, containerd and Kubernetes read them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fullName, parseImage } from '../../src/config/image-reference.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('valid names', () => {
  test.each([
    ['launcher', 'docker.io/library/launcher:latest'],
    ['spacelift/launcher', 'docker.io/spacelift/launcher:latest'],
    ['docker.io/launcher:v1', 'docker.io/library/launcher:v1'],
    ['index.docker.io/spacelift/launcher', 'docker.io/spacelift/launcher:latest'],
    ['public.ecr.aws/spacelift/launcher:v4.3.0', 'public.ecr.aws/spacelift/launcher:v4.3.0'],
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/launcher',
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/launcher:latest',
    ],
    ['localhost/launcher', 'localhost/launcher:latest'],
    ['localhost:5000/launcher:v1', 'localhost:5000/launcher:v1'],
    ['registry:5000/launcher', 'registry:5000/launcher:latest'],
    ['[::1]:5000/launcher', '[::1]:5000/launcher:latest'],
    ['Registry/launcher', 'Registry/launcher:latest'],
    ['team/infra/launcher_v2--x.y', 'docker.io/team/infra/launcher_v2--x.y:latest'],
    [`registry.corp.io/launcher@${DIGEST}`, `registry.corp.io/launcher@${DIGEST}`],
    [`registry.corp.io/launcher:v1@${DIGEST}`, `registry.corp.io/launcher@${DIGEST}`],
    ['launcher:5000', 'docker.io/library/launcher:5000'],
  ])('%s', (name, full) => {
    const image = parseImage(name);
    expect('problem' in image ? image : fullName(image)).toBe(full);
  });
});

describe('invalid names', () => {
  test.each([
    ['registry.corp.io/Spacelift/Launcher:V1', /lowercase/, 'registry.corp.io/spacelift/launcher:V1'],
    ['Launcher', /lowercase/, 'launcher'],
    ['https://registry.corp.io/launcher/', /scheme/, 'registry.corp.io/launcher'],
    ['docker://registry.corp.io/launcher', /scheme/, 'registry.corp.io/launcher'],
    ['registry.corp.io/', /empty/, undefined],
    ['https://registry.corp.io/', /scheme/, undefined],
    ['registry.corp.io//launcher', /empty/, undefined],
    ['/launcher', /empty/, undefined],
    ['', /empty/, undefined],
    ['launcher:', /tag/, undefined],
    ['launcher:v1.0+build', /tag/, undefined],
    ['launcher:-v1', /tag/, undefined],
    [`launcher:${'v'.repeat(129)}`, /tag/, undefined],
    ['launcher@sha256:abc', /digest/, undefined],
    [`launcher@sha256:${'0A'.repeat(32)}`, /digest/, undefined],
    ['registry.corp.io:70000/launcher', /registry/, undefined],
    ['registry_corp.io/launcher', /registry/, undefined],
    ['my launcher', /whitespace/, undefined],
    ['a..b', /separators/, undefined],
    [`registry.corp.io/${'a'.repeat(250)}`, /too long/, undefined],
    ['x'.repeat(5000), /too long/, undefined],
  ])('%s', (name, problem, corrected) => {
    const image = parseImage(name);
    expect(image).toEqual({ problem: expect.stringMatching(problem), ...(corrected !== undefined && { corrected }) });
  });
});

test('any text is a name or has a problem, and a corrected name is valid', () => {
  const part = fc.constantFrom(
    'a',
    'B',
    '.',
    '-',
    '_',
    '/',
    ':',
    '@',
    'sha256:',
    'docker.io',
    'https://',
    '[::1]',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const image = parseImage(text);
        if (!('problem' in image)) expect(parseImage(fullName(image))).toMatchObject({ repository: image.repository });
        else if (image.corrected !== undefined) expect(parseImage(image.corrected)).not.toHaveProperty('problem');
      },
    ),
  );
});
