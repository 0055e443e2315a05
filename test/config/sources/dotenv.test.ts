import { expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { expectLinear } from '../../support/growth.ts';
import { refusal, valuesOf } from './helpers.ts';

it('reads quotes, comments, export and values over several lines', async () => {
  const text = `# Spacelift

export SERVER_DOMAIN=spacelift.corp.internal # inside
DATABASE_URL="postgres://spacelift:pa#ss@db/spacelift"
ADMIN_PASSWORD='single # quoted $HOME'
ENCRYPTION_RSA_PRIVATE_KEY="MIIJ
AbCd
=="
DATABASE_READ_ONLY_URL=
ENVIRONMENT = prod
AWS_ACCOUNT_ID=012345678901
`;
  const source = await parseSource('.env', text);
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'spacelift.corp.internal',
    DATABASE_URL: 'postgres://spacelift:pa#ss@db/spacelift',
    ADMIN_PASSWORD: 'single # quoted $HOME',
    ENCRYPTION_RSA_PRIVATE_KEY: 'MIIJ\nAbCd\n==',
    DATABASE_READ_ONLY_URL: '',
    ENVIRONMENT: 'prod',
    AWS_ACCOUNT_ID: '012345678901',
  });
  expect(source).toMatchObject({ incomplete: false, process: false });
  expect([...new Set(source.entries.map(({ service, origin }) => `${service} ${origin}`))]).toEqual(['all .env']);
});

it('reads what a shell wrote on Windows, and what Terraform prints for a shell', async () => {
  expect(valuesOf(await parseSource('.env', 'SERVER_DOMAIN=a.b\r\nENVIRONMENT="prod"\r\n'))).toEqual({
    SERVER_DOMAIN: 'a.b',
    ENVIRONMENT: 'prod',
  });
  expect(valuesOf(await parseSource('-', '\nexport AWS_REGION=eu-west-1\nexport SERVER_DOMAIN=a.b'))).toEqual({
    AWS_REGION: 'eu-west-1',
    SERVER_DOMAIN: 'a.b',
  });
});

it.each([
  ['abc#def123', 'abc#def123'],
  ['#abc', '#abc'],
  ['abc #def', 'abc'],
  ['abc\t# def', 'abc'],
  [' # def', ''],
  ['"abc #def" # ghi', 'abc #def'],
  ["'abc #def'", 'abc #def'],
  ['abc$def', 'abc$def'],
  ['abc$$def', 'abc$def'],
  ['"abc', '"abc'],
])('ends a value at a comment, which starts at whitespace and #: %j', async (written, value) => {
  const source = await parseSource('.env', `SERVER_DOMAIN=a.b\nADMIN_PASSWORD=${written}\nENVIRONMENT=prod\n`);
  expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', ADMIN_PASSWORD: value, ENVIRONMENT: 'prod' });
});

it('reads what Docker Compose rejects as the program that accepts it, or skips it', async () => {
  const literal = await parseSource('.env', 'SERVER_DOMAIN=a.b\nADMIN_PASSWORD=p${a.b} #c\n');
  expect(valuesOf(literal)).toEqual({ SERVER_DOMAIN: 'a.b', ADMIN_PASSWORD: 'p${a.b} #c' });
  const broken = await parseSource('.env', 'SERVER_DOMAIN="a.b"\nDATABASE URL!\nADMIN_PASSWORD="p${a.b}"\n');
  expect(valuesOf(broken)).toEqual({ SERVER_DOMAIN: 'a.b', ADMIN_PASSWORD: 'p${a.b}' });
});

it('puts in values of the same file, and never those of the process', async () => {
  const source = await parseSource(
    '.env',
    'SERVER_DOMAIN=a.b\nWEBHOOKS_ENDPOINT=https://${SERVER_DOMAIN}/w\nENVIRONMENT=$PATH',
  );
  expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', WEBHOOKS_ENDPOINT: 'https://a.b/w', ENVIRONMENT: '$PATH' });
});

it('is enough with one variable of Spacelift, and refused without', async () => {
  expect(valuesOf(await parseSource('over.env', 'FEATURE_FLAG_X=1'))).toEqual({ FEATURE_FLAG_X: '1' });
  const expected =
    'x.env: contains no Spacelift variable; expected SERVER_DOMAIN, DATABASE_URL, …, as in: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -';
  expect(await refusal('x.env', 'PATH=/bin\nDD_TAGS=a:b\nAWS_PROFILE=prod')).toBe(expected);
  expect(await refusal('x.env', 'server = "a.b"')).toBe(expected);
});

it('takes time that grows with its length alone, with blank lines or a large quoted value', async () => {
  await expectLinear((length) => parseSource('x.env', `SERVER_DOMAIN=a.b\n!${'\n'.repeat(length)}!`), 125_000);
  await expectLinear(async (length) => {
    const source = await parseSource('x.env', `SERVER_DOMAIN="${'x\n'.repeat(length)}"`);
    expect(source.entries[0]?.value.length).toBe(2 * length);
  }, 8_000);
  await expectLinear(async (length) => {
    const large = await refusal('x.env', `SERVER_DOMAIN="${'x\n'.repeat(length)}"`);
    expect(large).toContain('the value of SERVER_DOMAIN is larger than 128 KiB');
  }, 250_000);
});

it('begins with what a shell is told, comments or names without a value', async () => {
  for (const first of ['#!/bin/bash\nset -a\n', 'set -o\n', 'export SERVER_DOMAIN\n', 'HOME\n\n# x\nTERM\n']) {
    const { SERVER_DOMAIN: domain } = valuesOf(await parseSource('.env', `${first}SERVER_DOMAIN=a.b\nset +a\n`));
    expect(domain, first).toBe('a.b');
  }
});
