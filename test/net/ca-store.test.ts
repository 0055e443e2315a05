import { expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { networkContext, secureContextFor } from '../../src/net/ca-store.ts';

test('the authorities of a run are read once, for all of its connections', () => {
  const { authorities: known } = networkContext(makeDeployment([], { environment: {} }), undefined);
  expect(secureContextFor(known())).toBe(secureContextFor(known()));
  expect(secureContextFor([...known()])).not.toBe(secureContextFor(known()));
});
