/** Whatever servers and tokens say, what reads it comes to a judgement: nothing is thrown, and nothing is taken over raw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeToken } from '../../checks/license/token.ts';
import { readEndpoint } from '../../checks/mqtt-broker/endpoint.ts';
import { compareSql, readSql, wantedSql } from '../../checks/mqtt-broker/iotcore/topic-sql.ts';
import { accountOf } from '../../checks/object-storage/azure/account.ts';
import { azureRefusal } from '../../checks/object-storage/azure/errors.ts';
import { gcpRefusal, jsonOf } from '../../checks/object-storage/gcp/errors.ts';
import { codeIn, expiryRules, opensToEveryone, s3Refusal } from '../../checks/object-storage/s3/protocol.ts';
import { StoreError, under } from '../../checks/object-storage/store.ts';
import { refusal } from '../../src/clouds/aws/call.ts';
import { credentialKind } from '../../src/clouds/aws/errors.ts';
import { readCertificate } from '../../src/config/pem/certificate.ts';
import { readPrivateKey } from '../../src/config/pem/private-key.ts';
import type { HttpAnswer } from '../../src/net/http.ts';
import { readConnack } from '../../src/net/mqtt.ts';
import { codeOf, toNetworkError } from '../../src/net/network-error.ts';
import { proxyFor } from '../../src/net/proxy.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { anyJson, anyText } from '../support/arbitrary.ts';
import { expectLinear } from '../support/growth.ts';

const RUNS = { numRuns: 300 } as const;
const AT = { action: 'put', bucket: 'states' } as const;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');

const code = fc.oneof(
  anyText(30),
  fc.constantFrom('constructor', '__proto__', 'toString', 'AccessDenied', 'NoSuchBucket', 'SlowDown', 'InternalError'),
);
const header = fc.oneof(
  anyText(),
  fc.constantFrom('Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT', '0', '-1', '1e30'),
);
const body = fc.oneof(
  anyText(300),
  anyJson().map((json) => JSON.stringify(json)),
  fc
    .tuple(code, anyText())
    .map(([named, said]) => `<Error><Code>${named}</Code><Message>${said}</Message><Region>${said}</Region></Error>`),
  fc
    .tuple(code, anyText(), anyJson())
    .map(([named, message, errors]) =>
      JSON.stringify({ __type: named, code: named, message, error: { code: named, message, errors } }),
    ),
  anyJson().map((error) => JSON.stringify({ error })),
);
const answer: fc.Arbitrary<HttpAnswer> = fc.record({
  status: fc.oneof(
    fc.constantFrom(200, 204, 301, 307, 400, 403, 404, 412, 429, 500, 503),
    fc.integer({ min: 0, max: 999 }),
  ),
  headers: fc.dictionary(
    fc.constantFrom(
      'date',
      'content-type',
      'x-amzn-errortype',
      'x-minio-error-code',
      'x-amz-bucket-region',
      'x-ms-error-code',
      'www-authenticate',
      'location',
    ),
    header,
  ),
  body: body.map((text) => Buffer.from(text)),
});

const PLAIN = /^[A-Za-z0-9._:-]{1,100}$/;
/** A problem whose facts are words and numbers. */
function expectPlain(problem: unknown): void {
  expect(problem).toBeInstanceOf(Error);
  const facts = problem as Record<'kind' | 'code' | 'region' | 'skewMs', unknown>;
  expect(facts.kind).toBeTypeOf('string');
  if (facts.code !== undefined) expect(facts.code).toMatch(PLAIN);
  if (facts.region !== undefined) expect(facts.region).toMatch(/^[a-z0-9-]{1,64}$/);
  if (facts.skewMs !== undefined) expect(facts.skewMs).toSatisfy(Number.isFinite);
}

describe('answers', () => {
  test('of S3 and MinIO', () =>
    fc.assert(
      fc.property(answer, (given) => {
        const problem = s3Refusal(given, AT);
        if (problem !== undefined) expectPlain(problem);
        expect(codeIn(given) ?? 'none').toMatch(PLAIN);
      }),
      RUNS,
    ));

  test('of Cloud Storage', () =>
    fc.assert(
      fc.property(answer, (given) => {
        const names = { host: 'storage.googleapis.com', endpointFrom: undefined, account: () => undefined };
        const problem = gcpRefusal(given, AT, names);
        if (problem !== undefined) expectPlain(problem);
        try {
          expect(jsonOf(given, AT)).toBeTypeOf('object');
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }),
      RUNS,
    ));

  test('of Azure', () =>
    fc.assert(
      fc.property(answer, (given) => {
        const problem = azureRefusal(given, AT, accountOf('https://account.blob.core.windows.net'));
        if (problem !== undefined) expectPlain(problem);
      }),
      RUNS,
    ));

  test('of AWS', () =>
    fc.assert(
      fc.property(answer, code, anyText(), (given, named, said) => {
        const problem = refusal(given);
        expect(problem.kind).toBeTypeOf('string');
        expect(credentialKind(named, said) ?? 'none').toMatch(/^(none|missing|invalid|signature|expired|clock-skew)$/);
      }),
      RUNS,
    ));

  test('lifecycle rules and policies of any form', () =>
    fc.assert(
      fc.property(anyJson(), fc.date({ noInvalidDate: false }), (json, date) => {
        const some = [
          json,
          null,
          { Status: 'Enabled', Expiration: json },
          { Status: 'Enabled', Expiration: { Date: date }, ID: json },
        ];
        for (const said of expiryRules(some as Parameters<typeof expiryRules>[0])) expect(said).toBeTypeOf('string');
        expect(opensToEveryone(json)).toBeTypeOf('boolean');
        expect(opensToEveryone({ Statement: json })).toBeTypeOf('boolean');
        expect(opensToEveryone({ Statement: [{ Effect: 'Allow', Principal: json }] })).toBeTypeOf('boolean');
      }),
      RUNS,
    ));

  test('what is not under the prefix is never among what is listed', () =>
    fc.assert(
      fc.property(fc.array(anyText(), { maxLength: 8 }), anyText(6), (keys, prefix) => {
        expect(under(prefix, [...keys, undefined], (key) => key)).toEqual(keys.filter((key) => key.startsWith(prefix)));
      }),
      RUNS,
    ));

  test('of an MQTT broker: any first bytes, and the same in pieces', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (given, connack) => {
        const bytes = Buffer.from(connack ? [0x20, ...given] : given);
        const whole = readConnack(bytes);
        if (typeof whole === 'object') expect(whole.code).toBeLessThan(256);
        for (let end = 0; end < bytes.length; end++) {
          const part = readConnack(bytes.subarray(0, end));
          if (part !== 'incomplete') expect(whole).toEqual(part);
        }
      }),
      RUNS,
    ));

  test('errors of any form have a kind, or are about something else', () =>
    fc.assert(
      fc.property(anyJson(), code, (json, named) => {
        for (const error of [
          json,
          { code: named, message: named },
          { code: 'EPROTO', message: json },
          { errors: [json], cause: { code: named } },
        ]) {
          expect(codeOf(error) ?? '').toBeTypeOf('string');
          expect(toNetworkError(error)?.kind ?? 'none').toBeTypeOf('string');
        }
      }),
      RUNS,
    ));
});

describe('values', () => {
  test('any license token is judged, and not quoted', () =>
    fc.assert(
      fc.property(anyText(), anyJson(), fc.oneof(fc.double(), fc.integer(), anyJson()), (text, claims, time) => {
        const token = (payload: unknown) => `${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(payload))}.c2ln`;
        const now = new Date(0);
        for (const held of [
          text,
          `${text}.${text}.${text}`,
          token(claims),
          token({ exp: time }),
          token({ nbf: time, exp: 1, domain: text, sub: text }),
        ]) {
          const outcome = judgeToken(held, { domain: 'a.b', now });
          expect(outcome.title).toMatch(/license|LICENSE_TOKEN/);
          expect(outcome.title).not.toMatch(/NaN|undefined|Invalid/);
        }
      }),
      RUNS,
    ));

  test('any RSA key is one, or has one fault', () => {
    const labels = fc.constantFrom(
      'PRIVATE KEY',
      'RSA PRIVATE KEY',
      'PUBLIC KEY',
      'CERTIFICATE',
      'ENCRYPTED PRIVATE KEY',
      'X',
    );
    return fc.assert(
      fc.property(anyText(80), fc.uint8Array({ maxLength: 60 }), labels, (text, bytes, label) => {
        const der = Buffer.from(bytes).toString('base64');
        const pem = `-----BEGIN ${label}-----\n${der}\n-----END ${label}-----\n`;
        for (const held of [
          text,
          base64(text),
          der,
          pem,
          base64(pem),
          base64(base64(pem)),
          base64(pem).slice(0, -7),
          base64(`${text}${pem}${text}`),
        ]) {
          for (const read of [readPrivateKey(held, 'KEY'), readCertificate(held, 'CERT')])
            expect('fault' in read && read.fault).toBeTypeOf('string');
        }
      }),
      { numRuns: 100 },
    );
  });

  test('any broker endpoint is one, or has one fault', () =>
    fc.assert(
      fc.property(
        anyText(),
        fc.constantFrom('', 'tls://', 'http://', 'mqtt://'),
        fc.integer(),
        (text, scheme, port) => {
          for (const held of [text, `${scheme}${text}:${port}`, `${scheme}host:${port}`]) {
            const read = readEndpoint(held);
            if ('status' in read) expect(read.title).toContain('MQTT_BROKER_ENDPOINT');
            else expect(read.port).toSatisfy((given: number) => given > 0 && given < 65_536);
          }
        },
      ),
      RUNS,
    ));

  test('any account URL is one, or is told', () =>
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        try {
          expect(accountOf(url).url).toMatch(/^https?:/);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckStopped);
        }
      }),
      RUNS,
    ));

  test('SQL of any form is compared, in time that grows with its length', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyText(100),
        fc.constantFrom("'", '"', '`', '(', '\\', "a'", '1.', 'as ', '*,'),
        async (text, unit) => {
          for (const sql of [text, `SELECT ${text} FROM '${text}'`, `SELECT ${unit.repeat(200)} FROM 'x'`]) {
            const { faults, besides } = compareSql(sql, 'spacelift');
            for (const said of [...faults, ...besides]) expect(said).toBeTypeOf('string');
          }
          await expectLinear((length) => readSql(`SELECT ${unit.repeat(length)}`), 6_250);
        },
      ),
      { numRuns: 60 },
    );
    expect(compareSql(wantedSql('spacelift'), 'spacelift')).toEqual({ faults: [], besides: [] });
  });

  test('any proxy and NO_PROXY are read', () =>
    fc.assert(
      fc.property(anyText(), anyText(), fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), anyText()), (proxy, none, host) => {
        for (const HTTPS_PROXY of [proxy, `http://${proxy}`, 'http://proxy:3128']) {
          try {
            const found = proxyFor({ HTTPS_PROXY, NO_PROXY: none }, { host, port: 443, secure: true });
            if (found !== undefined) expect(found).toBeInstanceOf(URL);
          } catch (error) {
            expect(error).toBeInstanceOf(CheckStopped);
          }
        }
      }),
      RUNS,
    ));
});
