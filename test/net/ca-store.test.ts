import { expect, test } from 'vitest';
import { makeDeployment } from '../../src/config/deployment.ts';
import { surroundings, trusting } from '../../src/net/ca-store.ts';

test('the authorities of a run are read once, for all of its connections', () => {
  const { authorities: known } = surroundings(makeDeployment([], { environment: {} }), undefined);
  expect(trusting(known())).toBe(trusting(known()));
  expect(trusting([...known()])).not.toBe(trusting(known()));
});
