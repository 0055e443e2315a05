import { expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { networkContext, trusting } from '../../src/net/ca-store.ts';

test('the authorities of a run are read once, for all of its connections', () => {
  const { authorities: known } = networkContext(makeDeployment([], { environment: {} }), undefined);
  expect(trusting(known())).toBe(trusting(known()));
  expect(trusting([...known()])).not.toBe(trusting(known()));
});
