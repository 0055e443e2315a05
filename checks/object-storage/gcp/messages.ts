/** Fixes for Google Cloud: `gcloud` commands that contain the real names. */

import { SET_CLOCK } from '../../../src/clouds/fixes.ts';
import { wayTo } from '../../../src/clouds/google/http.ts';
import { memberOf } from '../../../src/clouds/google/iam.ts';
import { advice, command, type Fix, pipe, type Shell, sh } from '../../../src/outcome/fix.ts';
import { lookUp, passOn, RUN_LATER, removal, rename } from '../fixes.ts';
import type { StoreAction, StoreMessages } from '../store.ts';

const PERMISSION: Readonly<Record<StoreAction, string>> = {
  put: 'storage.objects.create',
  get: 'storage.objects.get',
  list: 'storage.objects.list',
  delete: 'storage.objects.delete',
  'read versioning': 'storage.buckets.get',
  'read lifecycle': 'storage.buckets.get',
  'read policy': 'storage.buckets.getIamPolicy',
  'read retention': 'storage.buckets.get',
};

export interface Names {
  readonly host: string;
  /** The variable that sets a custom endpoint instead of Google's own. */
  readonly endpointFrom: string | undefined;
  /** The service account, once it is known. */
  readonly account: () => string | undefined;
}

/** Grants the role that covers a service's operations, or the one that also covers the settings. */
export function grant(bucket: string, permission: string, account: string | undefined): Fix {
  const role = permission.startsWith('storage.buckets.') ? 'roles/storage.admin' : 'roles/storage.objectAdmin';
  const bind = (member: string) =>
    sh`gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${member} --role=${role}`;
  return account === undefined ? advice`grant ${role}: ${bind('MEMBER')}` : command(bind(memberOf(account)));
}

/** Writes a file with this value, and runs a command that reads it: `gcloud` does not accept it from a pipe. */
const withFile = (name: string, value: object, use: Shell): readonly Shell[] => [
  pipe(sh`printf %s ${JSON.stringify(value)}`, sh`tee ${name}`),
  use,
];

/** Ends what keeps the objects of a bucket. */
export const release = (bucket: string): Fix =>
  command(sh`gcloud storage buckets update gs://${bucket} --clear-retention-period --no-default-event-based-hold`, {
    note: 'nobody can clear a retention policy that is locked: use another bucket',
    destructive: true,
  });

export function gcpMessages({ host, endpointFrom, account }: Names): StoreMessages {
  return {
    permission: PERMISSION,
    fixes: {
      // Fixes for credential errors come with the error: src/clouds/google/credential-messages.ts.
      credentials: () => advice`set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account`,
      signature: () => advice`configure the proxy in between to pass requests to ${host} unchanged`,
      expired: () => command(sh`gcloud auth application-default login`),
      'clock-skew': () => SET_CLOCK,
      denied: ({ action, bucket }) => grant(bucket, PERMISSION[action], account()),
      'no-bucket': ({ bucket }) =>
        advice`create it: ${sh`gcloud storage buckets create gs://${bucket} --location=LOCATION --uniform-bucket-level-access`}`,
      'invalid-name': ({ bucket }) => rename('bucket', bucket),
      'wrong-region': ({ bucket }) =>
        command(sh`gcloud storage buckets describe gs://${bucket}`, { note: 'find the bucket’s location' }),
      'slow-down': () =>
        advice`run again later; if the error persists, check the project’s quotas: https://console.cloud.google.com/iam-admin/quotas`,
      starting: () => RUN_LATER,
      full: () => RUN_LATER,
      quota: () => advice`raise the quota of the project: https://console.cloud.google.com/iam-admin/quotas`,
      'too-large': () => advice`raise the limit of the proxy in front of ${host}`,
      'server-error': () =>
        advice`run again; if the error persists, check https://status.cloud.google.com and the log of any proxy in between`,
      'not-a-store': () =>
        endpointFrom === undefined
          ? advice`configure the proxy or firewall in between to pass requests to ${host} unchanged`
          : advice`set ${endpointFrom} to a Cloud Storage endpoint, or remove it`,
      redirected: () =>
        passOn(
          endpointFrom === undefined
            ? advice`set STORAGE_EMULATOR_HOST to its address`
            : advice`set ${endpointFrom} to its address`,
        ),
      unsupported: ({ code }) => lookUp(code, 'the list of Cloud Storage error codes'),
      other: ({ code }) => lookUp(code, 'the list of Cloud Storage error codes'),
    },
    network: endpointFrom === undefined ? wayTo(host) : {},
    versioning: (bucket) => command(sh`gcloud storage buckets update gs://${bucket} --versioning`),
    expire: (bucket, days) =>
      command(
        withFile(
          'lifecycle.json',
          { rule: [{ action: { type: 'Delete' }, condition: { age: days } }] },
          sh`gcloud storage buckets update gs://${bucket} --lifecycle-file=lifecycle.json`,
        ),
        { note: 'include the existing rules, if any: the file replaces them', destructive: true },
      ),
    keep: (bucket) =>
      advice`${sh`gcloud storage buckets update gs://${bucket} --clear-lifecycle`}\nor, if there are other rules, remove those with Delete, and apply the rest with --lifecycle-file:\n${sh`gcloud storage buckets describe gs://${bucket} --format=${'json(lifecycle_config)'}`}`,
    makePrivate: (bucket) => command(sh`gcloud storage buckets update gs://${bucket} --public-access-prevention`),
    allowOrigin: (bucket, origin) =>
      command(
        withFile(
          'cors.json',
          [{ origin: [origin], method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 }],
          sh`gcloud storage buckets update gs://${bucket} --cors-file=cors.json`,
        ),
        { destructive: true },
      ),
    overTls: advice`set ${endpointFrom ?? 'the endpoint'} to an https:// URL`,
    remove: (bucket, key, retention) =>
      command(
        key.endsWith('/')
          ? sh`gcloud storage rm --recursive gs://${bucket}/${key}`
          : sh`gcloud storage rm --all-versions gs://${bucket}/${key}`,
        removal(retention),
      ),
  };
}
