import { expect, test } from 'vitest';
import { REQUIREMENTS, requiredActions } from '../../../checks/object-storage/requirements.ts';
import { NAMES } from './storage.ts';

test('what both services do must succeed, what one does is told by its name', () => {
  expect(requiredActions('states', undefined)).toEqual({ put: 'server', get: 'server', delete: 'must', list: 'must' });
  expect(requiredActions('large-queue-messages', undefined)).toEqual({ put: 'server', get: 'drain' });
  expect(requiredActions('uploads', undefined)).toEqual({ put: 'server', get: 'server', delete: 'server' });
  expect(requiredActions('modules', undefined)).toEqual({ put: 'must', get: 'must', delete: 'must', list: 'must' });
});

test('under one service, all that it does must succeed, and nothing else is tried', () => {
  expect(requiredActions('states', 'drain')).toEqual({ delete: 'must', list: 'must' });
  expect(requiredActions('large-queue-messages', 'server')).toEqual({ put: 'must' });
  expect(requiredActions('uploads', 'drain')).toEqual({});
  for (const bucket of NAMES) {
    expect(requiredActions(bucket, 'scheduler')).toEqual({});
    expect(requiredActions(bucket, 'worker')).toEqual({});
  }
});

test('only states must be versioned; states and modules never expire', () => {
  expect(NAMES.filter((bucket) => REQUIREMENTS[bucket].versioning === 'required')).toEqual(['states']);
  expect(NAMES.filter((bucket) => REQUIREMENTS[bucket].versioning === 'suggested')).toEqual([
    'modules',
    'run-logs',
    'uploads',
    'user-uploaded-workspaces',
    'workspace',
  ]);
  expect(NAMES.filter((bucket) => REQUIREMENTS[bucket].expiry === 'never')).toEqual(['modules', 'states']);
});
