/** Every dependency that an installation may choose, on real servers of this machine, and the configs that choose among them. */
import { type DemoDeployment, makePrivateKey, startDemo } from '../../demo/deployment.ts';
import type {
  EncryptionType,
  MessageQueueType,
  MqttBrokerType,
  ObjectStorageType,
  ObservabilityVendor,
} from '../../src/config/contract.ts';
import type { Service } from '../../src/config/options.ts';
import { type AzureStorage, startAzureStorage } from '../checks/object-storage/azure-storage.ts';
import { type Storage as GcpStorage, startGcp } from '../checks/object-storage/gcp-storage.ts';
import { DRAIN, real, SERVER } from '../checks/object-storage/storage.ts';
import { startOtlp } from '../services/otlp.ts';
import { startDatadogAgent, startXrayDaemon } from '../services/telemetry.ts';
import { makeCa } from '../services/tls.ts';
import { canary, secretVariables, withPassword } from './canaries.ts';
import { bucketsOf, type Eks, startEks } from './eks.ts';
import type { Variables } from './preflight.ts';

/** What an installation is built from. */
export interface Choice {
  readonly storage: ObjectStorageType;
  readonly encryption: EncryptionType;
  readonly queue: MessageQueueType;
  readonly broker: MqttBrokerType;
  readonly vendor: '' | Exclude<ObservabilityVendor, 'Disabled'>;
}

const PRIVATE = { encryption: 'rsa', queue: 'postgres', broker: 'builtin' } as const;
/** Installations as the vendor's guides make them. */
export const ONPREM: Choice = { ...PRIVATE, storage: 'minio', vendor: '' };
export const GKE: Choice = { ...PRIVATE, storage: 'gcp', vendor: 'OpenTelemetry' };
export const AKS: Choice = { ...PRIVATE, storage: 'azure', vendor: 'OpenTelemetry' };
export const EKS: Choice = { storage: 'aws', encryption: 'kms', queue: 'sqs', broker: 'iotcore', vendor: 'AWS' };

/** Whose credentials are used: an operator's, who may do everything, or a service's under the vendor's policies. */
export type Who = 'operator' | Service;

/** What the SDKs see of the process environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Estate extends Pick<DemoDeployment, 'database' | 'store' | 'broker'> {
  readonly eks: Eks;
  readonly gcp: GcpStorage;
  readonly azure: AzureStorage;
  /** The config of an installation; credentials of AWS and MinIO are among it. */
  variables(choice: Choice, who?: Who): Readonly<Record<string, string>>;
  /** Where the servers are, and the credentials that are no variables. */
  environment(choice: Choice, who?: Who): Environment;
  /**
   * What stands in every server, with its settings: equal before and after when nothing was left behind.
   * What IoT Core has delivered is not among it.
   */
  snapshot(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** It takes half a second of the processor to make, and every estate of a process may have the same one. */
let privateKey: Promise<string> | undefined;

/** Starts everything at once, on free ports of the loopback interface. */
export async function startEstate(): Promise<Estate> {
  const origin = 'https://localhost';
  privateKey ??= makePrivateKey();
  const [demo, secrets, eks, gcp, azure, datadog, xray, otlp] = await Promise.all([
    privateKey.then((key) => startDemo({ secret: canary, privateKey: key })),
    makeCa().then(secretVariables),
    startEks(origin),
    startGcp(),
    startAzureStorage(),
    startDatadogAgent(),
    startXrayDaemon(),
    startOtlp(),
  ]);
  const { database, store, broker } = demo;
  store.users = [...store.users, SERVER, DRAIN];
  const cors = { method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 };
  gcp.gcs.bucket(real('uploads')).cors = [{ origin: [origin], ...cors }];
  await azure.setCors('PUT,POST', origin);
  for (const principal of [azure.operator, azure.contributor]) principal.secret = canary('AZURE_CLIENT_SECRET');

  const buckets: Readonly<Record<Choice['storage'], Variables>> = {
    minio: {},
    aws: eks.buckets,
    gcp: { ...bucketsOf(gcp.variables), OBJECT_STORAGE_TYPE: 'gcp', GCP_PROJECT: gcp.gcs.projectId },
    azure: {
      ...bucketsOf(azure.variables),
      OBJECT_STORAGE_TYPE: 'azure',
      OBJECT_STORAGE_AZURE_ACCOUNT_URL: azure.variables.OBJECT_STORAGE_AZURE_ACCOUNT_URL,
    },
  };
  const vendors: Readonly<Record<Choice['vendor'], Variables>> = {
    '': {},
    Datadog: { DD_TRACE_AGENT_URL: `http://127.0.0.1:${datadog.port}` },
    AWS: { AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${xray.port}` },
    OpenTelemetry: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp.port}` },
  };
  const minioKey = (who: Who): Variables => {
    const user = { server: SERVER, drain: DRAIN, scheduler: SERVER, 'vcs-gateway': SERVER, operator: undefined }[who];
    return user === undefined
      ? {}
      : {
          OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: user.accessKeyId,
          OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: user.secretAccessKey,
        };
  };
  const awsKey = ({ accessKeyId, secretAccessKey }: Eks['users']['operator']): Variables => ({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });

  return {
    database,
    store,
    broker,
    eks,
    gcp,
    azure,
    variables: (choice, who = 'operator') => {
      const demos = Object.entries(demo.variables).filter(
        ([name]) =>
          (choice.storage === 'minio' || !/MINIO/.test(name)) && (choice.encryption === 'rsa' || !/RSA/.test(name)),
      );
      const all: Variables = {
        ...secrets,
        ...Object.fromEntries(demos),
        ...(usesAws(choice) && { ...eks.variables, ...awsKey(eks.users[who]) }),
        ...buckets[choice.storage],
        ...(choice.storage === 'minio' && minioKey(who)),
        ENCRYPTION_TYPE: choice.encryption,
        MESSAGE_QUEUE_TYPE: choice.queue,
        MQTT_BROKER_TYPE: choice.broker,
        ...(choice.broker === 'iotcore' && { MQTT_BROKER_ENDPOINT: eks.aws.iotEndpoint }),
        OBSERVABILITY_VENDOR: choice.vendor,
        ...vendors[choice.vendor],
      };
      return all as Record<string, string>;
    },
    environment: (choice, who = 'operator') => {
      const beside = (proxy: string) => ({
        HTTPS_PROXY: withPassword(proxy, 'HTTPS_PROXY'),
        HTTP_PROXY: withPassword(proxy, 'HTTP_PROXY'),
        NO_PROXY: '127.0.0.1,localhost',
      });
      return {
        CI_JOB_TOKEN: canary('CI_JOB_TOKEN'),
        ...(usesAws(choice) && eks.environment),
        ...(choice.storage === 'gcp' && {
          ...gcp.gcs.proxyEnvironment(gcp.keyFiles[who === 'operator' ? who : 'spacelift']),
          ...beside(gcp.gcs.proxy.url),
        }),
        ...(choice.storage === 'azure' && {
          ...azure.azure.proxyEnvironment(who === 'operator' ? azure.operator : azure.contributor),
          ...beside(azure.azure.proxy.url),
        }),
      };
    },
    snapshot: async () => ({
      postgres: await relations(demo),
      minio: store.snapshot(),
      s3: eks.s3.snapshot(),
      aws: eks.aws.snapshot(),
      gcs: gcp.gcs.snapshot(),
      azure: azure.azure.snapshot(),
      mqtt: broker.published.length,
    }),
    stop: async () => {
      const closing = [demo.stop(), eks.close(), gcp.gcs.close(), azure.azure.close()];
      await Promise.all([...closing, datadog.close(), xray.close(), otlp.close()]);
    },
  };
}

/** Whether any part of an installation is of AWS. */
export const usesAws = ({ storage, encryption, queue, broker, vendor }: Choice): boolean =>
  storage === 'aws' || encryption === 'kms' || queue === 'sqs' || broker === 'iotcore' || vendor === 'AWS';

/** Everything that a run could make in the database. */
export async function relations({ database }: Pick<DemoDeployment, 'database'>): Promise<unknown[]> {
  const query = `
    SELECT 'relation' AS kind, n.nspname AS place, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_|^information_schema$'
    UNION SELECT 'schema', '', nspname FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION SELECT 'role', '', rolname FROM pg_roles
    UNION SELECT 'database', '', datname FROM pg_database
    UNION SELECT 'extension', '', extname FROM pg_extension
    UNION SELECT 'function', n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname !~ '^pg_|^information_schema$'
    ORDER BY 1, 2, 3`;
  return database.query(query, [], 'spacelift');
}
