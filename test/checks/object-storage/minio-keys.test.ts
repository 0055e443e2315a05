/** MinIO accepts keys with any letters, and so does its client for Go. */
import { expect, onTestFinished, test } from 'vitest';
import { configuration } from '../../../checks/configuration/index.ts';
import { objectStorage } from '../../../checks/object-storage/index.ts';
import { preflight } from '../../support/preflight.ts';
import { startStorage } from './storage.ts';

test.each(['minioÄdmin', 'minio admin', 'minio"admin', 'minio€admin', 'minio+/x'])('%s', async (accessKeyId) => {
  const secretAccessKey = 'pässword geheim"';
  const { store, variables } = await startStorage({ users: [{ accessKeyId, secretAccessKey }] });
  onTestFinished(() => store.close());
  const keys = {
    OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: accessKeyId,
    OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const result = await preflight([objectStorage], { ...variables, ...keys }, { only: ['object-storage/states/*'] });
  expect(result.ids('fail')).toEqual([]);
  expect(result.ids('pass')).toContain('object-storage/states/presigned');
});

test.each([
  ['OBJECT_STORAGE_MINIO_ACCESS_KEY_ID', 'minio\n', 'configuration/whitespace'],
  ['OBJECT_STORAGE_MINIO_ACCESS_KEY_ID', 'mi\nnio', 'configuration/value'],
  ['OBJECT_STORAGE_MINIO_ACCESS_KEY_ID', 'minio\u0007', 'configuration/value'],
  ['OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY', 'sec\r\nret', 'configuration/value'],
])('%s=%j is one failure', async (name, value, id) => {
  const { store, variables } = await startStorage();
  onTestFinished(() => store.close());
  const only = ['object-storage/*', 'configuration/whitespace', 'configuration/value'];
  const result = await preflight([configuration, objectStorage], { ...variables, [name]: value }, { only });
  expect(result.ids('fail')).toEqual([`${id}[${name}]`]);
});
