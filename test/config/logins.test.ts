/** A login is seen nowhere: not in a text, not in a value, whatever its scheme. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loginSecretsIn, looksSecret, maskLogins, maskTokens, maskValue } from '../../src/config/logins.ts';
import { redactor } from '../../src/config/redact.ts';
import { secretsOf } from '../../src/config/secrets.ts';
import { sanitizer } from '../../src/report/sanitize.ts';
import { RUNS } from '../support/arbitrary.ts';
import { expectLinear } from '../support/growth.ts';
import { source } from '../support/preflight.ts';

describe('a text', () => {
  it.each([
    ['https://user:pw@host/x', 'https://‹redacted›@host/x'],
    ['https://user:pw@host:8443', 'https://‹redacted›@host:8443'],
    ['https://ghp_abc@github.com/x', 'https://‹redacted›@github.com/x'],
    ['https://:pw@host', 'https://‹redacted›@host'],
    ['mqtts://u:p@b:8883, tried twice', 'mqtts://‹redacted›@b:8883, tried twice'],
    ['postgres://u:p@ss@h/d', 'postgres://‹redacted›@h/d'],
    ['postgres://u:p@h1/d and postgres://v:q@h2/d', 'postgres://‹redacted›@h1/d and postgres://‹redacted›@h2/d'],
    ['https://u:p@h1,https://v:q@h2', 'https://‹redacted›@h1,https://‹redacted›@h2'],
    ['"http://u:p@h","b@c"', '"http://‹redacted›@h","b@c"'],
    ['http://u:p@h/x?mail=a@b', 'http://‹redacted›@h/x?mail=a@b'],
    ['http://u:sl/ash@h/x', 'http://‹redacted›@h/x'],
    ['http://u:ha#sh?@h/x', 'http://‹redacted›@h/x'],
    ['HTTP://U:P@H', 'HTTP://‹redacted›@H'],
    [
      'https://a.blob.core.windows.net/c?sv=2024&sig=abc%2Fdef&se=1',
      'https://a.blob.core.windows.net/c?sv=2024&sig=‹redacted›&se=1',
    ],
    ['AccountName=a;AccountKey=abc==;EndpointSuffix=x', 'AccountName=a;AccountKey=‹redacted›;EndpointSuffix=x'],
    ['https://b.s3.amazonaws.com/k?X-Amz-Signature=0a1b', 'https://b.s3.amazonaws.com/k?X-Amz-Signature=‹redacted›'],
  ])('%s', (text, expected) => {
    expect(maskLogins(text)).toBe(expected);
    expect(maskLogins(expected)).toBe(expected);
  });

  it.each([
    'image:tag@sha256:0123456789abcdef',
    'oci://image:tag@sha256:0123456789abcdef',
    'oci://registry.io:5000/image:tag@sha256:0123456789abcdef',
    'serviceAccount:x@project.iam.gserviceaccount.com',
    'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x@p.iam.gserviceaccount.com:signBlob',
    'postgres://spacelift@db.internal/spacelift',
    'postgres://sa@project.iam@10.0.0.3/spacelift',
    'postgres://user:password@host:5432/database?sslmode=require',
    'git@github.com:spacelift-io/x.git',
    'ssh://git@github.com/spacelift-io/x.git',
    'http://host:4317/v1@x',
    'http://host:4317, see a@b',
    'https://github.com/@scope/package',
    'https://docs.spacelift.io/self-hosted/latest, or mail admin@corp.io',
    'postgres://<user>:<password>@<host>/<database>',
    'https://me:‹redacted›@proxy',
    'https://…@host',
    '//…@host',
  ])('%s stays', (text) => {
    expect(maskLogins(text)).toBe(text);
  });

  it('any login of any URL is gone, and its host is there', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9!$%&*+=~^()-]{1,30}$/);
    const scheme = fc.constantFrom('http', 'https', 'mqtts', 'postgres', 'redis', 'amqps', 'grpc', 'socks5h');
    fc.assert(
      fc.property(scheme, word, word, (name, user, password) => {
        const clean = maskLogins(`at ${name}://${user}:${password}@host.io:1/x now`);
        expect(clean).toBe(`at ${name}://‹redacted›@host.io:1/x now`);
      }),
      RUNS,
    );
  });

  it('is read in time that grows with its length alone, whatever it holds', async () => {
    for (const part of [
      'a',
      'a:',
      'a@',
      'a://',
      'x://a:b@',
      'x://a:',
      'sig=',
      'a:b@c,',
      '://',
      'a:b/',
      'a@',
      'a-',
      'pass',
      '&pass=',
      'password=a;',
      '"token" ',
      '"a":"',
      'a;',
    ]) {
      for (const read of [maskLogins, maskValue, loginSecretsIn, looksSecret, maskTokens]) {
        await expectLinear((length) => read(part.repeat(length / part.length)), 12_500);
      }
    }
  });
});

describe('a value', () => {
  it('without a scheme shows nothing of its login, and its host', () => {
    const word = fc.stringMatching(/^[A-Za-z!$%&*+=~^()-][A-Za-z0-9!$%&*+=~^()-]{7,30}$/);
    const before = fc.constantFrom('', '//', '://', 'svc@corp:', '//svc@corp:', 'svc:', '//svc:');
    fc.assert(
      fc.property(before, word, (start, password) => {
        const value = `${start}${start.endsWith('svc:') || start.endsWith('corp:') ? '' : 'u:'}${password}@host.io:1`;
        expect(maskValue(value)).toBe(`${/^:?\/\//.exec(start)?.[0] ?? ''}‹redacted›@host.io:1`);
        expect(loginSecretsIn(value)).toContain(password);
      }),
      RUNS,
    );
  });

  it.each([
    ['user:pw@host', '‹redacted›@host'],
    ['user:pw@host:1984', '‹redacted›@host:1984'],
    [':pw@redis:6379', '‹redacted›@redis:6379'],
    ['u:p@h1:9092,v:q@h2:9092', '‹redacted›@h2:9092'],
    ['"user:pw@host"', '"‹redacted›@host"'],
    ['user:pw@[::1]:80', '‹redacted›@[::1]:80'],
    ['user:p@ss@host/path', '‹redacted›@host/path'],
    ['mqtt://user:pw@mqtt:1984', 'mqtt://‹redacted›@mqtt:1984'],
    ['//user:pw@host', '//‹redacted›@host'],
    ['://user:pw@host/x', '://‹redacted›@host/x'],
    ['mqtt//user:pw@host:1', 'mqtt//‹redacted›@host:1'],
    ['//pw@host', '//‹redacted›@host'],
    ['//u:p@h1,//v:q@h2', '//‹redacted›@h2'],
    ['svc@corp:pw@gw.corp:443', '‹redacted›@gw.corp:443'],
    ['//svc@corp:p@ss@gw.corp', '//‹redacted›@gw.corp'],
    ['svc@corp:u:p@db', '‹redacted›@db'],
    ['https://h/x?api-key=pw&y=1', 'https://h/x?api-key=‹redacted›&y=1'],
    ['https://h/x?y=1&X-Api-Key=pw#z', 'https://h/x?y=1&X-Api-Key=‹redacted›#z'],
    ['https://h/x?Pwd=p@ss', 'https://h/x?Pwd=‹redacted›'],
    ['https://svc@corp:p@ss@h/x', 'https://‹redacted›@h/x'],
    ['https://svc@corp:pw/pw@h/x', 'https://‹redacted›@h/x'],
    ['https://h/x?db_passwd=pw', 'https://h/x?db_passwd=‹redacted›'],
    ['https://h/x?clientSecret=pw', 'https://h/x?clientSecret=‹redacted›'],
    ['host=h user=u password=pw dbname=d', 'host=h user=u password=‹redacted› dbname=d'],
    ["host=h password='pw pw' dbname=d", "host=h password='‹redacted›' dbname=d"],
    ['Server=h;Pwd=p@ss;Database=d', 'Server=h;Pwd=‹redacted›;Database=d'],
    ['password=pw,pw;pw', 'password=‹redacted›'],
    ["'password=pw' is", "'password=‹redacted›' is"],
    ['--db-password=pw', '--db-password=‹redacted›'],
    ['{"user":"u","password":"pw"}', '{"user":"u","password":"‹redacted›"}'],
    ['{"api_key" : "pw\\"pw"}', '{"api_key" : "‹redacted›"}'],
  ])('%s', (value, expected) => {
    expect(maskValue(value)).toContain(expected);
    for (const secret of ['pw', 'p@ss', 'u:p', 'v:q']) expect(maskValue(value)).not.toContain(secret);
  });

  it.each([
    'image:tag@sha256:0123456789abcdef',
    'registry.io:5000/launcher:v3@sha256:0123456789abcdef',
    'serviceAccount:x@project.iam.gserviceaccount.com',
    'admin@corp.io',
    'git@github.com:spacelift-io/x.git',
    'arn:aws:iam::123456789012:user/a@corp.io',
    'mailto:admin@corp.io',
    'ops@corp.io',
    'ops@corp.io,dev@corp.io',
    'user@host:5432',
    'a@h1:5432,b@h2:5433',
    '//host:4317/v1@x',
    'repo/img:tag@sha256:0123456789abcdef',
    'registry.io/repo/img@sha256:0123456789abcdef',
    'arn:aws:sqs:us-east-1:123456789012:queue',
    'redis://host:6379/0',
    'https://host:8080/v1@x',
    'spacelift/+/state@home/#',
    'git@github.com:org/repo.git@v1.2',
    'ssh://git@github.com/org/repo.git',
    'ssh://git@github.com:org/repo.git@v1.2',
    'postgres://u@h1:5432,h2:5432/d',
    '//git@github.com/org/repo.git',
    'https://h/x?bypass=corridor&page=2&compass=north',
    'password=',
    'password=true',
    'use-password=false',
    'token=3600',
    'password=<password>',
    'password=${PASSWORD}',
    'password=‹redacted›',
    'passwords=many',
    'secret_name=spacelift-tls',
    '{"password":""}',
    '{"password":true}',
    'service.name=spacelift,team=token-holders',
    'host:5432',
    '[::1]:80',
  ])('%s stays', (value) => {
    expect(maskValue(value)).toBe(value);
    expect(loginSecretsIn(value)).toEqual([]);
  });

  it.each([
    ['postgres://spacelift:s3cr%40t@db/x', ['s3cr%40t', 's3cr@t', 'spacelift:s3cr%40t@', 'spacelift:s3cr@t@']],
    ['postgres://sa@project.iam@10.0.0.3/x', []],
    ['postgres://spacelift@db/x', []],
    ['https://a-token@host', ['a-token', 'a-token']],
    [
      'https://ghp_0123456789:x@host',
      ['x', 'x', 'ghp_0123456789:x@', 'ghp_0123456789:x@', 'ghp_0123456789', 'ghp_0123456789'],
    ],
    ['https://git@github.com/x', []],
    ['postgres://user:password@host/x', []],
    ['u:p@h', ['p', 'p', 'u:p@', 'u:p@']],
    ['https://h/x?sig=abc', ['abc', 'abc']],
    ['https://h/x?token=abc', ['abc', 'abc']],
    ['AccountKey=abc==', ['abc==']],
    ['//u:p@h', ['p', 'u:p@']],
    ['//a-token@h', ['a-token']],
    ['svc@corp:p@gw:443', ['p', 'svc@corp:p@']],
    ['https://h/x?x-api-key=a%20b', ['a%20b', 'a b']],
    ['host=h password=abc', ['abc']],
    ['{"password":"abc"}', ['abc']],
  ])('of %s these are secret: %j', (value, expected) => {
    expect(new Set(loginSecretsIn(value))).toEqual(new Set(expected));
  });
});

describe('in a report', () => {
  const clean = (variables: Record<string, string>, text: string) =>
    sanitizer(redactor(secretsOf([source(variables)])))(text);

  it.each(['SERVER_DOMAIN', 'MQTT_BROKER_ENDPOINT', 'AWS_ENDPOINT_URL_S3', 'FEATURE_FLAG_X', 'UNKNOWN', 'AWS_PROFILE'])(
    'the login in %s is not seen, with a scheme or without',
    (name) => {
      for (const value of ['me:hunter22@broker:1', 'mqtt://me:hunter22@broker:1']) {
        for (const text of [value, `x ${value} y`, JSON.stringify({ value }), 'the password is hunter22']) {
          expect(clean({ [name]: value }, text)).not.toContain('hunter22');
        }
      }
    },
  );

  it('a login is known even when it is short', () => {
    expect(clean({ SERVER_DOMAIN: 'u:p@h' }, 'u:p@h is not a host')).toBe('‹redacted›@h is not a host');
    expect(clean({ SERVER_DOMAIN: 'user:p@h' }, 'user:p@h is not a host')).toBe('‹redacted›@h is not a host');
  });

  it('users, hosts and databases are seen', () => {
    const variables = { DATABASE_URL: 'postgres://spacelift_app:hunter22@db.corp.io/spacelift_db' };
    const text = 'spacelift_app can’t log in to spacelift_db at db.corp.io';
    expect(clean(variables, text)).toBe(text);
  });
});

describe('what looks like a key or a token', () => {
  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    'ASIAIOSFODNN7EXAMPLE',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'github_pat_11ABC',
    'glpat-abcdefgh',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x',
    'wJalrXUtnFEMI7MDENGbPxRfiCYEXAMPLEKEY',
    '0123456789abcdef0123456789abcdef',
  ])('%s', (word) => {
    expect(looksSecret(word)).toBe(true);
    expect(maskTokens(`found ${word} there`)).toBe('found ‹redacted› there');
  });

  it.each([
    'spacelift-shared',
    'OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES',
    'AWS_S3_US_EAST_1_REGIONAL_ENDPOINT',
    '6f1c2a34-0000-4000-8000-123456789abc',
    'spacelift-server-7d9f8b6c5d-x2x4z',
    'kubernetes.io/service-account-token',
    '123456789012',
    'docker-for-people',
  ])('not %s', (word) => {
    expect(looksSecret(word)).toBe(false);
    expect(maskTokens(word)).toBe(word);
  });
});
