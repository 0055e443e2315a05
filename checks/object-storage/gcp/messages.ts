/** The way out in Google Cloud's own words: `gcloud` commands with the real names in them. */

import { SET_CLOCK } from '../../../src/clouds/fixes.ts';
import { wayTo } from '../../../src/clouds/google/http.ts';
import { memberOf } from '../../../src/clouds/google/iam.ts';
import { advice, command, type Fix, pipe, type Shell, sh } from '../../../src/outcome/fix.ts';
import { lookUp, RUN_LATER, rename } from '../fixes.ts';
import type { StoreAction, StoreMessages } from '../store.ts';

const PERMISSION: Readonly<Record<StoreAction, string>> = {
  put: 'storage.objects.create',
  get: 'storage.objects.get',
  list: 'storage.objects.list',
  delete: 'storage.objects.delete',
  'read versioning': 'storage.buckets.get',
  'read lifecycle': 'storage.buckets.get',
  'read policy': 'storage.buckets.getIamPolicy',
};

export interface Names {
  readonly host: string;
  /** The variable that names another endpoint than Google's own. */
  readonly endpointFrom: string | undefined;
  /** The service account, once it is known. */
  readonly account: () => string | undefined;
}

/** Grants the role that has all a service needs, and an operator's the settings too. */
export function grant(bucket: string, permission: string, account: string | undefined): Fix {
  const role = permission.startsWith('storage.buckets.') ? 'roles/storage.admin' : 'roles/storage.objectAdmin';
  const bind = (member: string) =>
    sh`gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${member} --role=${role}`;
  return account === undefined ? advice`grant ${role}: ${bind('MEMBER')}` : command(bind(memberOf(account)));
}

/** A file with this value, and a command that reads it: `gcloud` takes it from no pipe. */
const withFile = (name: string, value: object, use: Shell): readonly Shell[] => [
  pipe(sh`printf %s ${JSON.stringify(value)}`, sh`tee ${name}`),
  use,
];

export function gcpMessages({ host, endpointFrom, account }: Names): StoreMessages {
  return {
    permission: PERMISSION,
    mend: {
      // Those on credentials come with the error: `gcp-credentials.ts`.
      credentials: () => advice`set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account`,
      signature: () => advice`let the proxy in between pass requests to ${host} as they are`,
      expired: () => command(sh`gcloud auth application-default login`),
      'clock-skew': () => SET_CLOCK,
      denied: ({ action, bucket }) => grant(bucket, PERMISSION[action], account()),
      'no-bucket': ({ bucket }) =>
        advice`make it: ${sh`gcloud storage buckets create gs://${bucket} --location=LOCATION --uniform-bucket-level-access`}`,
      'invalid-name': ({ bucket }) => rename('bucket', bucket),
      'wrong-region': ({ bucket }) =>
        command(sh`gcloud storage buckets describe gs://${bucket}`, { note: 'see where it is' }),
      'slow-down': () =>
        advice`run again later; if it stays, see the project’s quotas: https://console.cloud.google.com/iam-admin/quotas`,
      starting: () => RUN_LATER,
      full: () => RUN_LATER,
      quota: () => advice`raise the quota of the project: https://console.cloud.google.com/iam-admin/quotas`,
      'too-large': () => advice`raise the limit of the proxy in front of ${host}`,
      'server-error': () =>
        advice`run again; if it stays, see https://status.cloud.google.com, and the log of a proxy in between`,
      'not-a-store': () =>
        endpointFrom === undefined
          ? advice`let the proxy or firewall in between pass requests to ${host} as they are`
          : advice`set ${endpointFrom} to an endpoint of Cloud Storage, or remove it`,
      other: ({ code }) => lookUp(code, 'Cloud Storage’s error responses'),
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
        { note: 'add this rule to those that are there, if any: the file replaces them' },
      ),
    keep: (bucket) =>
      advice`${sh`gcloud storage buckets update gs://${bucket} --clear-lifecycle`}\nor, where there are other rules, take those with Delete out, and set the rest with --lifecycle-file:\n${sh`gcloud storage buckets describe gs://${bucket} --format=${'json(lifecycle_config)'}`}`,
    makePrivate: (bucket) => command(sh`gcloud storage buckets update gs://${bucket} --public-access-prevention`),
    allowOrigin: (bucket, origin) =>
      command(
        withFile(
          'cors.json',
          [{ origin: [origin], method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 }],
          sh`gcloud storage buckets update gs://${bucket} --cors-file=cors.json`,
        ),
      ),
    overTls: advice`set ${endpointFrom ?? 'the endpoint'} to an https:// URL`,
    remove: (bucket, key) =>
      command(
        key.endsWith('/')
          ? sh`gcloud storage rm --recursive gs://${bucket}/${key}`
          : sh`gcloud storage rm --all-versions gs://${bucket}/${key}`,
      ),
  };
}
