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
