/** The certificate authorities for the tool itself, from files and from a variable. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { authoritiesIn } from '../../src/cli/prepare.ts';
import { AUTHORITIES_VARIABLE } from '../../src/config/options.ts';
import { selfSigned } from '../services/tls.ts';
import { command } from './host.ts';

it('are those in the files, and those in the variable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-authorities-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [one, other] = await Promise.all([selfSigned({ names: ['one'] }), selfSigned({ names: ['other'] })]);
  const path = join(folder, 'ca.pem');
  await writeFile(path, one.certPem);
  const timeout = 60;
  expect(await authoritiesIn({ timeout })).toBeUndefined();
  expect(await authoritiesIn({ timeout }, { [AUTHORITIES_VARIABLE]: '' })).toBeUndefined();
  const both = await authoritiesIn({ caFile: [path], timeout }, { [AUTHORITIES_VARIABLE]: other.certPem });
  expect(both?.split('\n').filter((line) => line === '-----BEGIN CERTIFICATE-----')).toHaveLength(2);
});

it.each([['x'], ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']])(
  'without a certificate: %j',
  async (pem) => {
    const { code, stderr } = await command(['-f', '-'], { env: { [AUTHORITIES_VARIABLE]: pem }, stdin: '' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `spacelift-preflight: ${AUTHORITIES_VARIABLE} contains no PEM certificate, which starts with a line -----BEGIN CERTIFICATE-----\n`,
    });
  },
);
