/** Every table of faults. */
import { AWS } from './aws/index.ts';
import { AZURE } from './azure.ts';
import { CONFIGURATION } from './configuration.ts';
import { DATABASE } from './database.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { Fault } from './fault.ts';
import { GOOGLE } from './google.ts';
import { MINIO } from './minio.ts';
import { PINNED } from './pinned.ts';
import { PLANS } from './plans.ts';

export const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  configuration: CONFIGURATION,
  database: DATABASE,
  'object storage on MinIO': MINIO,
  'object storage on Google Cloud': GOOGLE,
  'object storage on Azure': AZURE,
  AWS,
  endpoints: ENDPOINTS,
  'Terraform plans': PLANS,
  baselines: PINNED,
};
