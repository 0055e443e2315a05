/** Parses the storage account URL, and checks that it has the form that Spacelift needs. */
import { isLoopback } from '../../../src/net/http.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, setting } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail } from '../../../src/outcome/outcome.ts';
import { isIP } from '../../../src/util/ip.ts';

export const ACCOUNT_URL = 'OBJECT_STORAGE_AZURE_ACCOUNT_URL';
/** A placeholder for an unknown account name. */
const UNKNOWN = '<account>';

export interface StorageAccount {
  /** Without a trailing slash. */
  readonly url: string;
  /** The first label of the host name, as in the Azure SDK for Go. */
  readonly name: string;
  /** The management plane of the account's cloud. */
  readonly management: string;
}

/** The storage domain of each Azure cloud, and the URL of its management plane. */
const CLOUDS: Readonly<Record<string, string>> = {
  'core.windows.net': 'https://management.azure.com',
  'core.usgovcloudapi.net': 'https://management.usgovcloudapi.net',
  'core.chinacloudapi.cn': 'https://management.chinacloudapi.cn',
  'storage.azure.net': 'https://management.azure.com',
};
const SERVICES: Readonly<Record<string, string>> = {
  dfs: 'Data Lake Storage',
  file: 'Azure Files',
  queue: 'Queue Storage',
  table: 'Table Storage',
  web: 'the account’s static website',
};

/** The account, if any; optionally `privatelink` and a DNS zone; the service; the cloud. */
export const AZURE_HOST = new RegExp(
  `^(?:([a-z0-9-]+)\\.)?(?:privatelink\\.)?(?:z\\d+\\.)?(blob|${Object.keys(SERVICES).join('|')})(?:\\.preprod)?\\.(${Object.keys(
    CLOUDS,
  )
    .map((cloud) => cloud.replaceAll('.', '\\.'))
    .join('|')})$`,
);

/** Whether a host is the blob endpoint of an account in one of Microsoft's clouds. */
export const isBlobHost = (hostname: string): boolean =>
  /^[a-z0-9]{3,24}(?:-secondary)?(?:\.privatelink)?\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/.test(
    hostname,
  ) || /^[a-z0-9]{3,24}\.z\d{1,2}\.blob\.storage\.azure\.net$/.test(hostname);

/** @throws CheckStopped with the failure, if the URL has another form */
export function accountOf(value: string): StorageAccount {
  const url = new URL(value);
  const { hostname, origin } = url;
  const [, name = '', service, cloud = ''] = AZURE_HOST.exec(hostname) ?? [];
  const right = (account: string) => `https://${account || UNKNOWN}.blob.${cloud || 'core.windows.net'}`;
  // Emulators put the account name in the path.
  const inPath = isIP(unbracketed(hostname)) !== 0 || isLoopback(hostname);
  const path = url.pathname.split('/').filter((part) => part !== '');

  if (url.search !== '' || url.username !== '' || url.password !== '') {
    throw wrong('it contains credentials', origin, {
      detail:
        'Spacelift signs in with an identity; a shared access signature (SAS) or a password in the URL breaks its requests.',
    });
  }
  if (path.length > (inPath ? 1 : 0)) {
    throw wrong(`it has a path, ${url.pathname.slice(0, 100)}`, origin, {
      detail:
        'The OBJECT_STORAGE_BUCKET_… variables name the containers, and Spacelift would look for them below that path.',
    });
  }
  if (service !== undefined && service !== 'blob') {
    throw wrong(`${hostname} belongs to ${SERVICES[service]}`, right(name), {});
  }
  if (service === 'blob' && name === '') throw wrong('it does not name an account', right(''), {});
  if (name.endsWith('-secondary')) {
    throw wrong('it is the secondary endpoint, which is read-only', right(name.replace(/-secondary$/, '')), {});
  }
  const first = inPath ? path[0] : hostname.split('.')[0];
  return {
    url: value.replace(/[?#].*$/, '').replace(/\/+$/, ''),
    name: first ?? '',
    management: CLOUDS[cloud] ?? 'https://management.azure.com',
  };
}

function wrong(why: string, right: string, more: { detail?: string }): CheckStopped {
  return new CheckStopped(
    fail(`${ACCOUNT_URL} is not the blob endpoint of a storage account: ${why}`, {
      ...more,
      expected: 'https://<account>.blob.core.windows.net, the account’s blob endpoint, with no path',
      fix: right.includes(UNKNOWN) ? advice`set ${ACCOUNT_URL}=${right}` : setting(ACCOUNT_URL, right),
      cause: cause.store('account-url'),
    }),
  );
}
