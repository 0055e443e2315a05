/** Whatever the variables hold, they are judged: nothing is thrown, nothing hangs, and no secret is quoted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONTRACT, VARIABLES } from '../../src/config/contract.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import type { Entry } from '../../src/config/entry.ts';
import { CORE_SERVICES } from '../../src/config/options.ts';
import { resolve } from '../../src/config/resolve.ts';
import { decodeRootCertificates, isTrue } from '../../src/config/types.ts';
import { judgeValue } from '../../src/config/values.ts';
import { anyJson, anyText } from '../support/arbitrary.ts';
import { expectLinear } from '../support/growth.ts';
import { ONPREM } from '../support/onprem.ts';
import { source } from '../support/preflight.ts';

const variable = fc.constantFrom(...VARIABLES);
const kind = fc.constantFrom<Entry['kind']>('known', 'secret', 'not-a-string');
const service = fc.constantFrom<Entry['service']>('all', ...CORE_SERVICES);
const value = fc.oneof(
  anyText(60),
  fc.constantFrom('true', 'minio', 'aws', 'gcp', 'azure', 'kms', 'rsa', 'sqs', 'postgres', 'iotcore', 'builtin', 'jwt'),
  fc.stringMatching(/^https?:\/\/[^ ]{0,30}$/),
);
const entry: fc.Arbitrary<Entry> = fc.record({
  name: fc.oneof({ weight: 9, arbitrary: variable }, { weight: 1, arbitrary: anyText(20) }),
  kind,
  value,
  service,
  origin: fc.constantFrom('a file', 'another'),
});

test('any entries make a deployment', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), fc.boolean(), fc.boolean(), (entries, incomplete, process) => {
      const { configuration, lookup } = makeDeployment([{ entries, incomplete, process }], { environment: {} });
      for (const { outcome } of configuration) expect(outcome.title).not.toMatch(/\[object Object\]|NaN s/);
      for (const name of VARIABLES) expect(lookup(name).state).toMatch(/^(set|default|unset|unknown|unusable)$/);
    }),
    { numRuns: 300 },
  );
});

test('a healthy config with one value changed is judged, and secrets are not quoted', () => {
  const secret = fc.stringMatching(/^[ '"<]?[a-z0-9]{20}[ '"\n]?$/);
  const secrets = VARIABLES.filter((name) => CONTRACT[name].secret === true);
  fc.assert(
    fc.property(fc.constantFrom(...secrets), secret, (name, held) => {
      const { configuration } = makeDeployment([source({ ...ONPREM, [name]: held })], { environment: {} });
      expect(JSON.stringify(configuration)).not.toContain(held.replace(/\W/g, ''));
    }),
    { numRuns: 300 },
  );
});

test('each value is judged in time that grows with its length alone', async () => {
  await fc.assert(
    fc.asyncProperty(variable, fc.stringMatching(/^[a-z/:.@\-[\]{}<>$ ]{1,4}$/), (name, unit) =>
      expectLinear((length) => {
        judgeValue(name, { name, kind: 'known', value: unit.repeat(length), service: 'all', origin: 'x' });
      }, 2_500),
    ),
    { numRuns: 400 },
  );
});

test('which entry is in force does not hang on what came between, and is the same when it is asked again', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const given = { entries, incomplete: false, process: false };
      const once = resolve([given], undefined);
      expect(resolve([given, given], undefined).entries).toEqual(once.entries);
      const apart = entries.map((one) => ({ ...given, entries: [one] }));
      expect(resolve(apart, undefined).entries).toEqual(once.entries);
    }),
    { numRuns: 300 },
  );
});

test('booleans are Go’s: every value that is accepted is true or false', () => {
  const { schema } = CONTRACT.OBJECT_STORAGE_MINIO_USE_SSL.type;
  const accepted = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'];
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...accepted), fc.mixedCase(fc.constantFrom('true', 'false', 't', 'f')), anyText(6)),
      (text) => {
        const judged = judgeValue('OBJECT_STORAGE_MINIO_USE_SSL', {
          name: 'x',
          kind: 'known',
          value: text,
          service: 'all',
          origin: 'x',
        });
        expect(judged === undefined).toBe(accepted.includes(text));
        if (accepted.includes(text)) expect(isTrue(text)).toBe(/^[1tT]/.test(text));
      },
    ),
    { numRuns: 300 },
  );
  expect(schema.type).toBeDefined();
});

test('ADDITIONAL_ROOT_CAS of anything is certificates or nothing', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  fc.assert(
    fc.property(anyJson(), anyText(), (json, text) => {
      for (const held of [
        text,
        base64(text),
        base64(JSON.stringify(json)),
        base64(JSON.stringify({ caCertificates: json })),
      ]) {
        for (const pem of decodeRootCertificates(held) ?? []) expect(pem).toContain('-----BEGIN CERTIFICATE-----');
      }
      expect(
        decodeRootCertificates(
          base64(JSON.stringify({ caCertificates: [base64(`${text}-----BEGIN CERTIFICATE-----`)] })),
        ),
      ).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});
