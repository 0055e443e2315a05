import { describe, expect, test } from 'vitest';
import { NEWER, OLDER } from '../../../checks/database/drivers.ts';
import { type DatabaseUrl, parseDatabaseUrl } from '../../../checks/database/url.ts';
import { UrlError } from '../../../checks/database/url-error.ts';
import { check } from './support.ts';

const tls = (url: DatabaseUrl) => url.tls.mode;

const DRIVERS = [OLDER, NEWER];

/** By the older and the newer version: what it reads, or the fault that it finds. */
const DIFFERENT: Record<string, [Partial<DatabaseUrl> | string, Partial<DatabaseUrl> | string]> = {
  'postgres://sa@project.iam:p@h/d': [{ user: 'sa@project.iam', password: 'p' }, 'unescaped'],
  'postgres://u:p@ss@h/d': [{ password: 'p@ss', hosts: [{ host: 'h', port: 5432 }] }, 'unescaped'],
  'postgres://u:p#1@h/d': ['unescaped', { password: 'p#1' }],
  'postgres://u:p?1@h/d': ['unescaped', { password: 'p?1' }],
  'postgres://u:p[1@h/d': ['unescaped', { password: 'p[1' }],
  'postgres://u:pä@h/d': ['unescaped', { password: 'pä' }],
  'postgres://u@h1,h2:5433/d': [
    {
      hosts: [
        { host: 'h1', port: 5433 },
        { host: 'h2', port: 5433 },
      ],
    },
    {
      hosts: [
        { host: 'h1', port: 5432 },
        { host: 'h2', port: 5433 },
      ],
    },
  ],
  'postgres://u@h1,h2,h3/d?port=1,2': [
    {
      hosts: [
        { host: 'h1', port: 1 },
        { host: 'h2', port: 2 },
        { host: 'h3', port: 1 },
      ],
    },
    'ports',
  ],
  'postgres://u@h1,,h2/d': [
    {
      hosts: [
        { host: 'h1', port: 5432 },
        { host: 'h2', port: 5432 },
      ],
    },
    {
      hosts: [
        { host: 'h1', port: 5432 },
        { host: '/tmp', port: 5432 },
        { host: 'h2', port: 5432 },
      ],
    },
  ],
  'postgres://u@::1/d': [{ hosts: [{ host: '::1', port: 5432 }] }, 'host'],
  'postgres://u@[::1]:1,[::2]:2/d': [
    'host-name',
    {
      hosts: [
        { host: '::1', port: 1 },
        { host: '::2', port: 2 },
      ],
    },
  ],
  'postgres://u@%2Fvar%2Frun:5433/d': ['host-name', { hosts: [{ host: '/var/run', port: 5433 }] }],
  'postgres://u@h/d?port=': ['port', { hosts: [{ host: 'h', port: 5432 }] }],
  'postgres://u@h/d?application_name=a+b': [
    { settings: { application_name: 'a b' } },
    { settings: { application_name: 'a+b' } },
  ],
  'postgres://u@h/d?search_path=a&search_path=b': [
    { settings: { search_path: 'a' } },
    { settings: { search_path: 'b' } },
  ],
  'postgres://u@h/d?search_path=a;b': [{ settings: {} }, { settings: { search_path: 'a;b' } }],
  'postgres://u@h/d?search_path=%zz': [{ settings: {} }, 'percent'],
  'postgres://u@h/d?options=-c a=b': [{ settings: { options: '-c a=b' } }, 'query'],
  'postgres://u@h/d?search_path=a b': [{ settings: { search_path: 'a b' } }, 'unescaped'],
  'postgres://u@h/d?search_path': [{ settings: { search_path: '' } }, 'query'],
  'postgres://u@h/d?ssl=true': [
    { settings: { ssl: 'true' } },
    { settings: {}, tls: expect.objectContaining({ mode: 'require' }) },
  ],
  'postgres://u@h/d?ssl=true&sslmode=disable': [
    { settings: { ssl: 'true' } },
    { settings: {}, tls: expect.objectContaining({ mode: 'disable' }) },
  ],
  'postgres://u@h/d?channel_binding=require': [
    { settings: { channel_binding: 'require' } },
    { settings: {}, auth: expect.objectContaining({ channelBinding: true }) },
  ],
  'postgres://u@h/d?require_auth=!password,!none': [
    { settings: { require_auth: '!password,!none' } },
    { auth: expect.objectContaining({ methods: ['md5', 'gss', 'sspi', 'scram-sha-256', 'oauth'] }) },
  ],
  'postgres://u@h/d?require_auth=md5,!none': [{ settings: { require_auth: 'md5,!none' } }, 'value'],
  'postgres://u@h/d?min_protocol_version=3.2&max_protocol_version=3.0': [{}, 'value'],
  'postgres://u@h/d?sslcert=/c&sslkey=/k&sslcertmode=disable': [
    { settings: { sslcertmode: 'disable' } },
    { tls: expect.objectContaining({ certificate: undefined, key: undefined, sni: true }) },
  ],
  'postgres://u@h/d?pool_ping_timeout=1s': [{ settings: { pool_ping_timeout: '1s' } }, { settings: {} }],
  'postgres://u:%F0%9F%98%80%CC%81e@h/d': [{}, { scramPassword: '😀\u0301e' }],
};

test.for(Object.entries(DIFFERENT))('%s is read differently by versions of pgx', ([text, expected]) => {
  DRIVERS.forEach((driver, index) => {
    const reading = () => parseDatabaseUrl(text, driver);
    const one = expected[index];
    if (typeof one === 'string') expect(reading).toThrow(one);
    else expect(reading()).toMatchObject(one ?? {});
  });
});

describe('what pgx reads', () => {
  const cases: Record<string, Partial<DatabaseUrl>> = {
    'postgres://u:p@h/d': { user: 'u', password: 'p', database: 'd', hosts: [{ host: 'h', port: 5432 }], settings: {} },
    'postgresql://u@h:6432': { user: 'u', password: undefined, database: 'u', hosts: [{ host: 'h', port: 6432 }] },
    'postgres://u:p%40%2F%23%3F%25%3A@h/d%20b': { password: 'p@/#?%:', database: 'd b' },
    'postgres://u:@h/d': { password: undefined },
    'postgres://u:a:b@h/d': { password: 'a:b' },
    'postgres://u@[::1]:6000/d': { hosts: [{ host: '::1', port: 6000 }] },
    'postgres://u@[2001:db8::1]/d': { hosts: [{ host: '2001:db8::1', port: 5432 }] },
    'postgres://u@h1:1,h2:2/d': {
      hosts: [
        { host: 'h1', port: 1 },
        { host: 'h2', port: 2 },
      ],
    },
    'postgres://u@/d?host=/cloudsql/p:r:i': { hosts: [{ host: '/cloudsql/p:r:i', port: 5432 }] },
    'postgres://u@_my_db-1:5433/d': { hosts: [{ host: '_my_db-1', port: 5433 }] },
    'postgres://u@db.internal./d': { hosts: [{ host: 'db.internal.', port: 5432 }] },
    'postgres://u@[fe80::1%25eth0]/d': { hosts: [{ host: 'fe80::1%eth0', port: 5432 }] },
    'postgres://u@h/d?passfile=/home/spacelift/.pgpass': { passwordFile: '/home/spacelift/.pgpass', settings: {} },
    'postgres:///?host=a,b&port=7&user=u&password=p&dbname=d': {
      user: 'u',
      password: 'p',
      database: 'd',
      hosts: [
        { host: 'a', port: 7 },
        { host: 'b', port: 7 },
      ],
    },
    'postgres://u@h/d?connect_timeout=5&target_session_attrs=read-write': {
      connectTimeoutMs: 5000,
      attributes: 'read-write',
    },
    'postgres://u@h/d?connect_timeout=0': { connectTimeoutMs: undefined },
    'postgres://u@h/d?statement_cache_capacity=0&default_query_exec_mode=exec&pool_max_conns=9&pool_max_conn_lifetime=1h30m':
      { settings: {} },
    'postgres://u@h/d?ssl_mode=require&search_path=a%2Cb&options=-c%20x.y%3D1&application_name=a@b': {
      settings: { ssl_mode: 'require', search_path: 'a,b', options: '-c x.y=1', application_name: 'a@b' },
    },
    'postgres://h/d?user=sa@project.iam': { user: 'sa@project.iam' },
    'postgres://u@h/d?service=x': { service: 'x', settings: {} },
  };

  test.for(Object.entries(cases))('%s', ([text, expected]) => {
    for (const driver of DRIVERS) expect(parseDatabaseUrl(text, driver)).toMatchObject(expected);
  });

  test.for([
    ['', 'prefer'],
    ['sslmode=', 'prefer'],
    ['sslmode=verify-ca', 'verify-ca'],
    ['sslmode=require&sslrootcert=/ca.pem', 'verify-ca'],
    ['sslrootcert=/ca.pem', 'prefer'],
    ['sslrootcert=system', 'verify-full'],
    ['sslnegotiation=direct', 'require'],
  ])('%s means %s', ([query, mode]) => {
    for (const driver of DRIVERS) expect(tls(parseDatabaseUrl(`postgres://u@h/d?${query}`, driver))).toBe(mode);
  });

  test('client certificates', () => {
    const { tls: plain } = parseDatabaseUrl('postgres://u@h/d?sslcert=/c&sslkey=/k&sslpassword=x&sslsni=0', OLDER);
    expect(plain).toMatchObject({ certificate: '/c', key: '/k', keyPassword: 'x', sni: false });
    expect(parseDatabaseUrl('postgres://u@h/d?sslmode=disable&sslcert=/c', OLDER).tls.mode).toBe('disable');
  });
});

/** Each with the fault, and what a report must hold. */
const FAULTS: Record<string, [string, string]> = {
  'mysql://u:hunter2hunter2@h/d': ['scheme', ''],
  'host=h user=u password=hunter2hunter2': ['keywords', ''],
  'postgres://u:hunter2/hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:1/hunter2hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2#hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:1#hunter2hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2?hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:1?hunter2hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2@x/hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:p@hunter2/hunter2@h': ['unescaped', 'percent-encode'],
  'postgres://u:p@hunter2?hunter2=1@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:1?hunter2=1@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2 hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2[hunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2ühunter2@h/d': ['unescaped', 'percent-encode'],
  'postgres://u:hunter2%hunter2@h/d': ['percent', '%25'],
  'postgres://u:hunter2%00hunter2@h/d': ['percent', '%25'],
  'postgres://u:hunter2hunter2@h:54320x/d': ['port', 'port'],
  'postgres://u:hunter2hunter2@h:65536/d': ['port', 'port'],
  'postgres://u:hunter2hunter2@h:0/d': ['port', 'port'],
  'postgres://u:hunter2hunter2@a:b:1/d': ['port', 'port'],
  'postgres://u:hunter2hunter2@/d': ['host', 'host'],
  'postgres://u:hunter2hunter2@h%24(touch%20hunter2)/d': ['host-name', 'an invalid host'],
  'postgres://u:p@h%60hunter2%60/d': ['host-name', 'an invalid host'],
  'postgres://u:p@-ohunter2/d': ['host-name', 'an invalid host'],
  'postgres://u:p@h;hunter2:5432/d': ['host-name', 'an invalid host'],
  'postgres://u:p@%C3%BChunter2/d': ['host-name', 'an invalid host'],
  'postgres://u:p@h,h%0Ahunter2/d': ['host-name', 'an invalid host'],
  'postgres://u:p@[::1%25;hunter2;]:5432/d': ['host-name', 'an invalid host'],
  'postgres://u:p@/d?host=h%24(hunter2)': ['host-name', 'an invalid host'],
  'postgres://u:p@/d?host=/tmp/a%0Ahunter2': ['host-name', 'an invalid host'],
  'postgres://h/d': ['user', 'user'],
  'postgres://u:hunter2hunter2@h/d?sslmode=reqire': ['value', 'verify-full'],
  'postgres://u:hunter2hunter2@h/d?connect_timeout=5s': ['value', 'connect_timeout'],
  'postgres://u:hunter2hunter2@h/d?target_session_attrs=master': ['value', 'read-write'],
  'postgres://u:hunter2hunter2@h/d?pool_max_conns=0': ['value', 'pool_max_conns'],
  'postgres://u:hunter2hunter2@h/d?statement_cache_capacity=none': ['value', 'statement_cache_capacity'],
  'postgres://u:hunter2hunter2@h/d?default_query_exec_mode=simple': ['value', 'simple_protocol'],
  'postgres://u:hunter2hunter2@h/d?sslkey=/k': ['pair', 'sslcert'],
};

describe('what pgx refuses', () => {
  test.for(Object.entries(FAULTS))('%s: %s', async ([url, [kind, says]]) => {
    const parsing = () => parseDatabaseUrl(url, OLDER);
    expect(parsing).toThrow(UrlError);
    expect(parsing).toThrow(kind);
    if (kind === 'scheme' || kind === 'keywords') return;
    const result = await check(url);
    expect(result.troubles).toEqual(['fail database/connect']);
    expect(JSON.stringify(result.finding('database/connect'))).toContain(says);
    expect(result.text).not.toMatch(/hunter2/);
    expect(result.ids('pass')).toEqual([]);
  });

  test('what is no URL at all is judged by the configuration', async () => {
    const result = await check('mysql://u:hunter2hunter2@h/d');
    expect(new Set(result.findings.map(({ status }) => status))).toEqual(new Set(['fail', 'skip']));
    expect(result.text).not.toMatch(/hunter2/);
  });

  test('settings that only Spacelift’s container has', async () => {
    const result = await check('postgres://u@h/d?service=spacelift');
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding('database/connect').status).toBe('skip');
  });
});
