import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { authoritiesAt, certificatesIn, systemAuthorities } from '../../src/net/system-store.ts';

const [one = '', two = '', three = '', four = ''] = tls.getCACertificates('bundled');
const folder = mkdtempSync(join(tmpdir(), 'store-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const trimmed = (pems: readonly string[]) => pems.map((pem) => pem.trim());

test('of the files, the first with certificates counts', () => {
  const files = [
    join(folder, 'none'),
    file('empty.crt', ''),
    file('first.crt', `# A\n${one}\n${two}`),
    file('next.crt', three),
  ];
  expect(authoritiesAt({ files, directories: [] })).toEqual(trimmed([one, two]));
});

test('what has no lines of its own is hidden, as for Go', () => {
  expect(certificatesIn(`# A\r\n${one} \r\n${two}`)).toEqual(trimmed([one, two]));
  for (const before of ['\uFEFF', '  ', 'CA: ']) {
    expect(certificatesIn(`${before}${one}\n${two}`)).toEqual(trimmed([two]));
  }
  expect(certificatesIn(`${one.trim()}${two}`)).toEqual([]);
});

test('a directory counts in addition: each file once, whatever else is in it', () => {
  const directory = join(folder, 'certs');
  mkdirSync(join(directory, 'inner'), { recursive: true });
  file('certs/three.pem', `${three}\n-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n`);
  file('certs/inner/not-read.pem', four);
  symlinkSync('three.pem', join(directory, 'a94d09e5.0'));
  symlinkSync(file('elsewhere.pem', two), join(directory, 'two.pem'));
  symlinkSync(join(folder, 'gone.pem'), join(directory, 'gone.pem'));
  expect(spawnSync('mkfifo', [join(directory, 'pipe')]).status).toBe(0);
  const found = authoritiesAt({ files: [file('bundle.crt', one)], directories: [directory, join(folder, 'nowhere')] });
  expect(found.toSorted()).toEqual(trimmed([one, two, three]).toSorted());
});

test.runIf(process.platform === 'linux')('on this machine, the same ones as Node reads', () => {
  const keys = (pems: readonly string[]) => new Set(pems.map((pem) => pem.replace(/\s+/g, '')));
  expect(keys(systemAuthorities())).toEqual(keys(tls.getCACertificates('system')));
});
