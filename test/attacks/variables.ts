/** What SDKs, drivers and Node read for themselves as a path, a program, a profile, or the address of a metadata service. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isVariable } from '../../src/config/contract.ts';

/** What a config may point at, on this machine. */
export interface Bait {
  /** Any file, with a secret in it. */
  readonly file: string;
  readonly folder: string;
  /** An AWS config and credentials file, whose profile `bait` has a `credential_process`. */
  readonly ini: string;
  /** A Google credentials file of the type `external_account`, and one of a service account. */
  readonly federation: string;
  readonly key: string;
  /** A certificate with its key, PEM. */
  readonly certificate: string;
  readonly program: string;
  /** A FIFO: whoever opens it waits. */
  readonly fifo: string;
  /** A Unix socket, where somebody listens. */
  readonly socket: string;
  /** `127.0.0.1:port` of an HTTP server that hands out anything. */
  readonly server: string;
}

type Group = (bait: Bait) => Readonly<Record<string, string>>;

/** Groups, each apart from the others: what comes first in a chain of credentials hides what comes after it. */
export const AWS_GROUPS: Readonly<Record<string, Group>> = {
  'profiles and their files': ({ ini, folder }) => ({
    AWS_PROFILE: 'bait',
    AWS_DEFAULT_PROFILE: 'bait',
    AWS_CONFIG_FILE: ini,
    AWS_SHARED_CREDENTIALS_FILE: ini,
    AWS_SDK_LOAD_CONFIG: '1',
    AWS_LOGIN_CACHE_DIRECTORY: folder,
    AWS_SDK_UA_APP_ID: 'bait',
    AWS_DEFAULTS_MODE: 'auto',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bait',
  }),
  'a profile of this machine’s own': () => ({ AWS_PROFILE: 'bait' }),
  'a profile for single sign-on': () => ({ AWS_PROFILE: 'sso' }),
  'a web identity': ({ file }) => ({
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/bait',
    AWS_ROLE_SESSION_NAME: 'bait',
  }),
  'a web identity that nobody writes': ({ fifo }) => ({
    AWS_WEB_IDENTITY_TOKEN_FILE: fifo,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/bait',
  }),
  'a container’s credentials, by URL': ({ server, file }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${server}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'bait',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    ECS_CONTAINER_METADATA_URI: `http://${server}/v3`,
    ECS_CONTAINER_METADATA_URI_V4: `http://${server}/v4`,
  }),
  'a container’s credentials, by path': ({ server, file }) => ({
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/bait',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${server}`,
    AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv4',
    AWS_EC2_METADATA_V1_DISABLED: 'false',
    AWS_EC2_METADATA_DISABLED: 'false',
  }),
};

export const AZURE_GROUPS: Readonly<Record<string, Group>> = {
  'a certificate': ({ certificate, folder }) => ({
    AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
    AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
    AZURE_CLIENT_CERTIFICATE_PATH: certificate,
    AZURE_CLIENT_CERTIFICATE_PASSWORD: 'bait',
    AZURE_CLIENT_SEND_CERTIFICATE_CHAIN: 'true',
    AZURE_CONFIG_DIR: folder,
    AZURE_TOKEN_CREDENTIALS: 'dev',
  }),
  'a workload’s identity': ({ file, server, certificate }) => ({
    AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
    AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
    AZURE_FEDERATED_TOKEN_FILE: file,
    AZURE_KUBERNETES_TOKEN_PROXY: `https://${server}`,
    AZURE_KUBERNETES_CA_FILE: certificate,
    AZURE_KUBERNETES_SNI_NAME: 'bait',
    AZURE_REGIONAL_AUTHORITY_NAME: 'bait',
  }),
  'a machine’s identity': ({ server, folder }) => ({
    IDENTITY_ENDPOINT: `http://${server}/identity`,
    IDENTITY_HEADER: 'bait',
    IDENTITY_SERVER_THUMBPRINT: 'bait',
    IMDS_ENDPOINT: `http://${server}`,
    MSI_ENDPOINT: `http://${server}/msi`,
    MSI_SECRET: 'bait',
    AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${server}`,
    SYSTEM_OIDCREQUESTURI: `http://${server}/oidc`,
    AZURE_USERNAME: 'bait',
    AZURE_PASSWORD: 'bait',
    AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    AZURE_CONFIG_DIR: folder,
    AZURE_EXTENSION_DIR: folder,
  }),
};

export const GOOGLE_GROUPS: Readonly<Record<string, Group>> = {
  'a federation': ({ federation, folder }) => ({
    GOOGLE_APPLICATION_CREDENTIALS: federation,
    google_application_credentials: federation,
    GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
    CLOUDSDK_CONFIG: folder,
    GOOGLE_API_CERTIFICATE_CONFIG: federation,
    GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
  }),
  'a key file': ({ key }) => ({ GOOGLE_APPLICATION_CREDENTIALS: key }),
  'a key file that nobody writes': ({ fifo }) => ({ GOOGLE_APPLICATION_CREDENTIALS: fifo }),
  'a metadata server': ({ server, folder }) => ({
    GCE_METADATA_HOST: server,
    GCE_METADATA_IP: server,
    METADATA_SERVER_DETECTION: 'assume-present',
    KUBERNETES_SERVICE_HOST: server,
    FUNCTION_NAME: 'bait',
    K_SERVICE: 'bait',
    GAE_SERVICE: 'bait',
    GOOGLE_CLOUD_PROJECT: 'bait',
    GOOGLE_GCLOUD_PROJECT: 'bait',
    CLOUDSDK_CONFIG: folder,
    STORAGE_EMULATOR_HOST: `http://${server}`,
  }),
};

/** For every provider: TLS, Node, the dynamic loader, telemetry, drivers of databases and of messages. */
export const COMMON: Group = ({ file, folder, certificate, program }) => ({
  SSL_CERT_FILE: certificate,
  SSL_CERT_DIR: folder,
  NODE_EXTRA_CA_CERTS: certificate,
  AWS_CA_BUNDLE: certificate,
  REQUESTS_CA_BUNDLE: certificate,
  CURL_CA_BUNDLE: certificate,
  GIT_SSL_CAINFO: certificate,
  OPENSSL_CONF: file,
  OPENSSL_MODULES: folder,
  NODE_OPTIONS: `--require ${file}`,
  NODE_PATH: folder,
  NODE_COMPILE_CACHE: folder,
  NODE_V8_COVERAGE: folder,
  NODE_REPL_EXTERNAL_MODULE: file,
  NODE_ICU_DATA: folder,
  SSLKEYLOGFILE: file,
  LD_PRELOAD: file,
  LD_LIBRARY_PATH: folder,
  PATH: folder,
  HOME: folder,
  USERPROFILE: folder,
  APPDATA: folder,
  XDG_CONFIG_HOME: folder,
  TMPDIR: folder,
  SHELL: program,
  COMSPEC: program,
  BASH_ENV: file,
  ENV: file,
  EDITOR: program,
  HOSTALIASES: file,
  RES_OPTIONS: file,
  LOCALDOMAIN: 'bait',
  PGPASSFILE: file,
  PGSERVICEFILE: file,
  PGSERVICE: 'bait',
  PGSYSCONFDIR: folder,
  PGSSLCERT: certificate,
  PGSSLKEY: certificate,
  PGSSLROOTCERT: certificate,
  PGSSLCRL: file,
  PGSSLCRLDIR: folder,
  PGHOST: folder,
  OTEL_EXPORTER_OTLP_CERTIFICATE: certificate,
  OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: certificate,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate,
  OTEL_EXPORTER_OTLP_CLIENT_KEY: certificate,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: certificate,
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: certificate,
  OTEL_CONFIG_FILE: file,
  OTEL_EXPERIMENTAL_CONFIG_FILE: file,
  DD_TRACE_CONFIG_FILE: file,
  MINIO_CONFIG_ENV_FILE: file,
  AWS_LAMBDA_RUNTIME_API: 'bait',
  SAML_CERT: certificate,
});

/** Libraries that the tool bundles and that read variables. */
const LIBRARIES = ['@aws-sdk', '@smithy', '@azure', 'google-auth-library', 'gcp-metadata', 'mqtt', 'ws'];
/** What decides whose credentials are used, or which way requests go: not about files, and tested on its own. */
const OTHERWISE =
  /^(AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION|ENDPOINT_URL\w*|IGNORE_CONFIGURED_ENDPOINT_URLS)|AZURE_(TENANT_ID|CLIENT_ID|CLIENT_SECRET|AUTHORITY_HOST)|\w*_PROXY)$/i;
const NAME =
  /process\.env(?:\.|\[["'`])([A-Za-z_]\w*)|["'`]((?:AWS|AZURE|GOOGLE|GCE|GCP|CLOUDSDK|IDENTITY|MSI|MSAL|IMDS|OTEL|NODE|SSL|PG|ECS|K|GAE)_[A-Z0-9_]+)["'`]/g;

/** Every name in those libraries that looks like a variable’s, each with the path of a file. */
export function everyVariable({ file }: Bait): Record<string, string> {
  const names = LIBRARIES.flatMap((library) => [
    ...namesIn(fileURLToPath(new URL(`../../node_modules/${library}`, import.meta.url))),
  ]);
  return Object.fromEntries(
    [...new Set(names)].filter((name) => !OTHERWISE.test(name) && !isVariable(name)).map((name) => [name, file]),
  );
}

function* namesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(dist-types|types|test|browser|react-native|workerd)$/.test(entry.name))
      yield* namesIn(path);
    if (!entry.isFile() || !/\.[cm]?js$/.test(entry.name)) continue;
    for (const [, direct, quoted] of readFileSync(path, 'utf8').matchAll(NAME)) {
      const name = direct ?? quoted;
      if (name !== undefined) yield name;
    }
  }
}
