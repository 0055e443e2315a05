import { expect, test } from 'vitest';
import { dutiesIn, NEEDS } from '../../../checks/object-storage/requirements.ts';
import { NAMES } from './storage.ts';

test('what both services do must succeed, what one does is told by its name', () => {
  expect(dutiesIn('states', undefined)).toEqual({ put: 'server', get: 'server', delete: 'must', list: 'must' });
  expect(dutiesIn('large-queue-messages', undefined)).toEqual({ put: 'server', get: 'drain' });
  expect(dutiesIn('uploads', undefined)).toEqual({ put: 'server', get: 'server', delete: 'server' });
  expect(dutiesIn('modules', undefined)).toEqual({ put: 'must', get: 'must', delete: 'must', list: 'must' });
});

test('under one service, all that it does must succeed, and nothing else is tried', () => {
  expect(dutiesIn('states', 'drain')).toEqual({ delete: 'must', list: 'must' });
  expect(dutiesIn('large-queue-messages', 'server')).toEqual({ put: 'must' });
  expect(dutiesIn('uploads', 'drain')).toEqual({});
  for (const bucket of NAMES) {
    expect(dutiesIn(bucket, 'scheduler')).toEqual({});
    expect(dutiesIn(bucket, 'worker')).toEqual({});
  }
});

test('only states must be versioned; states and modules never expire', () => {
  expect(NAMES.filter((bucket) => NEEDS[bucket].versioning === 'required')).toEqual(['states']);
  expect(NAMES.filter((bucket) => NEEDS[bucket].versioning === 'suggested')).toEqual([
    'modules',
    'run-logs',
    'uploads',
    'user-uploaded-workspaces',
    'workspace',
  ]);
  expect(NAMES.filter((bucket) => NEEDS[bucket].expiry === 'never')).toEqual(['modules', 'states']);
});
