/** The config of an on-premises installation, as its users have it: the healthy case that faults start from. */
import { BUCKETS } from '../../src/config/contract.ts';

/** Every variable of a healthy on-premises config; nothing listens at its addresses. */
export const ONPREM: Readonly<Record<string, string>> = {
  SERVER_DOMAIN: 'spacelift.corp.internal',
  ENVIRONMENT: 'prod',
  ADMIN_USERNAME: 'admin',
  ADMIN_PASSWORD: 'rose-tin-lantern-mule',
  LICENSE_TYPE: 'jwt',
  LICENSE_TOKEN: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.c2ln',
  SPACELIFT_PUBLIC_API: '',
  WEBHOOKS_ENDPOINT: 'https://spacelift.corp.internal/webhooks',
  DATABASE_URL: 'postgres://spacelift:a-long-db-password@db.corp.internal:5432/spacelift?statement_cache_capacity=0',
  DATABASE_READ_ONLY_URL: '',
  OBJECT_STORAGE_TYPE: 'minio',
  OBJECT_STORAGE_MINIO_ENDPOINT: 'minio.corp.internal:9000',
  OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'spacelift',
  OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'a-long-minio-secret',
  OBJECT_STORAGE_MINIO_USE_SSL: 'true',
  OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://minio.corp.internal:9000',
  OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: '',
  ...Object.fromEntries(Object.entries(BUCKETS).map(([bucket, variable]) => [variable, `spacelift-${bucket}`])),
  ENCRYPTION_TYPE: 'rsa',
  ENCRYPTION_RSA_PRIVATE_KEY: 'LS0t',
  MESSAGE_QUEUE_TYPE: 'postgres',
  MQTT_BROKER_TYPE: 'builtin',
  MQTT_BROKER_ENDPOINT: 'tls://spacelift-mqtt.corp.internal:1984',
  OBSERVABILITY_VENDOR: '',
};
