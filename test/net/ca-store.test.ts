import tls from 'node:tls';
import { expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { networkContext, secureContextFor } from '../../src/net/ca-store.ts';

test('authorities are read once, for all connections that trust the same ones', () => {
  const { authorities: known } = networkContext(makeDeployment([], { environment: {} }), undefined);
  expect(secureContextFor(known())).toBe(secureContextFor(known()));
  expect(secureContextFor([...known()])).toBe(secureContextFor(known()));
  expect(secureContextFor(known().slice(1))).not.toBe(secureContextFor(known()));
  expect(secureContextFor([])).not.toBe(secureContextFor(known()));
});

test('a certificate is read once, however its lines are cut', () => {
  const trusting = (extra: string | undefined) =>
    networkContext(makeDeployment([], { environment: {} }), extra).authorities();
  const [known = ''] = tls.getCACertificates('bundled');
  const [, body = ''] = /^-.+-\n([^-]+)-/.exec(known) ?? [];
  const lines = body.replaceAll('\n', '').match(/.{1,64}/g) ?? [];
  const cut = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\r\n');
  expect(cut.replaceAll('\r', '')).not.toBe(known.trim());
  expect(trusting(cut)).toEqual(trusting(undefined));
  const other = cut.replace(/(?<=\n).{4}/, 'AAAA');
  expect(trusting(other)).toHaveLength(trusting(undefined).length + 1);
});
