import { BlobSASPermissions, generateBlobSASQueryParameters } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import {
  type DelegationKey,
  delegationKeyIn,
  SERVICE_VERSION,
  signedSas,
} from '../../../checks/object-storage/azure/sas.ts';
import { rootIn } from '../../../checks/object-storage/xml.ts';

const KEY: DelegationKey = {
  object: '11111111-2222-3333-4444-555555555555',
  tenant: '66666666-7777-8888-9999-000000000000',
  start: '2026-03-04T05:00:00Z',
  expiry: '2026-03-04T06:00:00.1230000Z',
  service: 'b',
  version: '2023-11-03',
  value: Buffer.from('a key of the account').toString('base64'),
};
const [from, to] = [new Date('2026-03-04T05:06:07.891Z'), new Date('2026-03-04T05:21:07.891Z')];

test.each([
  ['spacelift-preflight/one', 'r'],
  ["a b/ü!'()*~-._/日本+&=%?#", 'cw'],
])('%s, %s: the same signature as Microsoft’s own client makes', (blob, permissions) => {
  const ours = signedSas({ account: 'spacelift', container: 'states', blob, permissions, from, to }, KEY);
  const theirs = generateBlobSASQueryParameters(
    {
      version: SERVICE_VERSION,
      containerName: 'states',
      blobName: blob,
      permissions: BlobSASPermissions.parse(permissions),
      startsOn: from,
      expiresOn: to,
    },
    {
      signedObjectId: KEY.object,
      signedTenantId: KEY.tenant,
      signedStartsOn: new Date(KEY.start),
      signedExpiresOn: new Date(KEY.expiry),
      signedService: KEY.service,
      signedVersion: KEY.version,
      value: KEY.value,
    } as Parameters<typeof generateBlobSASQueryParameters>[1] & object,
    'spacelift',
  );
  const entries = (query: string) => Object.fromEntries(new URLSearchParams(query));
  expect(entries(ours)).toEqual(entries(theirs.toString()));
});

test('a key is read from its document, and from no other', () => {
  const { start, expiry } = KEY;
  const document = (without?: string, changed = {}) => {
    const parts = { SignedOid: 'o', SignedTid: 't', SignedStart: start, SignedExpiry: expiry, SignedService: 'b' };
    const whole = { ...parts, SignedVersion: 'v', Value: 'k', ...changed };
    const all = Object.entries(whole).filter(([name]) => name !== without);
    const xml = all.map(([name, text]) => `<${name}>${text}</${name}>`).join('');
    const root = rootIn(Buffer.from(`<UserDelegationKey>${xml}</UserDelegationKey>`));
    return root && delegationKeyIn(root);
  };
  expect(document()).toEqual({ object: 'o', tenant: 't', start, expiry, service: 'b', version: 'v', value: 'k' });
  for (const name of ['SignedStart', 'SignedExpiry']) expect(document(undefined, { [name]: 'soon' })).toBeUndefined();
  for (const name of ['SignedOid', 'SignedExpiry', 'Value']) expect(document(name)).toBeUndefined();
});
