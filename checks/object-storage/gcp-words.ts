/** The way out in Google Cloud's own words: `gcloud` commands with the real names in them. */
import { inspected } from '../../src/probe/words.ts';
import type { NetworkKind } from '../../src/problem.ts';
import type { Action, StoreWords } from './store.ts';

const PERMISSION: Readonly<Record<Action, string>> = {
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

/** A member as IAM names it. */
export const memberOf = (account: string | undefined): string =>
  account === undefined ? '<account>' : `serviceAccount:${account}`;

/** Grants the role that has all a service needs, and an operator's the settings too. */
export const grant = (bucket: string, permission: string, account: string | undefined): string =>
  `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=${memberOf(account)} --role=${
    permission.startsWith('storage.buckets.') ? 'roles/storage.admin' : 'roles/storage.objectAdmin'
  }`;

export function gcpWords({ host, endpointFrom, account }: Names): StoreWords {
  return {
    permission: PERMISSION,
    mend: {
      // Those on credentials come with the error: `gcp-credentials.ts`.
      credentials: () => 'set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account',
      signature: () => `let the proxy in between pass requests to ${host} as they are`,
      expired: () => 'gcloud auth application-default login',
      'clock-skew': () => 'set this machine’s clock: timedatectl set-ntp true',
      denied: ({ action, bucket }) => grant(bucket, PERMISSION[action], account()),
      'no-bucket': ({ bucket }) =>
        `gcloud storage buckets create gs://${bucket} --location=<location> --uniform-bucket-level-access`,
      'invalid-name': ({ bucket }) => `rename the bucket, and the variable that says ${bucket}`,
      'wrong-region': ({ bucket }) => `see where it is: gcloud storage buckets describe gs://${bucket}`,
      'slow-down': () =>
        'run again later; if it stays, see the project’s quotas: https://console.cloud.google.com/iam-admin/quotas',
      starting: () => 'run again later',
      full: () => 'run again later',
      quota: () => 'raise the quota of the project: https://console.cloud.google.com/iam-admin/quotas',
      'too-large': () => `raise the limit of the proxy in front of ${host}`,
      'server-error': () =>
        'run again; if it stays, see https://status.cloud.google.com, and the log of a proxy in between',
      'not-a-store': () =>
        endpointFrom === undefined
          ? `let the proxy or firewall in between pass requests to ${host} as they are`
          : `set ${endpointFrom} to an endpoint of Cloud Storage, or remove it`,
      other: ({ code }) => `look ${code ?? 'the status'} up among Cloud Storage’s error responses`,
    },
    network: endpointFrom === undefined ? wayTo(host) : {},
    versioning: (bucket) => `gcloud storage buckets update gs://${bucket} --versioning`,
    expire: (bucket, days) =>
      [
        'add this rule to those that are there, if any: the file replaces them',
        `echo '${JSON.stringify({ rule: [{ action: { type: 'Delete' }, condition: { age: days } }] })}' > lifecycle.json`,
        `gcloud storage buckets update gs://${bucket} --lifecycle-file=lifecycle.json`,
      ].join('\n'),
    keep: (bucket) =>
      [
        `gcloud storage buckets update gs://${bucket} --clear-lifecycle`,
        'or, where there are other rules, take those with Delete out, and set the rest with --lifecycle-file:',
        `gcloud storage buckets describe gs://${bucket} --format='json(lifecycle_config)'`,
      ].join('\n'),
    makePrivate: (bucket) => `gcloud storage buckets update gs://${bucket} --public-access-prevention`,
    allowOrigin: (bucket, origin) =>
      [
        `echo '${JSON.stringify([{ origin: [origin], method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 }])}' > cors.json`,
        `gcloud storage buckets update gs://${bucket} --cors-file=cors.json`,
      ].join('\n'),
    overTls: `set ${endpointFrom ?? 'the endpoint'} to an https:// URL`,
    remove: (bucket, key) =>
      `gcloud storage rm ${key.endsWith('/') ? '--recursive' : '--all-versions'} gs://${bucket}/${key}`,
  };
}

/** What opens the way to one of Google's own hosts: no variable of Spacelift's names them. */
export function wayTo(host: string): Partial<Readonly<Record<NetworkKind, string>>> {
  const reach = `let Spacelift’s network reach ${host} on TCP 443: Cloud NAT, or Private Google Access (gcloud compute networks subnets update <subnet> --enable-private-ip-google-access)`;
  const between = `find out what answers in place of ${host}: DNS for private Google access, a proxy, or a firewall; try: curl -v https://${host}`;
  return {
    dns: `give Spacelift’s network DNS for ${host}; try: getent hosts ${host}`,
    timeout: reach,
    unreachable: reach,
    refused: between,
    closed: between,
    tls: inspected(host),
    'not-tls': between,
    'not-http': between,
  };
}
