/** Which storage account a URL names, and whether it is of the form that Spacelift needs. */
import { isIP } from 'node:net';
import { isLoopback } from '../../../src/net/http.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, setting } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail } from '../../../src/outcome/outcome.ts';

export const ACCOUNT_URL = 'OBJECT_STORAGE_AZURE_ACCOUNT_URL';
/** Stands for the account where no name of one is known. */
const UNKNOWN = '<account>';

export interface StorageAccount {
  /** Without a slash in the end. */
  readonly url: string;
  /** As the Azure SDK for Go reads it: the first label of the host. */
  readonly name: string;
  /** The management plane of the account's cloud. */
  readonly management: string;
}

/** Where the clouds have their storage accounts, and their management planes. */
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

/** `account`, or nothing; perhaps `privatelink` and a DNS zone; the service; the cloud. */
export const AZURE_HOST = new RegExp(
  `^(?:([a-z0-9-]+)\\.)?(?:privatelink\\.)?(?:z\\d+\\.)?(blob|${Object.keys(SERVICES).join('|')})(?:\\.preprod)?\\.(${Object.keys(
    CLOUDS,
  )
    .map((cloud) => cloud.replaceAll('.', '\\.'))
    .join('|')})$`,
);

/** Whether a host is Microsoft's own for the blobs of an account, in one of its clouds. */
export const isBlobHost = (hostname: string): boolean =>
  /^[a-z0-9]{3,24}(?:-secondary)?(?:\.privatelink)?\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/.test(
    hostname,
  ) || /^[a-z0-9]{3,24}\.z\d{1,2}\.blob\.storage\.azure\.net$/.test(hostname);

/** @throws CheckStopped with the failure, when the URL is of another form */
export function accountOf(value: string): StorageAccount {
  const url = new URL(value);
  const { hostname, origin } = url;
  const [, name = '', service, cloud = ''] = AZURE_HOST.exec(hostname) ?? [];
  const right = (account: string) => `https://${account || UNKNOWN}.blob.${cloud || 'core.windows.net'}`;
  // Emulators have the account in the path.
  const inPath = isIP(unbracketed(hostname)) !== 0 || isLoopback(hostname);
  const path = url.pathname.split('/').filter((part) => part !== '');

  if (url.search !== '' || url.username !== '' || url.password !== '') {
    throw wrong('it carries credentials of its own', origin, {
      detail:
        'Spacelift signs in with an identity; a shared access signature or a password in the URL breaks its requests.',
    });
  }
  if (path.length > (inPath ? 1 : 0)) {
    throw wrong(`it has a path, ${url.pathname.slice(0, 100)}`, origin, {
      detail: 'Containers are named by the OBJECT_STORAGE_BUCKET_… variables, and would be looked for below that path.',
    });
  }
  if (service !== undefined && service !== 'blob') {
    throw wrong(`${hostname} is ${SERVICES[service]}`, right(name), {});
  }
  if (service === 'blob' && name === '') throw wrong('it names no account', right(''), {});
  if (name.endsWith('-secondary')) {
    throw wrong('it is the secondary endpoint, which can only be read', right(name.replace(/-secondary$/, '')), {});
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
    fail(`${ACCOUNT_URL} is not the URL of a storage account’s blobs: ${why}`, {
      ...more,
      expected: 'https://<account>.blob.core.windows.net, an endpoint of the account’s blobs and nothing behind it',
      fix: right.includes(UNKNOWN) ? advice`set ${ACCOUNT_URL}=${right}` : setting(ACCOUNT_URL, right),
      cause: cause.store('account-url'),
    }),
  );
}
